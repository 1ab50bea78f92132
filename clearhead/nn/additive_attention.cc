// Additive attention, as a layer.
#include "clearhead/nn/additive_attention.h"

#include <limits>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/additive_scores.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"

namespace clearhead {
namespace {

// [B, 1, S]: 0 for positions that are not padding, else −inf
Tensor padding_bias(const Tensor& lengths, std::int64_t B, std::int64_t S, DType dtype) {
  if (lengths.dtype() != DType::i64 || lengths.shape() != Shape{B}) {
    throw Error("additive attention: lengths: expected i64 [" + std::to_string(B) + "], got " +
                std::string(dtype_name(lengths.dtype())) + " " + to_string(lengths.shape()));
  }
  Tensor bias({B, 1, S}, DType::f64);
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t s = static_cast<std::int64_t>(lengths.at({b})); s < S; ++s) {
      bias.mutable_data<double>()[b * S + s] = -std::numeric_limits<double>::infinity();
    }
  }
  return bias.to(dtype);
}

}  // namespace

AdditiveAttention::AdditiveAttention(Parameters& parameters, std::int64_t query_dim,
                                     std::int64_t memory_dim, std::int64_t hidden_dim)
    : queries_(parameters, query_dim, hidden_dim, "W_Q", ""),
      keys_(parameters, memory_dim, hidden_dim, "W_K", ""),
      v_(parameters.matrix("v", 1, hidden_dim)) {}

Var AdditiveAttention::forward(const Var& x, const Var& memory, const Pass& pass,
                               const Tensor& lengths) const {
  Tape tape = x.tape();
  const Var q = queries_.forward(x, pass).named(steps::kQ);    // [B, T, A]
  const Var k = keys_.forward(memory, pass).named(steps::kK);  // [B, S, A]
  const Var v = reshape(on(tape, v_), {-1});                   // [A]
  Var scores = additive_scores(q, k, v);                       // [B, T, S]
  if (lengths.defined()) {
    const Tensor bias = padding_bias(lengths, x.size(0), memory.size(1), x.dtype());
    scores = mask(scores, tape.input(steps::kMask, bias, false));
  }
  scores = scores.named(steps::kAttnScores);
  const Var pattern = softmax(scores).named(steps::kPattern);     // [B, T, S]
  return weighted_sum(pattern, scores, memory).named(steps::kZ);  // [B, T, memory_dim]
}

}  // namespace clearhead
