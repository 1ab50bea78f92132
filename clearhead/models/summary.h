// The parts of a model, and the memory that they take.
#ifndef CLEARHEAD_MODELS_SUMMARY_H_
#define CLEARHEAD_MODELS_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/nn/parameters.h"

namespace clearhead {

/// A parameter, or several with the same place and shape in neighbouring blocks of a stack.
struct SummaryRow {
  std::string name;         ///< "blocks.0–5.attn.W_Q"
  Shape shape;              ///< of each
  std::int64_t copies = 1;  ///< how many there are
  bool learned = true;      ///< or a statistic

  /// The numbers in all of them.
  std::int64_t count() const { return copies * element_count(shape); }
};

/// What a model is made of, and the memory that this takes.
struct ModelSummary {
  std::vector<SummaryRow> rows;  ///< in the order of the model
  std::int64_t count = 0;        ///< numbers in all rows
  std::int64_t learned = 0;      ///< those that are learned

  /// The memory of the weights.
  std::int64_t bytes(DType dtype) const;
  /// The memory of training in f32, without activations: weights, and for each learned number a
  /// gradient and the two moments of AdamW.
  std::int64_t training_bytes() const;
};

/// Of a model, or of an outline, whose parameters take no memory.
ModelSummary summarize(const Parameters& parameters);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_SUMMARY_H_
