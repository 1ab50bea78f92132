// Maps of long attention agree with the pattern that attention by hand gives: every level, rows,
// windows, strongest keys and masses, for all options and around the cells.
#include "clearhead/lens/attention_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/ops/attention.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

Tensor normal(const Shape& shape, std::uint64_t stream) {
  return random_tensor(shape, stream, DType::f32);
}

// The pattern by hand, f64 [T, S], −∞ where a query does not see a key.
Tensor pattern_of(const Tensor& q, const Tensor& k, const AttentionMapOptions& o) {
  const std::int64_t T = q.size(0), S = k.size(0), D = q.size(1);
  Tape tape(Keep::everything);
  const Var zero = tape.input("v", Tensor({1, 1, S, 1}, DType::f64));
  scaled_dot_product_attention(tape.input("q", q.to(DType::f64).reshape({1, 1, T, D})),
                               tape.input("k", k.to(DType::f64).reshape({1, 1, S, D})), zero,
                               {.is_causal = o.rule.is_causal,
                                .scale = o.rule.scale,
                                .softcap = o.rule.softcap,
                                .left_window_size = o.rule.left_window_size,
                                .right_window_size = o.rule.right_window_size,
                                .way = AttentionWay::by_hand});
  Tensor pattern = tape["hook_pattern"].value().reshape({T, S}).clone();
  const Tensor scores = tape["hook_attn_scores"].value().reshape({T, S}).contiguous();
  for (std::int64_t i = 0; i < T * S; ++i) {
    if (scores.data<double>()[i] == -kInfinity) pattern.mutable_data<double>()[i] = -kInfinity;
  }
  return pattern;
}

struct Case {
  std::int64_t T, S, D, cell;
  AttentionMapOptions options;
};

std::vector<Case> cases() {
  return {
      {1, 1, 1, 1, {}},
      {50, 70, 8, 1, {}},
      {50, 70, 8, 4, {.rule = {.is_causal = true}}},
      {70, 50, 9, 7, {.rule = {.is_causal = true, .scale = -0.7}}},
      {130, 130, 16, 16, {.rule = {.left_window_size = 20, .right_window_size = 5}}},
      {90, 40, 16, 8, {.rule = {.left_window_size = 3}}},  // the last queries see no key
      {60, 61, 5, 64, {.rule = {.softcap = 0.5}}},
      {1100,
       1100,
       4,
       600,
       {.rule = {.is_causal = true}}},  // a row of cells longer than a kernel's call
  };
}

void expect_near(double actual, double expected, double tolerance) {
  if (std::isinf(expected)) {
    ASSERT_EQ(actual, expected);
  } else {
    ASSERT_NEAR(actual, expected, tolerance);
  }
}

TEST(AttentionMap, EveryLevelIsPooledFromThePattern) {
  for (Case c : cases()) {
    SCOPED_TRACE("T " + std::to_string(c.T) + " S " + std::to_string(c.S) + " cell " +
                 std::to_string(c.cell));
    const Tensor q = normal({c.T, c.D}, 1), k = normal({c.S, c.D}, 2);
    const Tensor pattern = pattern_of(q, k, c.options);
    const double* p = pattern.data<double>();
    c.options.cell = c.cell;
    const AttentionMap map = attention_map(q, k, c.options);
    EXPECT_FALSE(map.z.defined());
    std::int64_t cell = c.cell;
    for (const AttentionMapLevel& level : map.levels) {
      ASSERT_EQ(level.cell, cell);
      ASSERT_EQ(level.max.shape(), (Shape{ceil_div(c.T, cell), ceil_div(c.S, cell)}));
      for (std::int64_t i = 0; i < level.max.size(0); ++i) {
        for (std::int64_t j = 0; j < level.max.size(1); ++j) {
          double max = -kInfinity, sum = 0, pairs = 0;
          for (std::int64_t t = i * cell; t < std::min((i + 1) * cell, c.T); ++t) {
            for (std::int64_t s = j * cell; s < std::min((j + 1) * cell, c.S); ++s) {
              if (p[t * c.S + s] == -kInfinity) continue;
              max = std::max(max, p[t * c.S + s]);
              sum += p[t * c.S + s];
              ++pairs;
            }
          }
          expect_near(level.max.at({i, j}), max, 1e-5 * max);
          expect_near(level.mean.at({i, j}), pairs == 0 ? -kInfinity : sum / pairs, 1e-5 * max);
        }
      }
      cell *= 2;
    }
    EXPECT_EQ(map.levels.back().max.count(), 1);
  }
}

