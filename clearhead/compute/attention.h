// Fused attention on all threads: forward, backward, any tile of its steps, and the pattern of a
// head in cells. Each call chooses among the kernels (kernels/attention/) by processor, sizes and
// precision. Results do not depend on the number of threads. ops/attention.h has the formula and
// the names of the sizes.
#ifndef CLEARHEAD_COMPUTE_ATTENTION_H_
#define CLEARHEAD_COMPUTE_ATTENTION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/base/attention_rule.h"
#include "clearhead/base/attention_stage.h"
#include "clearhead/base/heads_rows.h"
#include "clearhead/base/precision.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::compute {

/// One call of attention. Operands have the type of the calculation, f32 or f64; the last axis of
/// q, k and v has no gaps.
struct Attention {
  std::int64_t B = 1, H = 1, G = 1, T = 0, S = 0, D = 0, Dv = 0;  ///< as in ops/attention.h
  Tensor q;                                                       ///< [B, H, T, D]
  Tensor k;     ///< [B, G, S, D]; k and v may both be stored as bf16 if nothing follows
  Tensor v;     ///< [B, G, S, Dv]; undefined if there are no values, with Dv = 0
  Tensor mask;  ///< [1|B, 1|H, 1|T, ≤S], boolean or added to the scores; undefined if there is none
  AttentionRule rule;                ///< as set_rule leaves it
  std::vector<std::int64_t> offset;  ///< [B]: position of query 0 among the keys
  /// [B]: no query sees keys from here on: they are padding, or beyond the mask's end.
  std::vector<std::int64_t> key_count;
  /// To which the softmax rounds each of its steps, if that is not the type of calculation.
  std::optional<DType> softmax_precision = {};
  Precision precision = Precision::highest;  ///< that is asked for

  // What will be calculated from row_max and row_sum later. These fit only the very bits of the
  // scores that they came from, so forward must calculate its scores as the later steps will.
  bool gradients_follow = false;       ///< of q, k or v
  bool mask_gradient_follows = false;  ///< implies gradients_follow
  bool steps_follow = false;           ///< any tile of any step

  /// The keys that query t of batch b may see by position.
  KeyRange visible_keys(std::int64_t b, std::int64_t t) const {
    const auto at = static_cast<std::size_t>(b);
    return clearhead::visible_keys(rule, offset[at], key_count[at], t);
  }
  /// Whether some query may not see some key, or there is a float mask.
  bool has_mask() const;
};

/// Sets the rule of `attention`, whose operands and sizes are set: fills in the scale, and cuts
/// windows to the positions that there are. Throws Error, beginning with `who`, if scale or softcap
/// is not a finite number in the type of the calculation, or a window is less than −1.
void set_rule(Attention& attention, const AttentionRule& rule, const std::string& who);

/// What attention gives, and what its later steps need.
struct AttentionForward {
  /// [B, H, T, Dv], in any order in memory unless steps follow; 0 for a query that sees no key.
  Tensor z;
  Tensor row_max;  ///< [B, H, T, 1]: the largest score; −∞ for a query that sees no key
  Tensor row_sum;  ///< [B, H, T, 1]: Σ exp(score − row_max); 0 for a query that sees no key
};
/// Attention of all queries, in O(T) memory beyond operands and result. z is calculated in `into`,
/// [B, H, T, Dv], if that is row-major and of the type of the calculation, else in new memory.
AttentionForward attention_forward(const Attention& attention, const Tensor& into = {});

/// Adds to `joined` what `part` says of the same queries about other keys. Both are contiguous, and
/// of one shape and type. In row_max and row_sum a row without keys so far is as forward leaves it,
/// −∞ and 0. A row takes its first part as it is.
void attention_join(AttentionForward& joined, const AttentionForward& part);

/// Where a gradient of q, k or v goes. Without data it is not wanted.
template <typename T>
struct HeadsInto : HeadsRows<T> {
  bool add = true;  ///< to what lies there; else it is written over

  HeadsInto() = default;
  /// Into a tensor [B, H, T, D] whose last axis has no gaps.
  HeadsInto(Tensor& tensor, bool add)
      : HeadsRows<T>{tensor.mutable_data<T>(), tensor.strides()[0], tensor.strides()[1],
                     tensor.strides()[2]},
        add(add) {}
};

/// If one tensor is several of the operands, these share one gradient: the first writes it, the
/// others add to it.
template <typename T>
struct AttentionGradients {
  HeadsInto<T> q, k, v;  ///< of the operands
  T* mask = nullptr;     ///< row-major, of the mask's shape; always added to
};

/// A tensor for the first gradient of `operand`, which is q, k or v. Its numbers are unspecified;
/// they lie in the order of the operand's, or row-major where operands are one tensor.
Tensor empty_gradient(const Attention& attention, const Tensor& operand);

/// The gradients of the operands, given d_z = ∂L/∂z [B, H, T, Dv] of any strides and what forward
/// gave.
template <typename T>
void attention_backward(const Attention& attention, const AttentionForward& forward,
                        const Tensor& d_z, const AttentionGradients<T>& gradients);

/// Positions [begin, end) of a step [B, H, T, S], calculated again from q and k. Only the pattern
/// also reads row_max and row_sum.
Tensor attention_tile(const Attention& attention, AttentionStage stage,
                      const AttentionForward& forward, const Index& begin, const Index& end);

/// Everything that decides which key a query sees, as numbers that are added to the scores: −∞
/// where the query does not see the key, else the float mask or 0. [1|B, 1|H, T, S]: an axis is 1
/// if nothing depends on it.
Shape attention_bias_shape(const Attention& attention);
/// Positions [begin, end) of it.
Tensor attention_bias(const Attention& attention, const Index& begin, const Index& end);
/// Adds the gradient of a float mask to `d_mask`, row-major, given that of the bias.
template <typename T>
void attention_bias_backward(const Attention& attention, const Tensor& d_bias, T* d_mask);

/// The results of forward for one head (B = H = G = 1) in f32, and the numbers from which the
/// entropy of its rows follows.
struct AttentionRows {
  Tensor z;           ///< [T, Dv]; undefined without values
  Tensor row_max;     ///< [T]
  Tensor row_sum;     ///< [T]
  Tensor mean_score;  ///< [T]: Σ pattern·score
};
/// `progress`, unless it is empty, is called now and then, from any thread, with the part of the
/// work that is done, 0 … 1. What it throws ends the calculation.
AttentionRows attention_rows(const Attention& head, const std::function<void(double)>& progress);

/// The same, and the pattern in cells of `cell` × `cell` pairs: [T / cell, S / cell], rounded up.
struct AttentionCells {
  AttentionRows rows;   ///< the same
  Tensor max;           ///< the largest weight of a cell; 0 where no query sees a key
  Tensor sum;           ///< the sum of its weights
  Precision precision;  ///< with which all of this was calculated
};
/// The rows and the cells of one head in one pass; `progress` as for `attention_rows`.
AttentionCells attention_cells(const Attention& head, std::int64_t cell,
                               const std::function<void(double)>& progress);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ATTENTION_H_
