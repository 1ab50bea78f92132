// Attention: both ways give what the definition says, for all options.
#include "clearhead/ops/attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attention_cases.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/tape/explain.h"
#include "tests/scale.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AttentionCall;
using testing::AttentionCase;
using ::testing::HasSubstr;
using testing::kWays;
using testing::random_case;
using testing::random_normal;

TEST(AttentionOptions, GiveTheRuleEachOfItsFields) {
  const AttentionOptions options{
      .is_causal = true, .scale = 0.5, .softcap = 2, .left_window_size = 3, .right_window_size = 4};
  const auto [is_causal, scale, softcap, left, right] = options.rule();  // all that there are
  EXPECT_TRUE(is_causal);
  EXPECT_EQ(scale, 0.5);
  EXPECT_EQ(softcap, 2);
  EXPECT_EQ(left, 3);
  EXPECT_EQ(right, 4);
}

// A rounded softmax may differ by one step of its type where the scores differ by one of theirs.
double tolerance(const AttentionCase& c, double otherwise) {
  if (c.options.softmax_precision == DType::f16) return 0x1p-10;
  if (c.options.softmax_precision == DType::bf16) return 0x1p-7;
  if (c.options.softmax_precision == DType::f32) return std::max(otherwise, 1e-6);
  return otherwise;
}

Tensor merged_heads(const AttentionCase& c, const Tensor& y) {
  return c.three_d ? y.transpose(1, 2).reshape({c.B, c.T, c.H * c.Dv}) : y;
}

TEST(Attention, BothWaysFollowTheDefinition) {
  Random random(1);
  for (int i = 0; i < rounds(400); ++i) {
    // f64 in every type of softmax; the definition does not round, hence the tolerance of the type.
    const AttentionCase c = random_case(random, DType::f64, {});
    const Tensor expected = merged_heads(c, testing::expected_y(c));
    for (const AttentionWay way : kWays) {
      Tape tape;
      const Tensor y = testing::call(tape, c, way).output.y.value();
      // Values are normal, below 5 or so; rounding weights to a type moves their mean by a few of
      // its steps.
      ASSERT_LT(largest_difference(y, expected), 8 * tolerance(c, 1e-12))
          << i << ": " << c.describe();
    }
  }
}

// 2,000 random combinations of shapes and options in f32, results and gradients alike.
TEST(Attention, ByHandAndFusedAgree) {
  Random random(2);
  for (int i = 0; i < rounds(2000); ++i) {
    const AttentionCase c = random_case(random, DType::f32, {});
    Tensor d_y, y[2];
    std::vector<Tensor> gradients[2];
    for (int w = 0; w < 2; ++w) {
      Tape tape;
      const AttentionCall call = testing::call(tape, c, kWays[w]);
      y[w] = call.output.y.value();
      if (!d_y.defined()) d_y = random_normal(random, y[w].shape(), DType::f32);
      tape.backward(call.output.y, d_y);
      for (const Var& operand : call.floating_operands()) gradients[w].push_back(operand.grad());
    }
    ASSERT_LT(largest_difference(y[1], y[0]), tolerance(c, 1e-5)) << i << ": " << c.describe();
    for (std::size_t j = 0; j < gradients[0].size(); ++j) {
      // Sums over up to 6 heads × 70 queries; an error of 1e-7 each adds up to less than 1e-5
      // relative to their size.
      ASSERT_LT(largest_difference(gradients[1][j], gradients[0][j]), 100 * tolerance(c, 1e-6))
          << i << ", gradient " << j << ": " << c.describe();
    }
  }
}

TEST(Attention, ResultsAreTheSameBytesForAnyNumberOfThreads) {
  Random random(4);
  const AttentionCase c = random_case(random, DType::f32, {.length = 400, .head_size = 32});
  for (const AttentionWay way : kWays) {
    std::vector<Tensor> results[2];
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      Tape tape;
      const AttentionCall call = testing::call(tape, c, way);
      tape.backward(sum(multiply(call.output.y, call.output.y)));
      std::vector<Tensor>& r = results[threads - 1];
      r.push_back(call.output.y.value());
      for (const Var& operand : call.floating_operands()) r.push_back(operand.grad());
    }
    set_thread_count(0);
    for (std::size_t j = 0; j < results[0].size(); ++j) {
      EXPECT_EQ(largest_difference(results[0][j], results[1][j]), 0);
    }
  }
}

