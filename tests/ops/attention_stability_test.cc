// One row of attention never touches another, whatever it holds; masks and huge scores stay exact.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attention_cases.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::kWays;
using testing::random_normal;

struct Bad {
  const char* name;
  double value;
};

TEST(AttentionStability, OneBadQueryRowTouchesNoOther) {
  Random random(9);
  for (const Bad bad : {Bad{"NaN", NAN}, Bad{"+inf", kInfinity}, Bad{"-inf", -kInfinity}}) {
    for (const AttentionWay way : kWays) {
      const Tensor k = random_normal(random, {1, 1, 70, 8}, DType::f32);
      const Tensor v = random_normal(random, {1, 1, 70, 8}, DType::f32);
      Tensor q = random_normal(random, {1, 1, 40, 8}, DType::f32);
      Tape clean_tape, tape;
      const Tensor clean =
          scaled_dot_product_attention(clean_tape.input("q", q.clone()), clean_tape.input("k", k),
                                       clean_tape.input("v", v), {.way = way})
              .value();
      q.mutable_data<float>()[17 * 8 + 3] = static_cast<float>(bad.value);
      const Var z = scaled_dot_product_attention(tape.input("q", q), tape.input("k", k),
                                                 tape.input("v", v), {.way = way});
      for (std::int64_t t = 0; t < 40; ++t) {
        for (std::int64_t e = 0; e < 8; ++e) {
          if (t == 17) continue;
          EXPECT_EQ(z.value().at({0, 0, t, e}), clean.at({0, 0, t, e})) << bad.name;
        }
      }
    }
  }
}

TEST(AttentionStability, AKeyBehindAMaskDoesNotMatterWhateverItHolds) {
  Random random(10);
  for (const double bad : {static_cast<double>(NAN), kInfinity, -kInfinity, 3e38}) {
    for (const bool boolean_mask : {true, false}) {
      for (const AttentionWay way : kWays) {
        const Tensor q = random_normal(random, {1, 2, 40, 8}, DType::f32);
        Tensor k = random_normal(random, {1, 1, 70, 8}, DType::f32);
        Tensor v = random_normal(random, {1, 1, 70, 8}, DType::f32);
        Tensor visible({70}, DType::boolean), bias({70}, DType::f32);
        for (std::int64_t s = 0; s < 70; ++s) {
          visible.mutable_data<bool>()[s] = s != 13;
          bias.mutable_data<float>()[s] = s != 13 ? 0.0F : -std::numeric_limits<float>::infinity();
        }
        Tensor results[2][4];
        for (const int round : {0, 1}) {
          Tape tape;
          const Var vq = tape.input("q", q);
          const Var vk = tape.input("k", k.clone());
          const Var vv = tape.input("v", v.clone());
          const Var mask = tape.input("mask", boolean_mask ? visible : bias);
          const Var z = scaled_dot_product_attention(vq, vk, vv, {.attn_mask = mask, .way = way});
          tape.backward(sum(multiply(z, z)));
          results[round][0] = z.value();
          results[round][1] = vq.grad(), results[round][2] = vk.grad(),
          results[round][3] = vv.grad();
          k.mutable_data<float>()[13 * 8 + 2] = static_cast<float>(bad);
          v.mutable_data<float>()[13 * 8 + 5] = static_cast<float>(bad);
        }
        for (int j = 0; j < 4; ++j)
          EXPECT_EQ(largest_difference(results[0][j], results[1][j]), 0) << bad << " " << j;
      }
    }
  }
}

TEST(AttentionStability, FullyMaskedRowsGiveZerosAndZeroGradients) {
  Random random(11);
  for (const AttentionWay way : kWays) {
    Tape tape;
    const Var q = tape.input("q", random_normal(random, {1, 1, 3, 4}, DType::f32));
    const Var k = tape.input("k", random_normal(random, {1, 1, 5, 4}, DType::f32));
    const Var v = tape.input("v", random_normal(random, {1, 1, 5, 4}, DType::f32));
    const Tensor rows = Tensor::of<bool>({3, 1}, {true, false, true});
    const Var mask = tape.input("mask", rows.broadcast_to({3, 5}).contiguous());
    const Var z = scaled_dot_product_attention(q, k, v, {.attn_mask = mask, .way = way});
    tape.backward(sum(z));
    for (std::int64_t e = 0; e < 4; ++e) {
      EXPECT_EQ(z.value().at({0, 0, 1, e}), 0);
      EXPECT_EQ(q.grad().at({0, 0, 1, e}), 0);
      EXPECT_TRUE(std::isfinite(k.grad().at({0, 0, 1, e})));
    }
    EXPECT_EQ(tape["hook_pattern"].value().at({0, 0, 1, 2}), 0);
  }
}

TEST(AttentionStability, HugeScoresStayExact) {
  // q·k = score, exactly; the two largest tie and share the weight, the rest are nothing beside
  // them.
  for (const double score : {1e4, 3e38}) {
    for (const AttentionWay way : kWays) {
      Tape tape;
      const float x = static_cast<float>(score);
      const Var q = tape.input("q", Tensor::of<float>({1, 1, 1, 1}, {x}));
      const Var k = tape.input("k", Tensor::of<float>({1, 1, 4, 1}, {1, -1, 1, 0}));
      const Var v = tape.input("v", Tensor::of<float>({1, 1, 4, 1}, {2, 100, 6, 100}));
      const Var z = scaled_dot_product_attention(q, k, v, {.scale = 1, .way = way});
      tape.backward(sum(z));
      EXPECT_EQ(z.value().item(), 4) << score;
      EXPECT_EQ(tape["hook_pattern"].value().at({0, 0, 0, 0}), 0.5);
      EXPECT_EQ(tape["hook_pattern"].value().at({0, 0, 0, 1}), 0);
      EXPECT_EQ(v.grad().at({0, 0, 2, 0}), 0.5);
      EXPECT_EQ(q.grad().item(), 0);  // both ties move alike
    }
  }
}

}  // namespace
}  // namespace clearhead
