// Attention takes its operands in every form in which a Tensor or a Var may come: strided, repeated
// by strides of 0, read-only, calculated on demand, of another type, the same one several times,
// with and without a gradient.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "attention_cases.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "tests/kernels/targets.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;
using testing::kWays;
using testing::random_normal;

struct Inputs {
  Tensor q, k, v, mask;
};

// The result and the gradients of Σ y² for q, k, v and the mask; undefined for those without one.
std::vector<Tensor> results(const Inputs& in, AttentionWay way, Keep keep = Keep::everything,
                            const std::vector<bool>& with_gradient = {true, true, true, true}) {
  Tape tape(keep);
  const Var q = tape.input("q", in.q, with_gradient[0]);
  const Var k = tape.input("k", in.k, with_gradient[1]);
  const Var v = tape.input("v", in.v, with_gradient[2]);
  const Var mask = tape.input("mask", in.mask, with_gradient[3]);
  const Var y = scaled_dot_product_attention(q, k, v, {.attn_mask = mask, .way = way});
  std::vector<Tensor> all = {y.value()};
  if (y.needs_grad()) tape.backward(sum(multiply(y, y)));
  for (const Var& var : {q, k, v, mask}) {
    all.push_back(var.needs_grad() ? var.grad() : Tensor());
  }
  return all;
}

Inputs random_inputs() {
  Random random(21);
  const auto normal = [&](const Shape& shape) { return random_normal(random, shape, DType::f64); };
  return {normal({2, 4, 37, 6}), normal({2, 2, 70, 6}), normal({2, 2, 70, 5}), normal({37, 70})};
}

void expect_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].defined() || !b[i].defined()) continue;
    EXPECT_EQ(largest_difference(a[i], b[i]), 0) << i;
  }
}

// The same numbers, each row spread out: the last axis lies side by side with the one before it
// exchanged.
Tensor turned(const Tensor& x) { return x.transpose(-1, -2).clone().transpose(-1, -2); }

TEST(AttentionOperands, MayBeStridedAlongEveryAxis) {
  const Inputs in = random_inputs();
  for (const AttentionWay way : kWays) {
    const std::vector<Tensor> expected = results(in, way);
    for (Tensor Inputs::*operand : {&Inputs::q, &Inputs::k, &Inputs::v, &Inputs::mask}) {
      Inputs strided = in;
      strided.*operand = turned(in.*operand);
      ASSERT_NE((strided.*operand).strides().back(), 1);
      expect_equal(results(strided, way), expected);
    }
  }
}

TEST(AttentionOperands, MayBeRepeatedByStridesOfZero) {
  const Inputs in = random_inputs();
  for (const AttentionWay way : kWays) {
    for (Tensor Inputs::*operand : {&Inputs::q, &Inputs::k, &Inputs::v, &Inputs::mask}) {
      const Tensor whole = in.*operand;
      for (std::int64_t axis = 0; axis < whole.rank(); ++axis) {
        Inputs repeated = in, copied = in;
        repeated.*operand = whole.slice(axis, 0, 1).broadcast_to(whole.shape());
        copied.*operand = (repeated.*operand).clone();
        ASSERT_TRUE((repeated.*operand).is_read_only());
        expect_equal(results(repeated, way), results(copied, way));
      }
    }
  }
}

TEST(AttentionOperands, GiveTheSameWhicheverOfThemTakeGradients) {
  const Inputs in = random_inputs();
  for (const AttentionWay way : kWays) {
    const std::vector<Tensor> expected = results(in, way);
    for (const Keep keep : {Keep::for_backward, Keep::everything}) {
      for (int needs = 0; needs < 16; ++needs) {
        const std::vector<bool> which = {(needs & 1) != 0, (needs & 2) != 0, (needs & 4) != 0,
                                         (needs & 8) != 0};
        const std::vector<Tensor> got = results(in, way, keep, which);
        for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(got[i + 1].defined(), which[i]);
        expect_equal(got, expected);
      }
    }
    expect_equal({results(in, way, Keep::nothing)[0]}, {expected[0]});
  }
}