TEST(Attention, FusedNamesTheSameStepsWithTheSameValues) {
  Random random(5);
  for (int i = 0; i < rounds(100); ++i) {
    const AttentionCase c = random_case(random, DType::f64, {.empty_batches = false});
    Tape by_hand, fused;
    testing::call(by_hand, c, AttentionWay::by_hand);
    testing::call(fused, c, AttentionWay::fused);
    for (const char* step :
         {"hook_raw_scores", "hook_scaled_scores", "hook_capped_scores", "hook_mask",
          "hook_attn_scores", "hook_row_max", "hook_row_sum", "hook_pattern", "hook_z"}) {
      ASSERT_EQ(by_hand.contains(step), fused.contains(step)) << step;
      if (!by_hand.contains(step)) continue;
      ASSERT_LT(largest_difference(fused[step].value(), by_hand[step].value()), tolerance(c, 1e-12))
          << step << ": " << c.describe();
    }
    // One tile of the pattern alone.
    const Tensor whole = by_hand["hook_pattern"].value();
    const Index begin = {c.B - 1, c.H / 2, c.T / 2, c.S() / 3};
    const Index end = {c.B, c.H, c.T, c.S()};
    const Tensor tile = fused["hook_pattern"].tile(begin, end);
    ASSERT_LT(largest_difference(tile, by_hand["hook_pattern"].tile(begin, end)),
              tolerance(c, 1e-12));
  }
}

TEST(Attention, ExplainsEveryStepBothWays) {
  Random random(6);
  for (int i = 0; i < rounds(60); ++i) {
    const AttentionCase c = random_case(
        random, DType::f64,
        {.length = 4, .head_size = 3, .empty_batches = false, .rounded_softmax = false});
    for (const AttentionWay way : kWays) {
      Tape tape;
      testing::call(tape, c, way);
      for (const Var& var : tape.vars()) {
        if (var.kind() == "input") continue;
        for (std::int64_t flat = 0; flat < element_count(var.shape()); flat += 3) {
          const Explanation e = explain(var, unflatten(flat, var.shape()), 1);
          EXPECT_FALSE(e.calculation.empty()) << var.name();
          if (std::isinf(e.value)) {
            EXPECT_EQ(e.recalculated, e.value) << var.name();
          } else {
            EXPECT_NEAR(e.recalculated, e.value, 1e-12 * std::max(1.0, std::abs(e.value)))
                << var.name() << " of kind " << var.kind() << ": " << e.calculation;
          }
        }
      }
    }
  }
}

TEST(Attention, QkMatmulOutputIsTheStepAskedForBothWays) {
  Random random(7);
  using enum AttentionStage;
  const std::pair<AttentionStage, const char*> steps[] = {{raw_scores, "hook_raw_scores"},
                                                          {scaled_scores, "hook_scaled_scores"},
                                                          {capped_scores, "hook_capped_scores"},
                                                          {attn_scores, "hook_attn_scores"},
                                                          {pattern, "hook_pattern"}};
  for (const auto& [stage, name] : steps) {
    AttentionCase c =
        random_case(random, DType::f64, {.empty_batches = false, .rounded_softmax = false});
    c.options.softcap = 2;
    c.options.qk_matmul_output_mode = stage;
    for (const AttentionWay way : kWays) {
      Tape tape;
      const AttentionCall call = testing::call(tape, c, way);
      EXPECT_EQ(largest_difference(call.output.qk_matmul_output.value(), tape[name].value()), 0);
    }
  }
}

TEST(Attention, SixteenBitTypesAreRoundedAtTheEnds) {
  Random random(8);
  for (const DType type : {DType::f16, DType::bf16}) {
    AttentionCase c = random_case(random, type, {.empty_batches = false, .rounded_softmax = false});
    const double step = type == DType::f16 ? 0x1p-11 : 0x1p-8;
    for (const AttentionWay way : kWays) {
      Tape tape;
      const AttentionCall call = testing::call(tape, c, way);
      EXPECT_EQ(call.output.y.dtype(), type);
      EXPECT_EQ(call.output.present_key.dtype(), type);
      EXPECT_LT(largest_difference(call.output.y.value(), merged_heads(c, testing::expected_y(c))),
                2 * step);
    }
  }
}

// --- Stability: what one row holds never touches another row.

// --- Limits and errors.

TEST(Attention, ByHandIsRefusedWhereItWouldNotFit) {
  Tape tape;
  const Var x = tape.input("x", Tensor({1, 1, 65536, 64}));
  try {
    scaled_dot_product_attention(x, x, x, {.is_causal = true, .way = AttentionWay::by_hand});
    FAIL() << "was not refused";
  } catch (const Error& error) {
    // 5 matrices of 2^32 numbers of 4 bytes: raw, scaled, mask, masked, pattern.
    EXPECT_THAT(error.what(), HasSubstr("85899345920 bytes"));
    EXPECT_THAT(error.what(), HasSubstr("fused"));
  }
}

// A tape that keeps everything has steps of a short text stored, and views of those of a long one.
TEST(Attention, StepsOfLongTextsAreNotStoredUnlessAskedFor) {
  const auto kind_of_z = [](std::int64_t T, AttentionWay way) {
    Tape tape;
    const Var x = tape.input("x", Tensor({1, 1, T, 2}));
    scaled_dot_product_attention(x, x, x, {.is_causal = true, .way = way});
    return tape["hook_z"].kind();
  };
  EXPECT_EQ(kind_of_z(1024, AttentionWay::automatic), "weighted_sum");
  EXPECT_EQ(kind_of_z(3700, AttentionWay::automatic), "fused_attention");  // 274 MB
  EXPECT_EQ(kind_of_z(3700, AttentionWay::by_hand), "weighted_sum");
}

