// The gradients of attention agree with central differences in f64, by hand and fused: for each
// option on its own, and for random combinations of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "attention_cases.h"
#include "clearhead/ops/attention.h"
#include "tests/scale.h"

namespace clearhead {
namespace {

using testing::AttentionCall;
using testing::AttentionCase;
using testing::kWays;
using testing::random_case;
using testing::random_normal;

// Σ weights·y as a function of the operands.
double weighted_output(const AttentionCase& c, AttentionWay way, const Tensor& weights) {
  Tape tape(Keep::nothing);
  const Tensor y = testing::call(tape, c, way).output.y.value().contiguous();
  double sum = 0;
  for (std::int64_t i = 0; i < y.count(); ++i) {
    sum += weights.data<double>()[i] * y.data<double>()[i];
  }
  return sum;
}

// Compares the gradient of each element of each floating operand, both ways.
void check_gradients(AttentionCase c, Random& random) {
  for (const AttentionWay way : kWays) {
    Tape tape;
    const AttentionCall call = testing::call(tape, c, way);
    const Tensor weights = random_normal(random, call.output.y.shape(), DType::f64);
    tape.backward(call.output.y, weights);
    const std::vector<Var> vars = call.floating_operands();
    std::size_t next = 0;
    for (Tensor* operand : {&c.q, &c.k, &c.v, &c.attn_mask, &c.past_key, &c.past_value}) {
      if (!operand->defined() || !is_floating(operand->dtype())) continue;
      const Tensor gradient = vars[next++].grad();
      *operand = operand->clone();
      double* x = operand->mutable_data<double>();
      for (std::int64_t j = 0; j < operand->count(); ++j) {
        const double at = x[j];
        if (std::isinf(at)) continue;  // −inf of a mask: not differentiable there
        const double h = 1e-5;
        x[j] = at + h;
        const double above = weighted_output(c, way, weights);
        x[j] = at - h;
        const double below = weighted_output(c, way, weights);
        x[j] = at;
        // The difference itself errs by h²·f''' ≈ 1e-10 and by rounding, 1e-15/h = 1e-10, for sums
        // of order 1 to 10.
        const double numeric = (above - below) / (2 * h);
        const double exact = gradient.data<double>()[j];
        ASSERT_NEAR(exact, numeric, 1e-7 * std::max(1.0, std::abs(numeric)))
            << "operand " << next << ", element " << j << ": " << c.describe();
      }
    }
  }
}

using SetOption = std::function<void(AttentionCase&, Random&)>;

Tensor normal(Random& random, const Shape& shape) {
  return random_normal(random, shape, DType::f64);
}

// Each option on its own, for 2 queries to 4 keys in a batch of 2.
std::vector<std::pair<const char*, SetOption>> single_options() {
  using Case = AttentionCase;
  return {
      {"none", [](Case&, Random&) {}},
      {"is_causal", [](Case& c, Random&) { c.options.is_causal = true; }},
      {"scale", [](Case& c, Random&) { c.options.scale = -0.7; }},
      {"softcap", [](Case& c, Random&) { c.options.softcap = 0.8; }},
      {"left_window_size", [](Case& c, Random&) { c.options.left_window_size = 0; }},
      {"right_window_size", [](Case& c, Random&) { c.options.right_window_size = 1; }},
      {"boolean mask",
       [](Case& c, Random&) {
         c.attn_mask =
             Tensor::of<bool>({2, 4}, {true, false, true, true, false, true, true, false});
       }},
      {"float mask",
       [](Case& c, Random& r) {
         c.attn_mask = normal(r, {2, 4});
       }},
      {"mask of a row", [](Case& c, Random& r) { c.attn_mask = normal(r, {4}); }},
      {"mask of the heads",
       [](Case& c, Random& r) {
         c.attn_mask = normal(r, {c.H, 1, 4});
       }},
      {"mask of the batch",
       [](Case& c, Random& r) {
         c.attn_mask = normal(r, {2, 1, 2, 4});
       }},
      {"short mask",
       [](Case& c, Random& r) {
         c.attn_mask = normal(r, {2, 3});
       }},
      {"past",
       [](Case& c, Random& r) {
         c.past = 2;
         c.past_key = normal(r, {2, c.G, 2, c.D});
         c.past_value = normal(r, {2, c.G, 2, c.Dv});
       }},
      {"nonpad_kv_seqlen",
       [](Case& c, Random&) {
         c.nonpad_kv_seqlen = Tensor::of<std::int64_t>({2}, {3, 1});
       }},
      {"3-D",
       [](Case& c, Random& r) {
         c.three_d = true;
         c.options.q_num_heads = c.H, c.options.kv_num_heads = c.G;
         c.q = normal(r, {2, 2, c.H * c.D});
         c.k = normal(r, {2, 4, c.G * c.D});
         c.v = normal(r, {2, 4, c.G * c.Dv});
       }},
  };
}

TEST(AttentionGradients, AgreeWithCentralDifferencesForEachOption) {
  Random random(31);
  for (const auto& [name, set] : single_options()) {
    // One head each, grouped heads, one key/value head for all with values of another size.
    for (const auto& [H, G, Dv] : {std::tuple{2, 2, 3}, {4, 2, 3}, {3, 1, 2}}) {
      SCOPED_TRACE(name);
      AttentionCase c;
      c.B = 2, c.H = H, c.G = G, c.T = 2, c.new_keys = 4, c.D = 3, c.Dv = Dv;
      c.q = normal(random, {2, H, 2, 3});
      c.k = normal(random, {2, G, 4, 3});
      c.v = normal(random, {2, G, 4, Dv});
      set(c, random);
      check_gradients(c, random);
    }
  }
}

TEST(AttentionGradients, AgreeWithCentralDifferencesForRandomCombinations) {
  Random random(3);
  for (int i = 0; i < rounds(160); ++i) {
    SCOPED_TRACE(i);
    const AttentionCase c = random_case(
        random, DType::f64,
        {.length = 5, .head_size = 4, .empty_batches = false, .rounded_softmax = false});
    check_gradients(c, random);
  }
}

}  // namespace
}  // namespace clearhead