TEST(AttentionOperands, MayBeComputedViews) {
  Random random(22);
  const Tensor x = random_normal(random, {1, 2, 40, 8}, DType::f64);
  for (const AttentionWay way : kWays) {
    Tape tape;
    const Var var = tape.input("x", x);
    scaled_dot_product_attention(var, var, var, {.is_causal = true, .way = AttentionWay::fused});
    const Var pattern = tape["hook_pattern"];  // [1, 2, 40, 40], stored nowhere
    const Var stored = tape.input("stored", pattern.value());
    const auto y = [&](const Var& q, const Var& k, const Var& v) {
      return scaled_dot_product_attention(q, k, v, {.way = way}).value();
    };
    EXPECT_EQ(largest_difference(y(pattern, pattern, var), y(stored, stored, var)), 0);
    EXPECT_EQ(largest_difference(y(var, var, pattern), y(var, var, stored)), 0);
  }
}

TEST(AttentionOperands, MayBeOneAndTheSame) {
  Random random(23);
  const Tensor x = random_normal(random, {2, 3, 40, 8}, DType::f64);
  Tensor gradients[2];
  for (int w = 0; w < 2; ++w) {
    Tape tape;
    const Var var = tape.input("x", x);
    const Var a = scaled_dot_product_attention(var, var, var, {.is_causal = true, .way = kWays[w]});
    const Var b = scaled_dot_product_attention(a, var, a, {.way = kWays[w]});  // twice on one tape
    const Var loss = sum(multiply(b, b));
    tape.backward(loss);
    gradients[w] = var.grad().clone();
    tape.backward(loss);  // begins anew
    EXPECT_EQ(largest_difference(var.grad(), gradients[w]), 0);
  }
  EXPECT_LT(largest_difference(gradients[1], gradients[0]), 1e-11);
}

TEST(AttentionOperands, EmptyAxesGiveEmptyOrZeroResults) {
  struct Case {
    Shape q, k, v, mask;
  };
  const std::vector<Case> cases = {
      {{0, 4, 3, 6}, {0, 2, 7, 6}, {0, 2, 7, 5}, {3, 7}},  // no batch
      {{2, 4, 0, 6}, {2, 2, 7, 6}, {2, 2, 7, 5}, {0, 7}},  // no query
      {{2, 4, 3, 6}, {2, 2, 0, 6}, {2, 2, 0, 5}, {3, 0}},  // no key
      {{2, 4, 3, 6}, {2, 2, 7, 6}, {2, 2, 7, 0}, {3, 7}},  // values of no size
      {{2, 4, 3, 6}, {2, 2, 7, 6}, {2, 2, 7, 5}, {0}},     // a mask that hides every key
  };
  Random random(24);
  const auto normal = [&](const Shape& shape) { return random_normal(random, shape, DType::f32); };
  for (const Case& c : cases) {
    const Inputs in = {normal(c.q), normal(c.k), normal(c.v), normal(c.mask)};
    for (const AttentionWay way : kWays) {
      const std::vector<Tensor> got = results(in, way);
      EXPECT_EQ(got[0].shape(), (Shape{c.q[0], c.q[1], c.q[2], c.v[3]}));
      for (const Tensor& tensor : got) {
        EXPECT_EQ(largest_difference(tensor, Tensor(tensor.shape())), 0);
      }
    }
  }
}

TEST(AttentionOperands, ThePresentIsWhatWasGivenUnrounded) {
  Random random(25);
  Tape tape;
  const Tensor q = random_normal(random, {1, 2, 3, 4}, DType::f32);
  const Tensor v = random_normal(random, {1, 2, 3, 4}, DType::f64);  // f32 cannot hold it
  const AttentionOutput plain =
      attention(tape.input("q", q), tape.input("k", q), tape.input("v", v));
  EXPECT_EQ(largest_difference(plain.present_value.value(), v), 0);
  const AttentionOutput continued =
      attention(tape.input("q", q), tape.input("k", q), tape.input("v", v),
                {.past_key = tape.input("past_key", q), .past_value = tape.input("past_value", v)});
  EXPECT_EQ(continued.present_value.dtype(), DType::f64);
  EXPECT_EQ(largest_difference(continued.present_value.value().slice(2, 3, 6), v), 0);
}

