// Attention on tiles of bf16 gives what its precision promises, for every option and every edge of
// its tiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "clearhead/base/half.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention/bf16.h"
#include "tests/kernels/attention_call.h"
#include "tests/kernels/on_tiles.h"
#include "tests/scale.h"

namespace clearhead::kernels {
namespace {

using testing::Call;
using testing::kInf;
using testing::random_call;

struct Result {
  std::vector<float> z, row_max, row_sum;
};

Result empty_result(const Call& c) {
  const auto rows = static_cast<std::size_t>(c.B * c.H * c.T);
  return {std::vector<float>(rows * static_cast<std::size_t>(c.Dv), 777),
          std::vector<float>(rows, 777), std::vector<float>(rows, 777)};
}

Result packed(const Call& c) {
  const AttentionProblem<float> p = c.problem();
  Result result = empty_result(c);
  const Workspace<char> memory_of_keys(packed_bytes(p));
  const Workspace<float> memory(attention_forward_workspace_bf16(p));
  for (std::int64_t i = 0; i < c.B * c.G; ++i) {
    for (std::int64_t s = 0; s < c.S; s += packed_stretch(p)) {
      const KeyRange keys{s, std::min(s + packed_stretch(p), c.S)};
      std::memset(memory_of_keys.get(), 0xff, static_cast<std::size_t>(packed_bytes(p)));  // NaN
      for (std::int64_t piece = 0; piece < pack_pieces(keys); ++piece) {
        pack_keys_piece(p, i / c.G, i % c.G, keys, piece, memory_of_keys.get());
      }
      for (std::int64_t j = 0; j < query_blocks(p); ++j) {
        const QueryBlock block = query_block(p, i / c.G, i % c.G, j);
        const std::int64_t row = row_of(p, block);
        attention_forward_bf16(p, block, keys, memory_of_keys.get(),
                               {result.z.data() + row * c.Dv, result.row_max.data() + row,
                                result.row_sum.data() + row},
                               memory.get());
      }
    }
  }
  return result;
}

// The definition in f64.
struct Expected {
  std::vector<double> z, row_max, row_sum;
};
Expected expected(const Call& c) {
  const AttentionProblem<float> p = c.problem();
  Expected e;
  for (std::int64_t row = 0; row < c.B * c.H * c.T; ++row) {
    const std::int64_t b = row / c.T / c.H;
    const std::int64_t h = row / c.T % c.H;
    const std::vector<double> scores = testing::score_row(c, p, b, h, row % c.T).scores;
    const double max = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    std::vector<double> z(static_cast<std::size_t>(c.Dv), 0);
    for (std::int64_t s = 0; s < c.S; ++s) {
      const double score = scores[static_cast<std::size_t>(s)];
      if (score == -kInf) continue;
      const double weight = std::exp(score - max);
      sum += weight;
      for (std::int64_t i = 0; i < c.Dv; ++i) {
        z[static_cast<std::size_t>(i)] +=
            weight * testing::operand(c, p.v.row(b, p.kv_head(h), s)[i]);
      }
    }
    for (double& x : z) e.z.push_back(sum == 0 ? 0 : x / sum);
    e.row_max.push_back(max);
    e.row_sum.push_back(sum);
  }
  return e;
}

// Weights of medium are off by at most 0.72 %, so a weighted mean of values (whose weights sum to 1
// by construction) by at most twice that of their mean size; sums of weights by 0.72 %. Scores of
// operands in bf16 are exact but for f32 sums. High: 2⁻¹⁶ for each factor of a score and of z.
void expect_close(const Call& c) {
  SCOPED_TRACE(c.describe());
  const bool medium = c.precision == Precision::medium;
  const Result actual = packed(c);
  const Expected e = expected(c);
  double largest_v = 0;
  for (const float x : c.v) largest_v = std::max(largest_v, std::abs(static_cast<double>(x)));
  const double weights = medium ? 0.0072 : 3e-4;
  const double scores = medium ? 1e-5 : 2e-4;
  for (std::size_t row = 0; row < e.row_max.size(); ++row) {
    if (e.row_max[row] == -kInf) {
      ASSERT_EQ(static_cast<double>(actual.row_max[row]), -kInf) << "row " << row;
      ASSERT_EQ(actual.row_sum[row], 0) << "row " << row;
    } else {
      ASSERT_NEAR(actual.row_max[row], e.row_max[row], scores * (1 + std::abs(e.row_max[row])))
          << "row " << row;
      ASSERT_NEAR(actual.row_sum[row], e.row_sum[row], 1.1 * weights * e.row_sum[row] + 1e-6)
          << "row " << row;
    }
    for (std::int64_t i = 0; i < c.Dv; ++i) {
      const std::size_t at = row * static_cast<std::size_t>(c.Dv) + static_cast<std::size_t>(i);
      ASSERT_NEAR(actual.z[at], e.z[at], 2 * weights * largest_v) << "row " << row << " z " << i;
    }
  }
}

using AttentionPacked = testing::OnTiles;
INSTANTIATE_TEST_SUITE_P(Tiles, AttentionPacked, testing::kAllTiles, testing::tiles_name);

TEST_P(AttentionPacked, EverySizeAroundTilesBlocksAndChunks) {
  std::uint64_t stream = 0;
  for (const std::int64_t T : {1, 15, 16, 17, 31, 32, 33, 64, 65, 97}) {
    for (const std::int64_t S : {1, 15, 16, 17, 32, 33, 127, 128, 129, 257}) {
      Call c;
      c.T = T, c.S = S, c.D = 1 + static_cast<std::int64_t>(stream * 7 % 70);
      c.Dv = 1 + static_cast<std::int64_t>(stream * 11 % 70);
      c.precision = precision();
      c.fill(++stream);
      expect_close(c);
    }
  }
}

TEST_P(AttentionPacked, EveryHeadSize) {
  for (const std::int64_t D : {8, 16, 31, 32, 33, 63, 64, 65, 80, 96, 128, 200, 256}) {
    Call c;
    c.T = 40, c.S = 150, c.D = D, c.Dv = 264 - D;
    c.scale = 1 / std::sqrt(static_cast<float>(D));
    c.precision = precision();
    c.fill(static_cast<std::uint64_t>(D));
    expect_close(c);
  }
}

// Keys of more than one stretch: D 256 makes a stretch 1024 keys, or with two parts as well.
TEST_P(AttentionPacked, Stretches) {
  for (const std::int64_t left : {-1, 500}) {
    Call c;
    c.T = 70, c.S = 2500, c.D = 250, c.Dv = 256, c.is_causal = true, c.offset = 2000;
    c.left = left, c.scale = 0.05F, c.precision = precision();
    c.fill(9);
    ASSERT_LT(packed_stretch(c.problem()), c.S);
    expect_close(c);
  }
}

TEST_P(AttentionPacked, EveryOption) {
  for (int i = 0; i < rounds(300); ++i) {
    expect_close(random_call(static_cast<std::uint64_t>(i), precision()));
    if (HasFatalFailure()) return;
  }
}

// The largest score grows from key to key, so that the reference of the softmax has to move again
// and again.
TEST_P(AttentionPacked, GrowingScores) {
  Call c;
  c.T = 33, c.S = 700, c.D = 4, c.precision = precision();
  c.fill(1);
  for (std::int64_t s = 0; s < c.S; ++s) {
    c.k[static_cast<std::size_t>(s * c.D)] = static_cast<float>(s);
  }
  for (std::int64_t t = 0; t < c.T; ++t) {
    c.q[static_cast<std::size_t>(t * c.D)] = static_cast<float>(t % 5 - 1);
  }
  expect_close(c);
}

// What one row or key holds does not touch those that do not see it, and is treated as the
// reference treats it.
TEST_P(AttentionPacked, NumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, inf, -inf, 3e38F, -3e38F}) {
    for (const int where : {0, 1, 2}) {
      Call c;
      c.T = 40, c.S = 140, c.D = 20, c.Dv = 20, c.is_causal = true, c.offset = 100;
      c.precision = precision();
      c.fill(3);
      if (where == 0) c.q[7 * 20 + 3] = bad;
      if (where == 1) c.k[110 * 20 + 3] = bad;
      if (where == 2) c.v[110 * 20 + 3] = bad;
      SCOPED_TRACE(::testing::Message() << bad << " in operand " << where);
      const Result actual = packed(c);
      Result reference = empty_result(c);
      const AttentionProblem<float> p = c.problem();
      std::vector<float> memory(static_cast<std::size_t>(attention_workspace_scalar(p)));
      for (std::int64_t t = 0; t < c.T; t += kQueryTile) {
        attention_forward_scalar(p, 0, 0, t, std::min(t + kQueryTile, c.T), {0, c.S},
                                 reference.z.data() + t * c.Dv, reference.row_max.data() + t,
                                 reference.row_sum.data() + t, memory.data());
      }
      for (std::size_t i = 0; i < reference.z.size(); ++i) {
        if (std::isnan(reference.z[i])) {
          ASSERT_TRUE(std::isnan(actual.z[i])) << i;
        } else if (std::isinf(reference.z[i])) {
          ASSERT_EQ(actual.z[i], reference.z[i]) << i;
        } else {
          ASSERT_NEAR(actual.z[i], reference.z[i], 0.05 * std::max(1.0F, std::abs(reference.z[i])))
              << i;
        }
      }
    }
  }
}

TEST_P(AttentionPacked, LargeScores) {
  Call c;
  c.T = 33, c.S = 200, c.D = 32, c.scale = 1, c.precision = precision();
  c.fill(4);
  for (float& x : c.q) x = static_cast<float>(bf16(x * 1000));
  for (float& x : c.k) x = static_cast<float>(bf16(x * 100));
  const Result actual = packed(c);
  const Expected e = expected(c);
  for (std::size_t row = 0; row < e.row_max.size(); ++row) {
    EXPECT_NEAR(actual.row_max[row], e.row_max[row], 1e-5 * e.row_max[row]);
    EXPECT_NEAR(actual.row_sum[row], e.row_sum[row], 0.3 * e.row_sum[row]);
  }
}

}  // namespace
}  // namespace clearhead::kernels
