// A training run as a file, from which it continues as if it had never stopped.
#ifndef CLEARHEAD_TRAIN_CHECKPOINT_H_
#define CLEARHEAD_TRAIN_CHECKPOINT_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/tensor/named_tensors.h"

namespace clearhead {

/// What one evaluation found.
struct Evaluation {
  std::int64_t step = 0;     ///< steps that were done
  double learning_rate = 0;  ///< of the last one
  double loss = 0;           ///< mean of the training batches since the evaluation before
  double validation = 0;     ///< mean loss of the validation targets
};

/// Where a run stands. Batches and dropout are functions of seed and step, so they need nothing but
/// the step.
struct Checkpoint {
  std::string recipe;  ///< its JSON
  /// Hashes of the texts that the run reads, by their names; empty in files of earlier versions.
  std::map<std::string, std::string> texts = {};
  std::int64_t step = 0;                     ///< steps that are done
  double loss_sum = 0;                       ///< over the steps since the last evaluation
  NamedTensors parameters = {};              ///< of the model
  NamedTensors optimizer = {};               ///< Optimizer::state
  NamedTensors average = {};                 ///< of the weights, if the recipe asks for it
  std::vector<Evaluation> evaluations = {};  ///< so far
};

/// Writes the file whole or not at all: a run killed at any moment leaves this checkpoint or the
/// one before. The same checkpoint gives the same bytes. Throws Error if it cannot be written.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws Error, naming the file, if it is not a checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// Index of the lowest validation loss (the first, if several are equal); none if there was no
/// evaluation.
std::optional<std::size_t> best_of(const std::vector<Evaluation>& evaluations);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_CHECKPOINT_H_