TEST(AttentionOperands, FactorsThatTheTypeCannotHoldAreRefused) {
  const auto attend = [](DType dtype, const AttentionOptions& options) {
    Tape tape;
    const Var x = tape.input("x", Tensor({1, 1, 3, 4}, dtype));
    scaled_dot_product_attention(x, x, x, options);
  };
  EXPECT_THAT(error_of([&] { attend(DType::f32, {.scale = 1e300}); }),
              HasSubstr("scale 1e+300 is infinite in f32"));
  EXPECT_THAT(error_of([&] { attend(DType::f32, {.softcap = 1e300}); }),
              HasSubstr("softcap 1e+300 is infinite in f32"));
  EXPECT_THAT(error_of([&] { attend(DType::f32, {.softcap = 1e-50}); }),
              HasSubstr("softcap 1e-50 is 0 in f32"));
  EXPECT_EQ(error_of([&] { attend(DType::f64, {.scale = 1e300, .softcap = 1e-50}); }),
            "(no error)");
}

TEST(AttentionOperands, ACacheOfIntegersIsRefused) {
  Tape tape;
  const Var x = tape.input("x", Tensor({1, 1, 3, 4}));
  const Var past = tape.input("past", Tensor({1, 1, 2, 4}, DType::i64));
  EXPECT_THAT(error_of([&] { attention(x, x, x, {.past_key = past, .past_value = past}); }),
              HasSubstr("past_key"));
}

// What decoding gives, from a cache that is kept as [B, S, G, D], rounded to bf16.
std::vector<std::uint16_t> decode(const Tensor& q, const Tensor& k, const Tensor& v,
                                  const AttentionOptions& options) {
  Tape tape(Keep::nothing);
  const Var y = scaled_dot_product_attention(tape.input("q", q), tape.input("k", k.transpose(1, 2)),
                                             tape.input("v", v.transpose(1, 2)), options);
  const Tensor value = y.value().to(DType::bf16).contiguous();
  std::vector<std::uint16_t> bits;
  for (std::int64_t i = 0; i < value.count(); ++i) bits.push_back(value.data<bf16>()[i].bits);
  return bits;
}

// A cache of bf16, which few queries read as it lies, gives what its copy in f32 does, also where
// the result is not finite, and in parts of 1,024 keys.
TEST(AttentionOperands, ACacheOfBf16GivesWhatItsCopyDoes) {
  Random random(8);
  const auto normal = [&](const Shape& shape) { return random_normal(random, shape, DType::bf16); };
  for (const std::int64_t T : {1, 3, 20}) {
    for (const std::int64_t S : {40, 2500}) {
      const Tensor q = normal({2, 4, T, 37});
      Tensor k = normal({2, S, 2, 37});
      Tensor v = normal({2, S, 2, 20});
      for (const bool with_infinity : {false, true}) {
        if (with_infinity) {
          // A score of −92: its weight is so small that vectors take it for 0, but 0·∞ is no
          // number.
          const bf16* query = q.data<bf16>();
          float square = 0;
          for (int d = 0; d < 37; ++d)
            square += static_cast<float>(query[d]) * static_cast<float>(query[d]);
          for (int d = 0; d < 37; ++d) {
            k.mutable_data<bf16>()[d] =
                bf16(-92 * std::sqrt(37.0F) / square * static_cast<float>(query[d]));
          }
          v.mutable_data<bf16>()[5] = bf16(std::numeric_limits<float>::infinity());
        }
        for (const std::int64_t left : {-1, 20}) {
          SCOPED_TRACE(::testing::Message() << T << " queries, " << S << " keys, window " << left
                                            << ", infinity " << with_infinity);
          AttentionOptions options;
          options.is_causal = true;
          options.left_window_size = left;
          options.nonpad_kv_seqlen = Tensor::of<std::int64_t>({2}, {{S, S - 7}});
          testing::for_each_target([&] {
            EXPECT_EQ(decode(q, k, v, options),
                      decode(q.to(DType::f32), k.to(DType::f32), v.to(DType::f32), options));
          });
        }
      }
    }
  }
}

// As a linear map makes them: the heads of a row beside each other. The values and both gradients
// of an operand used twice.
std::vector<Tensor> of_heads(const Inputs& in, bool beside, Precision precision, Keep keep) {
  Tape tape(keep);
  std::vector<Var> inputs, operands;
  for (const Tensor& x : {in.q, in.k, in.v}) {
    inputs.push_back(tape.input("x", beside ? x.transpose(1, 2).contiguous() : x));
    operands.push_back(beside ? transpose(inputs.back(), 1, 2) : inputs.back());
  }
  const auto attend = [&](bool is_causal) {
    return scaled_dot_product_attention(operands[0], operands[1], operands[2],
                                        {.is_causal = is_causal, .precision = precision});
  };
  const Var y = attend(true), twice = add(y, attend(false));
  std::vector<Tensor> all = {y.value(), twice.value()};
  if (keep == Keep::nothing) return all;
  tape.backward(sum(multiply(twice, twice)));
  for (const Var& x : inputs) all.push_back(beside ? x.grad().transpose(1, 2) : x.grad());
  return all;
}

