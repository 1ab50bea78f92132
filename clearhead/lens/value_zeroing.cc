// Value zeroing: each key once without its value, in all layers at once. Each block gets what it
// got in the unchanged run, so that its result lacks the key in this layer alone.
#include <algorithm>
#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/lens/weighed_attention.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMostNumbers = std::int64_t{1} << 27;  // of all matrices: 1 GiB

// "blocks.0." of "blocks.0.attn.", and the names of what the block gets and gives.
struct Block {
  Block(const Tape& tape, const std::string& scope) {
    const std::string prefix = scope.substr(0, scope.rfind('.', scope.size() - 2) + 1);
    in = prefix + "hook_resid_pre";
    const std::string normalized = prefix + "hook_normalized_resid_post";
    out = tape.contains(normalized) ? normalized : prefix + "hook_resid_post";
    if (tape.contains(in) && tape.contains(out)) return;
    throw Error("value zeroing: " + scope + " stands in no block; it is for transformers");
  }
  std::string in, out;
};

// The results of all blocks, each of which gets what it got on the tape of the reading, without the
// value of key `zeroed` (−1: with all).
std::vector<Tensor> results(const Reading& reading, const AttentionStack& stack,
                            std::int64_t zeroed) {
  std::vector<Tensor> all(stack.scopes.size());
  Tape tape = reading.changed_tape(Keep::nothing);
  for (std::size_t layer = 0; layer < all.size(); ++layer) {
    const Block block(reading.tape, stack.scopes[layer]);
    tape.intervene(block.in, patch(reading.tape[block.in].value()));
    if (zeroed >= 0) {
      tape.intervene(stack.scopes[layer] + steps::kV,
                     set_to(0, {std::nullopt, std::nullopt, zeroed}));
    }
    tape.intervene(block.out, [&result = all[layer]](const Var& x) {
      result = x.value().to(DType::f64).contiguous();
      return x;
    });
  }
  reading.run(tape);
  return all;
}

double cosine_distance(const double* a, const double* b, std::int64_t C) {
  double ab = 0, aa = 0, bb = 0;
  for (std::int64_t c = 0; c < C; ++c) {
    ab += a[c] * b[c];
    aa += a[c] * a[c];
    bb += b[c] * b[c];
  }
  if (aa == 0 || bb == 0) return aa == bb ? 0 : 1;
  return std::max(0.0, 1 - ab / std::sqrt(aa * bb));
}

void make_rows_sum_to_1(Tensor& weights) {
  const std::int64_t S = weights.size(1);
  for (std::int64_t t = 0; t < weights.size(0); ++t) {
    double* const row = weights.mutable_data<double>() + t * S;
    double sum = 0;
    for (std::int64_t s = 0; s < S; ++s) sum += std::isinf(row[s]) ? 0 : row[s];
    for (std::int64_t s = 0; s < S && sum > 0; ++s) row[s] /= sum;
  }
}

}  // namespace

std::vector<Tensor> value_zeroing(const Reading& reading, const AttentionStack& stack) {
  std::vector<WeightMatrix> seen;
  for (const std::string& scope : stack.scopes) {
    seen.push_back(visible_weights(reading.tape, {.scope = scope}));
  }
  const std::int64_t T = seen[0].queries(), S = seen[0].keys();
  if (std::ssize(seen) * T > kMostNumbers / S) {
    throw Error("value zeroing: " + std::to_string(seen.size()) + " matrices " +
                to_string(seen[0].shape()) + " would take more than 1 GiB, and " +
                std::to_string(S) + " runs; read fewer tokens (--last), or take norms");
  }
  std::vector<Tensor> all;
  for (const WeightMatrix& weights : seen) all.push_back(weights.whole().clone());
  const std::vector<Tensor> whole = results(reading, stack, -1);
  const std::int64_t C = whole[0].size(-1);
  for (std::int64_t s = 0; s < S; ++s) {
    const std::vector<Tensor> without = results(reading, stack, s);
    for (std::size_t layer = 0; layer < all.size(); ++layer) {
      double* const weights = all[layer].mutable_data<double>();
      for (std::int64_t t = 0; t < T; ++t) {
        double& weight = weights[t * S + s];
        if (std::isinf(weight)) continue;
        weight = cosine_distance(whole[layer].data<double>() + t * C,
                                 without[layer].data<double>() + t * C, C);
      }
    }
  }
  for (Tensor& weights : all) make_rows_sum_to_1(weights);
  return all;
}

}  // namespace clearhead
