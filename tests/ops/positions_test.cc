// Positions: rotary, sinusoidal, ALiBi, T5's relative bias.
#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/ops/alibi.h"
#include "clearhead/ops/relative_bias.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rotary.h"
#include "clearhead/ops/sinusoid.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

double dot(const Tensor& a, const Tensor& b, std::int64_t t, std::int64_t s) {
  double sum = 0;
  for (std::int64_t d = 0; d < a.size(3); ++d) sum += a.at({0, 0, t, d}) * b.at({0, 0, s, d});
  return sum;
}

TEST(Rotary, TurnsPairsByTheirAngles) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({1, 1, 1, 5}, {1, 2, 3, 4, 5}));
  const RotaryAngles angles = rotary_angles(3, 1, 4, 100, DType::f64);  // angles 3 and 0.3
  const auto turn = [](double a, double b, double angle) {
    return std::pair(DoubleNear(a * std::cos(angle) - b * std::sin(angle), 1e-14),
                     DoubleNear(a * std::sin(angle) + b * std::cos(angle), 1e-14));
  };
  const auto [a, b] = turn(1, 2, 3);
  const auto [c, d] = turn(3, 4, 0.3);
  EXPECT_THAT(numbers_of(rotary(x, angles, {.interleaved = true})), ElementsAre(a, b, c, d, 5));
  const auto [e, g] = turn(1, 3, 3);
  const auto [f, h] = turn(2, 4, 0.3);
  EXPECT_THAT(numbers_of(rotary(x, angles)), ElementsAre(e, f, g, h, 5));
}

TEST(Rotary, ScoresDependOnTheDistanceAlone) {
  for (const bool interleaved : {false, true}) {
    Tape tape;
    // The same query and key at every position.
    const Var q = tape.input("q", random_tensor({1, 1, 1, 6}, 1).broadcast_to({1, 1, 9, 6}));
    const Var k = tape.input("k", random_tensor({1, 1, 1, 6}, 2).broadcast_to({1, 1, 9, 6}));
    const RotaryAngles angles = rotary_angles(5, 9, 6, 10000, DType::f64);
    const Tensor rot_q = rotary(q, angles, {.interleaved = interleaved}).value();
    const Tensor rot_k = rotary(k, angles, {.interleaved = interleaved}).value();
    EXPECT_NEAR(dot(rot_q, rot_k, 3, 1), dot(rot_q, rot_k, 8, 6), 1e-12);
    EXPECT_GT(std::abs(dot(rot_q, rot_k, 3, 1) - dot(rot_q, rot_k, 3, 2)), 1e-3);
  }
}

TEST(Rotary, PositionsMayBeGiven) {
  Tape tape;
  const Tensor x = random_tensor({2, 3, 2, 4}, 1);
  const Var in = tape.input("x", x);
  const RotaryAngles all = rotary_angles(0, 10, 4, 10000, DType::f64);
  const Tensor ids = Tensor::of<std::int64_t>({2, 2}, {3, 4, 0, 9});
  const Tensor y = rotary(in, all, {.position_ids = ids}).value();
  const auto expect_at = [&](std::int64_t b, std::int64_t t, std::int64_t position) {
    const Tensor one = x.slice(0, b, b + 1).slice(2, t, t + 1);
    const Tensor expected =
        rotary(tape.input("one", one), rotary_angles(position, 1, 4, 10000, DType::f64)).value();
    for (std::int64_t h = 0; h < 3; ++h) {
      for (std::int64_t d = 0; d < 4; ++d) {
        EXPECT_EQ(y.at({b, h, t, d}), expected.at({0, h, 0, d}));
      }
    }
  };
  expect_at(0, 0, 3);
  expect_at(0, 1, 4);
  expect_at(1, 0, 0);
  expect_at(1, 1, 9);
}

TEST(Rotary, GradientsAndExplanations) {
  for (const bool interleaved : {false, true}) {
    const auto f = [&](Tape&, const std::vector<Var>& x) {
      return rotary(x[0], rotary_angles(2, x[0].size(2), 4, 10, DType::f64),
                    {.interleaved = interleaved});
    };
    check_gradients(f, {random_tensor({2, 3, 4, 5}, 1)});
    check_gradients(f, {random_tensor({1, 2, 0, 4}, 1)});
    // Heads split from [B, T, H·D], as attention has them.
    check_gradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return f(tape, {transpose(reshape(x[0], {2, 3, 2, 4}), 1, 2)});
        },
        {random_tensor({2, 3, 8}, 1)});
    Tape tape;
    const Var x = tape.input("x", random_tensor({1, 2, 3, 5}, 1, DType::f32));
    expect_explained(
        rotary(x, rotary_angles(2, 3, 4, 10, DType::f32), {.interleaved = interleaved}));
  }
}

TEST(Rotary, RefusesWhatDoesNotFit) {
  Tape tape;
  const Var x = tape.input("x", Tensor({1, 2, 3, 4}));
  const auto refused = [&](const RotaryAngles& angles, const RotaryOptions& options = {}) {
    return error_of([&] { rotary(x, angles, options); });
  };
  const auto angles = [](std::int64_t T, std::int64_t dim) {
    return rotary_angles(0, T, dim, 10, DType::f32);
  };
  EXPECT_THAT(refused(angles(3, 6)), HasSubstr("at most D/2"));
  EXPECT_THAT(refused(angles(2, 4)), AllOf(HasSubstr("each position"), HasSubstr("[2, 2]")));
  EXPECT_THAT(refused(rotary_angles(0, 3, 4, 10, DType::f64)), HasSubstr("of its type"));
  const Tensor ids = Tensor::of<std::int64_t>({1, 3}, {0, 1, 5});
  EXPECT_THAT(refused(angles(5, 4), {.position_ids = ids}),
              HasSubstr("position 5 is none of the 5"));
  EXPECT_THAT(refused(angles(5, 4), {.position_ids = ids.reshape({3})}), HasSubstr("[1, 3]"));
  EXPECT_THAT(error_of([&] { angles(3, 5); }), HasSubstr("even number"));
}

