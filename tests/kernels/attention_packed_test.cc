// Attention on tiles of bf16 gives what its precision promises, for every option and every edge of its tiles.
#include "clearhead/kernels/attention_packed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "clearhead/base/half.h"
#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/dispatch.h"

namespace clearhead::kernels {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

enum class Mask { none, visible, bias };

// One call, with its operands.
struct Call {
  std::int64_t B = 1, H = 1, G = 1, T = 16, S = 16, D = 16, Dv = 16;
  bool is_causal = false;
  std::int64_t left = -1, right = -1, offset = 0, key_count = -1;
  float scale = 0.25F, softcap = 0;
  Mask mask = Mask::none;
  bool mask_by_columns = false;
  Precision precision = Precision::medium;

  std::vector<float> q, k, v, bias;
  std::vector<char> visible;
  std::vector<std::int64_t> offsets, key_counts;

  void fill(std::uint64_t stream) {
    Random random(11, stream);
    const auto normal = [&](std::vector<float>& x, std::int64_t n) {
      x.resize(static_cast<std::size_t>(n));
      for (float& number : x) number = static_cast<float>(random.normal());
    };
    normal(q, B * H * T * D);
    normal(k, B * G * S * D);
    normal(v, B * G * S * Dv);
    if (mask == Mask::bias) normal(bias, B * H * T * S);
    if (mask == Mask::visible) visible.resize(static_cast<std::size_t>(B * H * T * S));
    for (char& seen : visible) seen = random.normal() > 0;
    offsets.assign(static_cast<std::size_t>(B), offset);
    key_counts.assign(static_cast<std::size_t>(B), key_count < 0 ? S : key_count);
  }

  AttentionProblem<float> problem() const {
    AttentionProblem<float> p = {};
    p.B = B, p.H = H, p.G = G, p.queries = T, p.keys = S, p.D = D, p.Dv = Dv;
    p.q = {q.data(), H * T * D, T * D, D};
    p.k = {k.data(), G * S * D, S * D, D};
    p.v = {v.data(), G * S * Dv, S * Dv, Dv};
    p.mask = {mask == Mask::visible ? reinterpret_cast<const bool*>(visible.data()) : nullptr,
              mask == Mask::bias ? bias.data() : nullptr,
              H * T * S,
              T * S,
              S,
              1};
    if (mask_by_columns) p.mask.stride_t = 1, p.mask.stride_s = T;
    p.scale = scale, p.softcap = softcap, p.is_causal = is_causal;
    p.left = left, p.right = right;
    p.offset = offsets.data(), p.key_count = key_counts.data();
    p.rounding = SoftmaxRounding::none;
    p.precision = precision;
    return p;
  }

  std::string describe() const {
    return "B " + std::to_string(B) + " H " + std::to_string(H) + " G " + std::to_string(G) +
           " T " + std::to_string(T) + " S " + std::to_string(S) + " D " + std::to_string(D) +
           " Dv " + std::to_string(Dv) + " causal " + std::to_string(is_causal) + " window " +
           std::to_string(left) + "," + std::to_string(right) + " offset " +
           std::to_string(offset) + " key_count " + std::to_string(key_count) + " softcap " +
           std::to_string(softcap) + " mask " + std::to_string(static_cast<int>(mask)) + " scale " +
           std::to_string(scale);
  }
};

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
  const Workspace<char> head(packed_head_bytes(p));
  const Workspace<float> memory(packed_block_workspace(p));
  for (std::int64_t i = 0; i < c.B * c.G; ++i) {
    const std::int64_t b = i / c.G;
    const std::int64_t g = i % c.G;
    std::memset(head.get(), 0xff, static_cast<std::size_t>(packed_head_bytes(p)));  // NaN
    for (std::int64_t piece = 0; piece < pack_pieces(p); ++piece) {
      pack_head_piece(p, b, g, piece, head.get());
    }
    for (std::int64_t j = 0; j < query_blocks(p); ++j) {
      const QueryBlock block = query_block(p, b, g, j);
      const std::int64_t row = row_of(p, block);
      packed_forward_block(
          p, block, head.get(),
          {result.z.data() + row * c.Dv, result.row_max.data() + row, result.row_sum.data() + row},
          memory.get());
    }
  }
  return result;
}