TEST(AttentionMap, EntropyAndMassFollowThePattern) {
  for (Case c : cases()) {
    SCOPED_TRACE("T " + std::to_string(c.T) + " S " + std::to_string(c.S));
    const Tensor q = normal({c.T, c.D}, 1), k = normal({c.S, c.D}, 2);
    const Tensor pattern = pattern_of(q, k, c.options);
    const double* p = pattern.data<double>();
    c.options.cell = c.cell;
    const AttentionMap map = attention_map(q, k, c.options);
    const Tensor mass = mass_received(q, k, map, c.options);
    std::vector<double> by_key(static_cast<std::size_t>(c.S), 0.0);
    for (std::int64_t t = 0; t < c.T; ++t) {
      double entropy = 0;
      for (std::int64_t s = 0; s < c.S; ++s) {
        const double weight = p[t * c.S + s];
        if (weight == -kInfinity) continue;
        by_key[s] += weight;
        if (weight > 0) entropy -= weight * std::log(weight);
      }
      ASSERT_NEAR(map.row_entropy.at({t}), entropy, 1e-5 * (1 + entropy));
    }
    std::vector<double> by_cell(static_cast<std::size_t>(map.cell_mass.count()), 0.0);
    for (std::int64_t s = 0; s < c.S; ++s) {
      ASSERT_NEAR(mass.at({s}), by_key[s], 1e-5 * (1 + by_key[s]));
      by_cell[s / c.cell] += by_key[s];
    }
    for (std::int64_t j = 0; j < map.cell_mass.count(); ++j) {
      ASSERT_NEAR(map.cell_mass.at({j}), by_cell[j], 1e-5 * (1 + by_cell[j]));
    }
  }
}

TEST(AttentionMap, AWindowIsThePatternItself) {
  for (const Case& c : cases()) {
    SCOPED_TRACE("T " + std::to_string(c.T) + " S " + std::to_string(c.S));
    const Tensor q = normal({c.T, c.D}, 1), k = normal({c.S, c.D}, 2);
    const Tensor pattern = pattern_of(q, k, c.options);
    const AttentionWindow w{c.T / 3, c.T - c.T / 5, c.S / 4, c.S - c.S / 6};
    const Tensor window = attention_window(q, k, w, c.options);
    for (std::int64_t t = w.t; t < w.t_end; ++t) {
      for (std::int64_t s = w.s; s < w.s_end; ++s) {
        expect_near(window.at({t - w.t, s - w.s}), pattern.at({t, s}), 2e-6);
      }
    }
  }
}