std::string attention_error(const Shape& q, const Shape& k, const Shape& v,
                            const AttentionOptions& options = {}) {
  return error_of([&] {
    Tape tape;
    attention(tape.input("q", Tensor(q)), tape.input("k", Tensor(k)), tape.input("v", Tensor(v)),
              options);
  });
}

TEST(Attention, WritesResultsAndGradientsWhereTheyAreWanted) {
  Random random(12);
  const Tensor q = random_normal(random, {2, 4, 70, 16}, DType::f32);
  const Tensor k = random_normal(random, {2, 2, 90, 16}, DType::f32);
  const Tensor d_y = random_normal(random, q.shape(), DType::f32);
  Tape expected(Keep::for_backward);
  const Var q0 = expected.input("q", q), k0 = expected.input("k", k);
  const Var y0 = scaled_dot_product_attention(q0, k0, k0);
  expected.backward(y0, d_y);
  for (const bool row_major : {true, false}) {
    const auto memory = [&](const Shape& shape) {
      Tensor tensor = Tensor::empty({shape[0], shape[2], shape[1], shape[3]}, DType::f32);
      return row_major ? tensor.reshape(shape) : tensor.transpose(1, 2);
    };
    for (const AttentionWay way : kWays) {
      Tape tape(Keep::for_backward);
      const Var q1 = tape.input("q", q), k1 = tape.input("k", k), v1 = tape.input("v", k);
      const Tensor out = memory(q.shape()), d_q = memory(q.shape());
      const Var y = scaled_dot_product_attention(q1, k1, v1, {.out = out, .way = way});
      EXPECT_LT(largest_difference(out, y0.value()), 1e-5);
      tape.place_gradient(q1, d_q);
      tape.backward(y, d_y);
      EXPECT_LT(largest_difference(q1.grad(), q0.grad()), 1e-4);
      if (way == AttentionWay::fused && row_major) {
        EXPECT_EQ(y.value().address(), out.address());
        EXPECT_EQ(q1.grad().address(), d_q.address());
      }
    }
  }
  Tape tape;
  expect_error(
      [&] {
        scaled_dot_product_attention(tape.input("q", q), tape.input("k", k), tape.input("v", k),
                                     {.out = Tensor({2, 4, 70, 8}, DType::f32)});
      },
      "out: expected f32 of shape [2, 4, 70, 16], got f32 of [2, 4, 70, 8]");
}

TEST(Attention, WrongShapesAndOptionsAreNamed) {
  EXPECT_THAT(attention_error({2, 3, 4}, {2, 3, 4}, {2, 3, 4}), HasSubstr("q_num_heads"));
  EXPECT_THAT(
      attention_error({2, 3, 4}, {2, 3, 4}, {2, 3, 4}, {.q_num_heads = 3, .kv_num_heads = 3}),
      HasSubstr("does not divide"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {1, 1, 3, 5}, {1, 1, 3, 4}),
              HasSubstr("k [1, 1, 3, 5]"));
  EXPECT_THAT(attention_error({1, 3, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}), HasSubstr("multiple"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 2, 4}), HasSubstr("same length"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {2, 1, 3, 4}, {2, 1, 3, 4}), HasSubstr("same batch"));
  EXPECT_THAT(attention_error({3, 4}, {3, 4}, {3, 4}), HasSubstr("4-D"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}, {.softcap = -1}),
              HasSubstr("softcap"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}, {.left_window_size = -2}),
              HasSubstr("window"));
  EXPECT_THAT(attention_error({1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4},
                              {.nonpad_kv_seqlen = Tensor::of<std::int64_t>({1}, {4})}),
              HasSubstr("nonpad_kv_seqlen[0] is 4"));
  Tape tape;
  const Var x = tape.input("x", Tensor({1, 1, 3, 4}));
  const Var mask = tape.input("mask", Tensor({2, 3}));
  EXPECT_THROW(attention(x, x, x, {.attn_mask = mask}), Error);
  EXPECT_THROW(attention(x, x, x, {.past_key = x}), Error);
}

TEST(Attention, WindowsWiderThanAnythingBoundNothing) {
  Random random(12);
  Tape tape;
  const Var x = tape.input("x", random_normal(random, {1, 1, 5, 4}, DType::f32));
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  const Var all = scaled_dot_product_attention(x, x, x);
  const Var windowed =
      scaled_dot_product_attention(x, x, x, {.left_window_size = huge, .right_window_size = huge});
  EXPECT_EQ(largest_difference(all.value(), windowed.value()), 0);
}

}  // namespace
}  // namespace clearhead