// The definition in f64; operands rounded to bf16 first for Precision::medium.
struct Expected {
  std::vector<double> z, row_max, row_sum;
};
Expected expected(const Call& c, bool round_operands) {
  const AttentionProblem<float> p = c.problem();
  const auto value = [&](float x) {
    return static_cast<double>(round_operands ? static_cast<float>(bf16(x)) : x);
  };
  Expected e;
  for (std::int64_t row = 0; row < c.B * c.H * c.T; ++row) {
    const std::int64_t b = row / c.T / c.H;
    const std::int64_t h = row / c.T % c.H;
    const std::int64_t t = row % c.T;
    const KeyRange range = visible_keys(p, b, t);
    std::vector<double> scores(static_cast<std::size_t>(c.S), -kInf);
    double max = -kInf;
    for (std::int64_t s = range.begin; s < range.end; ++s) {
      double score = 0;
      for (std::int64_t d = 0; d < c.D; ++d) {
        score += value(p.q.row(b, h, t)[d]) * value(p.k.row(b, p.kv_head(h), s)[d]);
      }
      score *= static_cast<double>(c.scale);
      if (c.softcap != 0) {
        const auto cap = static_cast<double>(c.softcap);
        score = cap * std::tanh(score / cap);
      }
      const std::int64_t at = p.mask.offset(b, h, t, s);
      if (p.mask.visible != nullptr && !p.mask.visible[at]) score = -kInf;
      if (p.mask.bias != nullptr) {
        const auto bias = static_cast<double>(p.mask.bias[at]);
        score = bias == -kInf ? -kInf : score + bias;
      }
      scores[static_cast<std::size_t>(s)] = score;
      max = std::max(max, score);
    }
    double sum = 0;
    std::vector<double> z(static_cast<std::size_t>(c.Dv), 0);
    for (std::int64_t s = 0; s < c.S; ++s) {
      const double score = scores[static_cast<std::size_t>(s)];
      if (score == -kInf) continue;
      const double weight = std::exp(score - max);
      sum += weight;
      for (std::int64_t i = 0; i < c.Dv; ++i) {
        z[static_cast<std::size_t>(i)] += weight * value(p.v.row(b, p.kv_head(h), s)[i]);
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
  const Expected e = expected(c, medium);
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

class AttentionPacked : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    before_ = current_target();
    for (const Target target : available_targets()) {
      if (target == Target::amx) set_target(target);
    }
    if (current_target() != Target::amx) GTEST_SKIP() << "this processor has no AMX tiles";
  }
  void TearDown() override { set_target(before_); }

  Target before_ = Target::baseline;
};

INSTANTIATE_TEST_SUITE_P(Precisions, AttentionPacked,
                         ::testing::Values(Precision::medium, Precision::high),
                         [](const auto& precision) {
                           return precision.param == Precision::medium ? "medium" : "high";
                         });

TEST_P(AttentionPacked, EverySizeAroundTilesBlocksAndChunks) {
  std::uint64_t stream = 0;
  for (const std::int64_t T : {1, 15, 16, 17, 31, 32, 33, 64, 65, 97}) {
    for (const std::int64_t S : {1, 15, 16, 17, 32, 33, 127, 128, 129, 257}) {
      Call c;
      c.T = T, c.S = S, c.D = 1 + static_cast<std::int64_t>(stream * 7 % 70);
      c.Dv = 1 + static_cast<std::int64_t>(stream * 11 % 70);
      c.precision = GetParam();
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
    c.precision = GetParam();
    c.fill(static_cast<std::uint64_t>(D));
    expect_close(c);
  }
}

TEST_P(AttentionPacked, EveryOption) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    Random random(5, i);
    const auto pick = [&](std::int64_t n) {
      return static_cast<std::int64_t>(random.uniform() * static_cast<double>(n));
    };
    Call c;
    c.B = 1 + pick(2), c.G = 1 + pick(2), c.H = c.G * (1 + pick(3));
    c.T = 1 + pick(80), c.S = 1 + pick(300), c.D = 1 + pick(50), c.Dv = 1 + pick(50);
    c.is_causal = pick(2) == 0;
    c.left = pick(2) == 0 ? -1 : pick(100);
    c.right = pick(2) == 0 ? -1 : pick(100);
    c.offset = pick(3) == 0 ? 0 : pick(120) - 40;
    c.key_count = pick(2) == 0 ? -1 : pick(c.S + 1);
    c.softcap = pick(3) == 0 ? 3.0F : 0.0F;
    c.mask = static_cast<Mask>(pick(3));
    c.mask_by_columns = pick(2) == 0;
    c.scale = pick(4) == 0 ? -0.4F : pick(8) == 0 ? 0.0F : 0.3F;
    c.precision = GetParam();
    c.fill(i);
    if (c.mask == Mask::bias) {
      for (float& x : c.bias) {
        if (pick(3) == 0)
          x = -std::numeric_limits<float>::infinity();
        else if (pick(3) == 0)
          x = std::numeric_limits<float>::lowest();
      }
    }
    expect_close(c);
    if (HasFatalFailure()) return;
  }
}

// The largest score grows from key to key, so that the reference of the softmax has to move again and again.
TEST_P(AttentionPacked, GrowingScores) {
  Call c;
  c.T = 33, c.S = 700, c.D = 4, c.precision = GetParam();
  c.fill(1);
  for (std::int64_t s = 0; s < c.S; ++s) {
    c.k[static_cast<std::size_t>(s * c.D)] = static_cast<float>(s);
  }
  for (std::int64_t t = 0; t < c.T; ++t) {
    c.q[static_cast<std::size_t>(t * c.D)] = static_cast<float>(t % 5 - 1);
  }
  expect_close(c);
}

// What one row or key holds does not touch those that do not see it, and is treated as the reference treats it.
TEST_P(AttentionPacked, NumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, inf, -inf, 3e38F, -3e38F}) {
    for (const int where : {0, 1, 2}) {
      Call c;
      c.T = 40, c.S = 140, c.D = 20, c.Dv = 20, c.is_causal = true, c.offset = 100;
      c.precision = GetParam();
      c.fill(3);
      if (where == 0) c.q[7 * 20 + 3] = bad;
      if (where == 1) c.k[110 * 20 + 3] = bad;
      if (where == 2) c.v[110 * 20 + 3] = bad;
      SCOPED_TRACE(testing::Message() << bad << " in operand " << where);
      const Result actual = packed(c);
      Result reference = empty_result(c);
      const AttentionProblem<float> p = c.problem();
      std::vector<float> memory(static_cast<std::size_t>(attention_workspace(p)));
      for (std::int64_t t = 0; t < c.T; t += kQueryTile) {
        attention_forward_queries(p, 0, 0, t, std::min(t + kQueryTile, c.T), {0, c.S},
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
  c.T = 33, c.S = 200, c.D = 32, c.scale = 1, c.precision = GetParam();
  c.fill(4);
  for (float& x : c.q) x = static_cast<float>(bf16(x * 1000));
  for (float& x : c.k) x = static_cast<float>(bf16(x * 100));
  const Result actual = packed(c);
  const Expected e = expected(c, false);
  for (std::size_t row = 0; row < e.row_max.size(); ++row) {
    EXPECT_NEAR(actual.row_max[row], e.row_max[row], 1e-5 * e.row_max[row]);
    EXPECT_NEAR(actual.row_sum[row], e.row_sum[row], 0.3 * e.row_sum[row]);
  }
}

}  // namespace
}  // namespace clearhead::kernels
