// Additive attention, the oldest kind: a small network says how well a query fits a key.
//
//     scores = v·tanh(x·W_Qᵀ + y·W_Kᵀ)      z = softmax(scores)·y
//
// Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and
// translate" (2015), section 3.1 and appendix A.1.2.
#ifndef CLEARHEAD_NN_ADDITIVE_ATTENTION_H_
#define CLEARHEAD_NN_ADDITIVE_ATTENTION_H_

#include <cstdint>

#include "clearhead/nn/linear.h"

namespace clearhead {

/// Attention whose scores are a small network's: v·tanh(q + k) (Bahdanau et al. 2015).
class AdditiveAttention {
 public:
  /// For queries of `query_dim` numbers and a memory of `memory_dim`, which are compared in
  /// `hidden_dim` numbers (A). Adds to the parameters W_Q [A, query_dim], W_K [A, memory_dim] and v
  /// [1, A].
  AdditiveAttention(Parameters& parameters, std::int64_t query_dim, std::int64_t memory_dim,
                    std::int64_t hidden_dim);

  /// x [B, T, query_dim], memory [B, S, memory_dim] → [B, T, memory_dim]; lengths i64 [B]: the
  /// positions of each memory that are not padding (default: all). Records, within the current
  /// scope, hook_q [B, T, A], hook_k [B, S, A], hook_attn_scores and hook_pattern [B, T, S],
  /// hook_z.
  Var forward(const Var& x, const Var& memory, const Pass& pass, const Tensor& lengths = {}) const;

 private:
  Linear queries_;
  Linear keys_;
  const Parameter* v_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_ADDITIVE_ATTENTION_H_
