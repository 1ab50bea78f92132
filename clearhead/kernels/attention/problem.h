// One call of attention as the kernels take it: operands and options.
#ifndef CLEARHEAD_KERNELS_ATTENTION_PROBLEM_H_
#define CLEARHEAD_KERNELS_ATTENTION_PROBLEM_H_

#include <algorithm>
#include <cstdint>

#include "clearhead/base/attention_rule.h"
#include "clearhead/base/half.h"
#include "clearhead/base/heads_rows.h"
#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// The type to which the softmax rounds each of its steps.
enum class SoftmaxRounding { none, f32, f16, bf16, f64 };

/// attn_mask; a stride is 0 along an axis that is broadcast. At most one of the two pointers is
/// set.
template <typename T>
struct MaskView {
  const bool* visible = nullptr;
  const T* bias = nullptr;
  std::int64_t stride_b = 0;
  std::int64_t stride_h = 0;
  std::int64_t stride_t = 0;
  std::int64_t stride_s = 0;

  std::int64_t offset(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t s) const {
    return b * stride_b + h * stride_h + t * stride_t + s * stride_s;
  }
};

/// One call of attention: operands and options.
template <typename T>
struct AttentionProblem {
  std::int64_t B, H, G, queries, keys, D, Dv;  // G key/value heads, H a multiple of G
  HeadsView<T> q;                              // [B, H, queries, D]
  HeadsView<T> k;                              // [B, G, keys, D]
  HeadsView<T> v;                              // [B, G, keys, Dv]
  MaskView<T> mask;                            // [B, H, queries, keys]
  AttentionRule rule;                          // with its scale
  const std::int64_t* offset;                  // [B]: position of query 0 among the keys
  const std::int64_t* key_count;               // [B]: keys from here on are seen by none
  SoftmaxRounding rounding;
  Precision precision =
      Precision::highest;  // of products; f64 and the reference know only this one
  // Keys and values stored as bf16, in place of k and v: only for the forward of simd.h, and only
  // if attention_reads_bf16.
  HeadsView<bf16> k_bf16 = {};
  HeadsView<bf16> v_bf16 = {};
  // Whether scores will be calculated again, for backward or a view. Then forward sums q·k in the
  // same order as they will, because row_max and row_sum fit only the very bits of the scores that
  // they came from.
  bool scores_again = false;

  std::int64_t kv_head(std::int64_t h) const { return h / (H / G); }
  T scale() const { return static_cast<T>(*rule.scale); }
  T softcap() const { return static_cast<T>(rule.softcap); }
};

/// The keys that query t of batch b may see by position.
template <typename T>
KeyRange visible_keys(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t t) {
  return clearhead::visible_keys(problem.rule, problem.offset[b], problem.key_count[b], t);
}

/// What backward reads: the rows' softmax from forward, ∂L/∂z [B, H, queries, Dv] and delta = Σ
/// dz·z [B, H, queries].
template <typename T>
struct AttentionBackward {
  const T* row_max;
  const T* row_sum;
  HeadsView<T> dz;
  const T* delta;
  std::int64_t first_row = 0;  // row_max, row_sum and delta begin here; dz has all rows
};

/// Where backward adds the gradients of q [B, H, queries, D], k [B, G, keys, D] and v [B, G, keys,
/// Dv]. Those without data are not wanted.
template <typename T>
struct GradientRows {
  HeadsRows<T> q, k, v;
};

/// Zeros in `rows` of head h, of `columns` numbers each, if there is data.
template <typename T>
void fill_zeros(const HeadsRows<T>& x, std::int64_t b, std::int64_t h, KeyRange rows,
                std::int64_t columns) {
  for (std::int64_t t = rows.begin; t < rows.end && x.data != nullptr; ++t) {
    std::fill_n(x.row(b, h, t), columns, T{0});
  }
}

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ATTENTION_PROBLEM_H_
