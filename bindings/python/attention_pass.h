// One call of attention as Python makes it: operands of any leading axes, options by name.
#ifndef CLEARHEAD_BINDINGS_PYTHON_ATTENTION_PASS_H_
#define CLEARHEAD_BINDINGS_PYTHON_ATTENTION_PASS_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "bindings/python/arrays.h"
#include "clearhead/ops/attention.h"

namespace clearhead::python {

/// The options that all functions of attention share.
struct PassOptions {
  AttentionOptions attention;  ///< without its mask
  double dropout_p = 0;        ///< probability with which a weight becomes 0
  std::uint64_t seed = 0;      ///< of which ones
  bool enable_gqa = false;     ///< heads of keys and values may be fewer than those of queries
  bool mask_gradient = false;  ///< a gradient of the mask will be asked for
};

/// The option of that name. Throws Error, with all of them, if there is none.
Precision precision_of(std::string_view name);
/// Likewise "automatic", "by_hand" or "fused".
AttentionWay way_of(std::string_view name);
/// Likewise a floating type; none for an empty name.
std::optional<DType> floating_of(std::string_view name);

/// Attention forward, and what backward needs if `keep` says so. Does not hold Python's lock.
class AttentionPass {
 public:
  /// query [..., H, T, D], key [..., G, S, D], value [..., G, S, Dv]; leading axes broadcast, all
  /// of them unless `enable_gqa` leaves heads out. `attn_mask` broadcasts to [..., H, T, S].
  AttentionPass(Tensor query, Tensor key, Tensor value, std::optional<Tensor> attn_mask,
                const PassOptions& options, Keep keep);

  /// [..., H, T, Dv]
  const Var& output() const { return y_; }
  const Tape& tape() const { return tape_; }

  /// The gradients of query, key, value and, if asked for, the mask (else undefined), given that
  /// of the output. Threads may call it at the same time: one goes after the other.
  struct Gradients {
    Tensor query, key, value, attn_mask;
  };
  Gradients backward(const Tensor& d_output);

 private:
  Var mask_of(const Tensor& mask, const Shape& leading, const PassOptions& options);

  std::mutex going_backward_;
  Tape tape_;
  Var q_, k_, v_, mask_, y_;
  bool mask_gradient_;
};

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_ATTENTION_PASS_H_