TEST(AttentionOperands, HeadsBesideEachOtherGiveTheSameBytes) {
  set_thread_count(2);  // few enough that each head is the work of one thread
  Random random(31);
  const auto normal = [&](const Shape& shape) { return random_normal(random, shape, DType::f32); };
  for (const std::int64_t T : {70, 3}) {  // a block of few queries holds several heads
    const Inputs in = {normal({2, 4, T, 32}), normal({2, 2, 90, 32}), normal({2, 2, 90, 24}), {}};
    for (const Precision precision : {Precision::highest, Precision::high, Precision::medium}) {
      for (const Keep keep : {Keep::nothing, Keep::for_backward, Keep::everything}) {
        testing::for_each_target([&] {
          expect_equal(of_heads(in, true, precision, keep), of_heads(in, false, precision, keep));
        });
      }
    }
    const Inputs in_f64 = {in.q.to(DType::f64), in.k.to(DType::f64), in.v.to(DType::f64), {}};
    const auto f64 = [&](bool beside) {
      return of_heads(in_f64, beside, Precision::highest, Keep::for_backward);
    };
    expect_equal(f64(true), f64(false));
  }
  set_thread_count(0);
}

// Σ d·yᵀ of attention whose operands are all x, or x as keys and values, with its heads beside each
// other, and the gradient of x.
std::vector<Tensor> of_one_operand(AttentionWay way, bool is_query_too, Precision precision) {
  Random random(32);
  const auto normal = [&](const Shape& shape) { return random_normal(random, shape, DType::f32); };
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", normal({3, 40, 8, 16}));
  const Var keys = transpose(x, 1, 2);
  const Var queries = is_query_too ? keys : tape.input("q", normal({3, 8, 40, 16}));
  AttentionOptions options{.way = way, .precision = precision};
  options.attn_mask = tape.input("mask", normal({3, 1, 40, 1}), false);
  const Var y = scaled_dot_product_attention(queries, keys, keys, options);
  // So the gradient of y comes with rows whose numbers are no neighbours.
  const Var turned = transpose(y, 2, 3);
  tape.backward(turned, normal({3, 8, 16, 40}));
  return {y.value(), x.grad()};
}

TEST(AttentionOperands, OneOperandInSeveralPlacesHasOneGradient) {
  for (const bool is_query_too : {false, true}) {
    testing::for_each_target([&] {
      const auto by_hand = of_one_operand(AttentionWay::by_hand, is_query_too, Precision::highest);
      const auto fused = of_one_operand(AttentionWay::fused, is_query_too, Precision::highest);
      const auto medium = of_one_operand(AttentionWay::fused, is_query_too, Precision::medium);
      for (std::size_t i = 0; i < fused.size(); ++i) {
        EXPECT_LT(largest_difference(fused[i], by_hand[i]), 2e-5) << i;
        EXPECT_LT(largest_difference(medium[i], by_hand[i]), 2e-1) << i;  // of numbers up to 10
      }
    });
  }
}

// Keys are joined in parts of 1,024; the second part here is one key alone.
TEST(AttentionOperands, ANaNInACacheOfBf16Arrives) {
  Random random(9);
  const Tensor q = random_normal(random, {1, 1, 1, 8}, DType::bf16);
  Tensor k = random_normal(random, {1, 2048, 1, 8}, DType::bf16);
  const Tensor v = random_normal(random, {1, 2048, 1, 8}, DType::bf16);
  k.mutable_data<bf16>()[1024 * 8] = bf16(std::numeric_limits<float>::quiet_NaN());
  AttentionOptions options;
  options.nonpad_kv_seqlen = Tensor::of<std::int64_t>({1}, {1025});
  testing::for_each_target([&] {
    for (const std::uint16_t bits : decode(q, k, v, options)) {
      bf16 number;
      number.bits = bits;
      EXPECT_TRUE(std::isnan(static_cast<float>(number)));
    }
  });
}

}  // namespace
}  // namespace clearhead