// On tiles (where the processor has them) the map is as precise as docs/numerics.md says; a window
// is of the highest precision in any case, and its rows sum to 1.
TEST(AttentionMap, PrecisionIsThatOfTheOverviewOnly) {
  constexpr std::int64_t kTokens = 700, kD = 64;
  const Tensor q = normal({kTokens, kD}, 1), k = normal({kTokens, kD}, 2);
  const Tensor v = normal({kTokens, 24}, 3);
  AttentionMapOptions o{.rule = {.is_causal = true}, .cell = 64};
  const AttentionMap exact = attention_map(q, k, o, v);
  o.precision = Precision::medium;
  const AttentionMap medium = attention_map(q, k, o, v);
  for (std::int64_t i = 0; i < exact.levels[0].mean.count(); ++i) {
    const auto value = [&](const AttentionMap& map, bool max) {
      const Tensor& cells = max ? map.levels[0].max : map.levels[0].mean;
      return static_cast<double>(cells.data<float>()[i]);
    };
    // A score of about 3 made of factors rounded to 2⁻⁹ is off by 0.02 or so; a mean of many is
    // not.
    expect_near(value(medium, true), value(exact, true), 0.06 * value(exact, true));
    expect_near(value(medium, false), value(exact, false), 0.02 * value(exact, false));
  }
  for (std::int64_t i = 0; i < exact.z.count(); ++i) {
    ASSERT_NEAR(medium.z.data<float>()[i], exact.z.data<float>()[i], 0.05);
  }
  for (std::int64_t t = 0; t < kTokens; ++t) {
    ASSERT_NEAR(medium.row_entropy.at({t}), exact.row_entropy.at({t}), 0.03);
  }
  const Tensor window = attention_window(q, k, {600, 601, 0, kTokens}, o);
  double sum = 0;
  for (std::int64_t s = 0; s <= 600; ++s) sum += window.at({0, s});
  EXPECT_NEAR(sum, 1, 1e-5);
  // Row sums of other scores would make the masses wrong: a map of tiles is refused.
  if (medium.precision != Precision::highest) {
    EXPECT_THROW(mass_received(q, k, medium, o), Error);
  }
}

TEST(AttentionMap, ValuesGiveTheSameAsAttention) {
  const Tensor q = normal({80, 16}, 1), k = normal({90, 16}, 2), v = normal({90, 5}, 3);
  const AttentionMap map = attention_map(q, k, {.rule = {.is_causal = true}, .cell = 8}, v);
  Tape tape(Keep::nothing);
  const auto input = [&](const char* name, const Tensor& x) {
    return tape.input(name, x.reshape({1, 1, x.size(0), x.size(1)}));
  };
  const Tensor z =
      scaled_dot_product_attention(input("q", q), input("k", k), input("v", v), {.is_causal = true})
          .value()
          .contiguous();
  for (std::int64_t i = 0; i < z.count(); ++i) {
    ASSERT_NEAR(map.z.data<float>()[i], z.data<float>()[i], 1e-5);
  }
}

TEST(AttentionMap, StrongestKeysComeFirst) {
  const Tensor q = normal({40, 16}, 1), k = normal({40, 16}, 2);
  const AttentionMapOptions o{.rule = {.is_causal = true}};
  const Tensor pattern = pattern_of(q, k, o);
  const std::vector<KeyWeight> found = strongest_keys(q, k, 30, 5, o);
  ASSERT_EQ(found.size(), 5U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].weight, pattern.at({30, found[i].key}), 1e-6);
    if (i > 0) {
      EXPECT_LE(found[i].weight, found[i - 1].weight);
    }
  }
  std::int64_t larger = 0;
  for (std::int64_t s = 0; s < 40; ++s) larger += pattern.at({30, s}) > found.back().weight + 1e-6;
  EXPECT_EQ(larger, 4);
  EXPECT_EQ(strongest_keys(q, k, 2, 5, o).size(), 3U);  // it sees three
}

TEST(AttentionMap, TheSameBytesForAnyNumberOfThreads) {
  const Tensor q = normal({3000, 16}, 1), k = normal({3000, 16}, 2);
  AttentionMapOptions o{.rule = {.is_causal = true}, .precision = Precision::medium, .cell = 64};
  std::atomic<int> calls = 0;
  o.progress = [&](double part) {
    EXPECT_TRUE(part > 0 && part <= 1);
    ++calls;
  };
  set_thread_count(1);
  const AttentionMap one = attention_map(q, k, o);
  set_thread_count(5);
  const AttentionMap five = attention_map(q, k, o);
  set_thread_count(0);
  EXPECT_GT(calls, 2);
  const auto same = [](const Tensor& a, const Tensor& b) {
    return std::memcmp(a.data<float>(), b.data<float>(), static_cast<std::size_t>(a.count()) * 4) ==
           0;
  };
  EXPECT_TRUE(same(one.row_entropy, five.row_entropy));
  EXPECT_TRUE(same(one.row_sum, five.row_sum));
  for (std::size_t i = 0; i < one.levels.size(); ++i) {
    EXPECT_TRUE(same(one.levels[i].max, five.levels[i].max));
    EXPECT_TRUE(same(one.levels[i].mean, five.levels[i].mean));
  }
}

