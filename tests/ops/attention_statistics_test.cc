// row_max and row_sum belong to scores of the very bits that forward summed: whoever calculates
// weights again from them, views and backward, must meet the same ones, however large the scores
// are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/random.h"
#include "clearhead/ops/attention.h"

namespace clearhead {
namespace {

constexpr std::int64_t kSize = 37;  // so that q·k depends on the order in which it is summed
constexpr Precision kPrecisions[] = {Precision::highest, Precision::high, Precision::medium};

Tensor normal(const Shape& shape, std::uint64_t stream, double size = 1) {
  Random random(33, stream);
  Tensor x(shape);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.mutable_data<float>()[i] = static_cast<float>(size * random.normal());
  }
  return x;
}

struct Call {
  Call(Keep keep, std::int64_t T, double size, const AttentionOptions& given, bool shared = false)
      : tape(keep) {
    q = tape.input("q", normal({1, shared ? 4 : 1, T, kSize}, 1, size));
    k = tape.input("k", normal({1, 1, 96, kSize}, 2));
    v = tape.input("v", normal({1, 1, 96, kSize}, 3));
    AttentionOptions options = given;
    options.way = AttentionWay::fused;
    z = scaled_dot_product_attention(q, k, v, options);
  }
  Tape tape;
  Var q, k, v, z;
};

// Weights of 96 keys err by some 1e-7 each: their sum by less than 1e-5.
TEST(AttentionStatistics, TheRowsOfAPatternSumToOne) {
  for (const Precision precision : kPrecisions) {
    for (const std::int64_t T : {1, 8, 16, 65}) {
      for (const double size : {10.0, 3e3, 3e6}) {
        const Call call(Keep::everything, T, size, {.precision = precision});
        const Tensor pattern = call.tape["hook_pattern"].value();
        for (std::int64_t t = 0; t < T; ++t) {
          double sum = 0;
          for (std::int64_t s = 0; s < 96; ++s) sum += pattern.at({0, 0, t, s});
          ASSERT_NEAR(sum, 1, 1e-5) << T << " " << size;
        }
      }
    }
  }
}

// With ∂L/∂z = 1, each column of ∂L/∂v holds all weights: T·H together. Under medium a weight errs
// by up to 0.72 %, forward and backward not alike.
TEST(AttentionStatistics, BackwardHandsOutEachWeightOnce) {
  for (const Precision precision : kPrecisions) {
    for (const std::int64_t T : {1, 8, 16, 65}) {
      for (const bool shared : {false, true}) {
        for (const double size : {10.0, 3e3}) {
          Call call(Keep::for_backward, T, size, {.precision = precision}, shared);
          Tensor ones(call.z.shape());
          std::fill_n(ones.mutable_data<float>(), ones.count(), 1.0F);
          call.tape.backward(call.z, ones);
          const Tensor dv = call.v.grad();
          double sum = 0;
          for (std::int64_t s = 0; s < 96; ++s) sum += dv.at({0, 0, s, 5});
          const double rows = static_cast<double>(T * call.q.size(1));
          ASSERT_NEAR(sum / rows, 1, precision == Precision::medium ? 0.02 : 1e-4)
              << T << " " << size << " " << shared;
        }
      }
    }
  }
}

// What tiles refuse, an infinite gradient of one query, must not change what the others get.
TEST(AttentionStatistics, AQueryThatTilesRefuseLeavesItsNeighboursAlone) {
  for (const Precision precision : {Precision::high, Precision::medium}) {
    Tensor dq[2];
    for (const bool bad : {false, true}) {
      Call call(Keep::for_backward, 128, 100, {.precision = precision});
      Tensor dz = normal(call.z.shape(), 4);
      if (bad) dz.mutable_data<float>()[70 * kSize] = std::numeric_limits<float>::infinity();
      call.tape.backward(call.z, dz);
      dq[bad] = call.q.grad();
    }
    double largest = 0, difference = 0;
    for (std::int64_t t = 0; t < 128; ++t) {
      for (std::int64_t d = 0; d < kSize && t != 70; ++d) {
        largest = std::max(largest, std::abs(dq[0].at({0, 0, t, d})));
        difference =
            std::max(difference, std::abs(dq[0].at({0, 0, t, d}) - dq[1].at({0, 0, t, d})));
      }
    }
    // Refused queries are calculated in f32: they differ by the error of the precision.
    EXPECT_LT(difference, (precision == Precision::medium ? 0.2 : 1e-3) * largest);
  }
}

TEST(AttentionStatistics, TheGradientOfAMaskIsThatOfTheHighestPrecision) {
  Tensor gradients[2];
  for (const bool lower : {false, true}) {
    Tape tape(Keep::for_backward);
    const Var q = tape.input("q", normal({1, 1, 32, kSize}, 1, 300));
    const Var k = tape.input("k", normal({1, 1, 96, kSize}, 2));
    const Var v = tape.input("v", normal({1, 1, 96, kSize}, 3));
    const Var mask = tape.input("mask", normal({1, 1, 32, 96}, 5));
    const Var z =
        scaled_dot_product_attention(q, k, v,
                                     {.attn_mask = mask,
                                      .way = AttentionWay::fused,
                                      .precision = lower ? Precision::medium : Precision::highest});
    tape.backward(z, normal(z.shape(), 4));
    gradients[lower] = mask.grad();
  }
  for (std::int64_t i = 0; i < gradients[0].count(); ++i) {
    ASSERT_EQ(gradients[0].data<float>()[i], gradients[1].data<float>()[i]);
  }
}

}  // namespace
}  // namespace clearhead