TEST(Sinusoid, IsSineAndCosineOfFallingFrequencies) {
  Tape tape;
  const Var y = sinusoid(tape, 7, 2, 5, DType::f64);
  EXPECT_EQ(y.shape(), (Shape{2, 5}));
  const double second = std::pow(10000.0, -0.4), third = std::pow(10000.0, -0.8);
  EXPECT_THAT(
      numbers_of(y.value().slice(0, 1, 2)),
      ElementsAre(DoubleNear(std::sin(8.0), 1e-15), DoubleNear(std::cos(8.0), 1e-15),
                  DoubleNear(std::sin(8 * second), 1e-15), DoubleNear(std::cos(8 * second), 1e-15),
                  DoubleNear(std::sin(8 * third), 1e-15)));
  expect_explained(sinusoid(tape, 0, 3, 4, DType::f32));
  EXPECT_THAT(error_of([&] { sinusoid(tape, 0, 1, 2, DType::i64); }), HasSubstr("i64"));
}

TEST(Sinusoid, HasItsSinesBeforeItsCosinesInHalves) {
  Tape tape;
  const auto orders = [&](std::int64_t C) {
    return std::pair{sinusoid(tape, 3, 4, C, DType::f64).value(),
                     sinusoid(tape, 3, 4, C, DType::f64, SinusoidOrder::halves).value()};
  };
  for (const std::int64_t C : {6, 5}) {
    const auto [pairs, halves] = orders(C);
    for (std::int64_t t = 0; t < 4; ++t) {
      for (std::int64_t c = 0; c < C; ++c) {
        const std::int64_t place = c % 2 == 0 ? c / 2 : (C + 1) / 2 + c / 2;
        EXPECT_EQ(halves.at({t, place}), pairs.at({t, c}));
      }
    }
  }
  expect_explained(sinusoid(tape, 0, 3, 4, DType::f32, SinusoidOrder::halves));
}

TEST(Alibi, SlopesAreThePublishedOnes) {
  EXPECT_THAT(alibi_slopes(8),
              ElementsAre(0.5, 0.25, 0.125, 1.0 / 16, 1.0 / 32, 1.0 / 64, 1.0 / 128, 1.0 / 256));
  // 4 of a power of two, then every second one of 8.
  EXPECT_THAT(alibi_slopes(6), ElementsAre(0.25, 1.0 / 16, 1.0 / 64, 1.0 / 256, 0.5, 0.125));
  EXPECT_THAT(error_of([] { alibi_slopes(0); }), HasSubstr("at least 1 head"));
}

TEST(Alibi, FallsWithDistance) {
  Tape tape;
  const Var y = alibi(tape, 8, 2, 1, 4, DType::f32);  // the query at position 2
  EXPECT_EQ(y.shape(), (Shape{1, 8, 1, 4}));
  EXPECT_THAT(numbers_of(y.value().slice(1, 0, 1)), ElementsAre(-1, -0.5, 0, -0.5));
  expect_explained(y);
}

// Buckets as the code of Raffel et al. gives them for 32 buckets and distance 128.
TEST(RelativeBias, BucketsAreThePublishedOnes) {
  const RelativeBiasOptions both{}, causal{.bidirectional = false};
  const auto in_both = [&](std::int64_t d) { return relative_bucket(d, 32, both); };
  const auto in_causal = [&](std::int64_t d) { return relative_bucket(d, 32, causal); };
  EXPECT_EQ(in_both(0), 0);
  EXPECT_EQ(in_both(-7), 7);
  EXPECT_EQ(in_both(-8), 8);
  EXPECT_EQ(in_both(-11), 8);
  EXPECT_EQ(in_both(-12), 9);
  EXPECT_EQ(in_both(-1000), 15);
  EXPECT_EQ(in_both(1), 17);
  EXPECT_EQ(in_both(1000), 31);
  EXPECT_EQ(in_causal(5), 0);
  EXPECT_EQ(in_causal(-15), 15);
  EXPECT_EQ(in_causal(-16), 16);
  EXPECT_EQ(in_causal(-128), 31);
}

TEST(RelativeBias, ValuesGradientsAndExplanations) {
  for (const bool bidirectional : {false, true}) {
    const auto f = [&](Tape&, const std::vector<Var>& x) {
      return relative_bias(x[0], 3, 4, 9, {.bidirectional = bidirectional, .max_distance = 6});
    };
    check_gradients(f, {random_tensor({8, 2}, 1)});
    Tape tape;
    const Var table = tape.input("table", random_tensor({8, 2}, 1, DType::f32));
    const Var y = f(tape, {table});
    EXPECT_EQ(y.shape(), (Shape{1, 2, 4, 9}));
    for (std::int64_t t = 0; t < 4; ++t) {
      for (std::int64_t s = 0; s < 9; ++s) {
        const std::int64_t bucket =
            relative_bucket(s - 3 - t, 8, {.bidirectional = bidirectional, .max_distance = 6});
        EXPECT_EQ(y.value().at({0, 1, t, s}), table.value().at({bucket, 1}));
      }
    }
    expect_explained(y);
  }
  Tape tape;
  EXPECT_THAT(error_of([&] {
                relative_bias(tape.input("x", Tensor({2, 3})), 0, 1, 1);
              }),
              HasSubstr("at least 4 buckets"));
}

}  // namespace
}  // namespace clearhead