TEST(AttentionMap, ANaNIsNeverHidden) {
  Tensor q = normal({64, 8}, 1);
  const Tensor k = normal({64, 8}, 2);
  q.mutable_data<float>()[20 * 8] = std::numeric_limits<float>::quiet_NaN();
  const AttentionMap map = attention_map(q, k, {.rule = {.is_causal = true}, .cell = 16});
  EXPECT_TRUE(std::isnan(map.levels[0].max.at({1, 0})));
  EXPECT_TRUE(std::isnan(map.levels[0].mean.at({1, 0})));
  EXPECT_FALSE(std::isnan(map.levels[0].max.at({2, 0})));
  EXPECT_TRUE(std::isnan(map.levels.back().max.at({0, 0})));
  EXPECT_TRUE(std::isnan(map.row_entropy.at({20})));
  EXPECT_FALSE(std::isnan(map.row_entropy.at({21})));
}

TEST(AttentionMap, AProgressThatThrowsEndsIt) {
  const Tensor q = normal({600, 8}, 1);
  const AttentionMapOptions o{.progress = [](double) { throw Error("enough"); }};
  EXPECT_THROW(attention_map(q, q, o), Error);
}

TEST(AttentionMap, OtherTypesAndStridesAreTaken) {
  const Tensor q = normal({30, 12}, 1), k = normal({30, 12}, 2);
  const AttentionMap map = attention_map(q, k);
  const Tensor strided = normal({30, 12}, 1).to(DType::f64);
  const AttentionMap other =
      attention_map(strided.transpose(0, 1).contiguous().transpose(0, 1), k.to(DType::f64));
  EXPECT_EQ(other.row_sum.at({7}), map.row_sum.at({7}));
}

TEST(AttentionMap, ErrorsSayWhatWasExpected) {
  const Tensor q = normal({30, 12}, 1);
  expect_error([&] { attention_map(normal({1, 30, 12}, 1), q); }, "as a matrix");
  expect_error([&] { attention_map(q, normal({30, 11}, 1)); }, "got q [30, 12], k [30, 11]");
  expect_error([&] { attention_map(q, q, {}, normal({29, 3}, 1)); }, "v [29, 3]");
  expect_error([&] { attention_map(Tensor({0, 12}), q); }, "nothing to look at");
  expect_error([&] { attention_map(q, q, {.cell = -1}); }, "cell: expected 1 or more");
  expect_error([&] { attention_map(q, q, {.rule = {.left_window_size = -2}}); },
               "attention map: left_window_size and right_window_size must be");
  const Tensor many = normal({20000, 1}, 1);
  expect_error([&] { attention_map(many, many, {.cell = 2}); }, "take cells of 3 or more");
  expect_error([&] { attention_window(q, q, {0, 31, 0, 30}); }, "got queries 0:31");
  expect_error([&] { attention_window(many, many, {0, 20000, 0, 20000}); }, "smaller window");
  expect_error([&] { strongest_keys(q, q, 30, 2); }, "got queries 30:31");
  const AttentionMap map = attention_map(q, q);
  expect_error([&] { mass_received(many, many, map); }, "the map is one of 30 queries");
}

TEST(AttentionMap, CellsAreChosenForAtMost2048ASide) {
  EXPECT_EQ(default_cell(1, 1), 1);
  EXPECT_EQ(default_cell(2048, 5), 1);
  EXPECT_EQ(default_cell(5, 2049), 2);
  EXPECT_EQ(default_cell(1 << 20, 1 << 20), 512);
}

}  // namespace
}  // namespace clearhead
