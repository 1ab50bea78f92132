// Attention by blocks agrees with the scalar reference in f64 on every target: all lengths and head
// sizes around the tiles, all options, forward and backward; parts of the keys join to the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/attention/simd.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

// Operands of a random call, in f32 for the kernels and f64 for the reference.
template <typename T>
struct Operands {
  std::vector<T> q, k, v, bias, dz;
};

struct Call {
  std::int64_t B = 1, H = 1, G = 1, T = 1, S = 1, D = 1, Dv = 1;
  std::int64_t gap = 0;  // numbers between the rows of q, k, v, and before the first
  bool causal = false;
  std::int64_t left = -1, right = -1;
  float softcap = 0;
  int mask = 0;  // 0 none, 1 boolean [T, S], 2 float [B, H, T, S], 3 float [S]
  std::vector<std::int64_t> offset, key_count;
  Operands<float> f32;
  Operands<double> f64;
  std::unique_ptr<bool[]> visible;

  template <typename N>
  const Operands<N>& operands() const {
    if constexpr (std::is_same_v<N, float>) {
      return f32;
    } else {
      return f64;
    }
  }
};

void fill(Call& c, std::uint64_t seed) {
  Random random(seed);
  const auto values = [&](std::int64_t count, std::vector<float>& x, std::vector<double>& y) {
    for (std::int64_t i = 0; i < count; ++i) {
      x.push_back(static_cast<float>(random.normal()));
      y.push_back(static_cast<double>(x.back()));
    }
  };
  values(c.B * c.H * c.T * (c.D + c.gap) + c.gap, c.f32.q, c.f64.q);
  values(c.B * c.G * c.S * (c.D + c.gap) + c.gap, c.f32.k, c.f64.k);
  values(c.B * c.G * c.S * (c.Dv + c.gap) + c.gap, c.f32.v, c.f64.v);
  values(c.B * c.H * c.T * c.Dv, c.f32.dz, c.f64.dz);
  values(c.B * c.H * c.T * c.S, c.f32.bias, c.f64.bias);
  c.visible = std::make_unique<bool[]>(static_cast<std::size_t>(c.T * c.S));
  for (std::int64_t i = 0; i < c.T * c.S; ++i)
    c.visible[static_cast<std::size_t>(i)] = random.below(4) > 0;
  for (std::size_t i = 0; i < c.f32.bias.size(); ++i) {
    if (random.below(5) > 0) continue;
    c.f32.bias[i] = -std::numeric_limits<float>::infinity();
    c.f64.bias[i] = -std::numeric_limits<double>::infinity();
  }
  if (c.offset.empty()) c.offset.assign(static_cast<std::size_t>(c.B), c.S - c.T);
  if (c.key_count.empty()) c.key_count.assign(static_cast<std::size_t>(c.B), c.S);
}

template <typename N>
AttentionProblem<N> problem_of(const Call& c) {
  AttentionProblem<N> p{};
  const Operands<N>& o = c.operands<N>();
  p.B = c.B, p.H = c.H, p.G = c.G, p.queries = c.T, p.keys = c.S, p.D = c.D, p.Dv = c.Dv;
  const auto view = [&](const std::vector<N>& x, std::int64_t heads, std::int64_t length,
                        std::int64_t size) {
    const std::int64_t row = size + c.gap;
    return HeadsView<N>{x.data() + c.gap, heads * length * row, length * row, row};
  };
  p.q = view(o.q, c.H, c.T, c.D);
  p.k = view(o.k, c.G, c.S, c.D);
  p.v = view(o.v, c.G, c.S, c.Dv);
  if (c.mask == 1) p.mask = {c.visible.get(), nullptr, 0, 0, c.S, 1};
  if (c.mask == 2) p.mask = {nullptr, o.bias.data(), c.H * c.T * c.S, c.T * c.S, c.S, 1};
  if (c.mask == 3) p.mask = {nullptr, o.bias.data(), 0, 0, 0, 1};
  const float scale = 1 / std::sqrt(static_cast<float>(c.D));
  p.rule = {c.causal, static_cast<double>(scale), static_cast<double>(c.softcap), c.left, c.right};
  p.offset = c.offset.data();
  p.key_count = c.key_count.data();
  p.rounding = SoftmaxRounding::none;
  return p;
}

template <typename N>
HeadsView<N> dz_of(const Call& c) {
  return {c.operands<N>().dz.data(), c.H * c.T * c.Dv, c.T * c.Dv, c.Dv};
}

template <typename N>
struct Results {
  std::vector<N> z, row_max, row_sum, dq, dk, dv, d_mask;

  explicit Results(const Call& c)
      : z(static_cast<std::size_t>(c.B * c.H * c.T * c.Dv)),
        row_max(static_cast<std::size_t>(c.B * c.H * c.T)),
        row_sum(row_max.size()),
        dq(static_cast<std::size_t>(c.B * c.H * c.T * c.D)),
        dk(static_cast<std::size_t>(c.B * c.G * c.S * c.D)),
        dv(static_cast<std::size_t>(c.B * c.G * c.S * c.Dv)),
        d_mask(c.f32.bias.size()) {}

  GradientRows<N> gradients(const Call& c) {
    return {{dq.data(), c.H * c.T * c.D, c.T * c.D, c.D},
            {dk.data(), c.G * c.S * c.D, c.S * c.D, c.D},
            {dv.data(), c.G * c.S * c.Dv, c.S * c.Dv, c.Dv}};
  }
};

Results<double> by_reference(const Call& c) {
  const AttentionProblem<double> p = problem_of<double>(c);
  Results<double> r(c);
  const Workspace<double> memory(attention_workspace_scalar(p));
  std::vector<double> delta(r.row_max.size());
  for (std::int64_t head = 0; head < c.B * c.H; ++head) {
    for (std::int64_t t = 0; t < c.T; t += kQueryTile) {
      const std::int64_t row = head * c.T + t;
      attention_forward_scalar(p, head / c.H, head % c.H, t, std::min(t + kQueryTile, c.T),
                               {0, c.S}, r.z.data() + row * c.Dv, r.row_max.data() + row,
                               r.row_sum.data() + row, memory.get());
    }
  }
  for (std::size_t i = 0; i < r.z.size(); ++i) {
    delta[i / static_cast<std::size_t>(c.Dv)] += r.z[i] * c.f64.dz[i];
  }
  const AttentionBackward<double> saved{r.row_max.data(), r.row_sum.data(), dz_of<double>(c),
                                        delta.data()};
  for (std::int64_t head = 0; head < c.B * c.H; ++head) {
    for (std::int64_t t = 0; t < c.T; t += kQueryTile) {
      attention_backward_queries_scalar(p, saved, head / c.H, head % c.H, t, r.gradients(c),
                                        memory.get());
    }
  }
  for (std::int64_t head = 0; head < c.B * c.G; ++head) {
    for (std::int64_t s = 0; s < c.S; s += kKeyTile) {
      attention_backward_keys_scalar(p, saved, head / c.G, head % c.G, s, r.gradients(c),
                                     memory.get());
    }
  }
  for (std::int64_t s = 0; s < c.S && p.mask.bias != nullptr; s += kKeyTile) {
    attention_backward_mask_scalar(p, saved, s, r.d_mask.data(), memory.get());
  }
  return r;
}

Results<float> by_blocks(const Call& c) {
  const AttentionProblem<float> p = problem_of<float>(c);
  Results<float> r(c);
  const Workspace<float> memory(attention_workspace_simd(p));
  const auto for_each_block = [&](const auto& f) {
    for (std::int64_t head = 0; head < c.B * c.G; ++head) {
      for (std::int64_t i = 0; i < query_blocks(p); ++i) {
        f(query_block(p, head / c.G, head % c.G, i));
      }
    }
  };
  for_each_block([&](const QueryBlock& block) {
    const std::int64_t row = row_of(p, block);
    attention_forward_simd(
        p, block, {0, c.S},
        {r.z.data() + row * c.Dv, r.row_max.data() + row, r.row_sum.data() + row}, memory.get());
  });
  if (!attention_backward_takes_simd(p)) return r;
  std::vector<float> delta(r.row_max.size());
  attention_delta_simd(c.B * c.H * c.T, c.Dv, c.f32.dz.data(), c.Dv, r.z.data(), c.Dv,
                       delta.data());
  const AttentionBackward<float> saved{r.row_max.data(), r.row_sum.data(), dz_of<float>(c),
                                       delta.data()};
  for_each_block([&](const QueryBlock& block) {
    for (std::int64_t s = 0; s < c.S; s += 100) {  // in parts that cut tiles
      attention_backward_simd(p, saved, block, {s, std::min(s + 100, c.S)}, r.gradients(c),
                              memory.get());
    }
  });
  for (std::int64_t s = 0; s < c.S && p.mask.bias != nullptr; s += kKeyBlock) {
    attention_backward_mask_simd(p, saved, s, r.d_mask.data(), memory.get());
  }
  return r;
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected,
                 double tolerance, const char* what) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double x = static_cast<double>(actual[i]);
    if (x == expected[i]) continue;  // the same infinity
    ASSERT_NEAR(x, expected[i], tolerance * std::max(1.0, std::abs(expected[i])))
        << what << " " << i;
  }
}

// Operands are normal. A score is off by a few eps·√D, a weight by as much of itself, and a sum
// over up to 300 keys, for gradients of products of three such numbers, by some hundred eps =
// 1.2e-7.
void expect_reference(const Call& c) {
  SCOPED_TRACE(::testing::Message()
               << "B " << c.B << " H " << c.H << " G " << c.G << " T " << c.T << " S " << c.S
               << " D " << c.D << " Dv " << c.Dv << " causal " << c.causal << " left " << c.left
               << " right " << c.right << " cap " << c.softcap << " mask " << c.mask << " gap "
               << c.gap);
  const Results<double> expected = by_reference(c);
  testing::for_each_target([&] {
    const Results<float> actual = by_blocks(c);
    expect_near(actual.z, expected.z, 1e-5, "z");
    expect_near(actual.row_max, expected.row_max, 1e-5, "row_max");
    expect_near(actual.row_sum, expected.row_sum, 2e-5, "row_sum");
    if (!attention_backward_takes_simd(problem_of<float>(c))) return;
    expect_near(actual.dq, expected.dq, 4e-5, "dq");
    expect_near(actual.dk, expected.dk, 4e-5, "dk");
    expect_near(actual.dv, expected.dv, 4e-5, "dv");
    expect_near(actual.d_mask, expected.d_mask, 4e-5, "d_mask");
  });
}

TEST(AttentionBlock, EveryLengthAroundTheTiles) {
  for (const std::int64_t T : {1, 2, 15, 16, 17, 31, 33, 48, 63, 64, 65, 127, 129}) {
    for (const bool causal : {false, true}) {
      Call c;
      c.T = c.S = T;
      c.D = c.Dv = 8;
      c.causal = causal;
      fill(c, static_cast<std::uint64_t>(T));
      expect_reference(c);
    }
  }
}

TEST(AttentionBlock, EveryHeadSizeUpToTwoVectorsAndOne) {
  for (std::int64_t D = 1; D <= 33; ++D) {
    Call c;
    c.T = c.S = 20;
    c.D = D;
    c.Dv = 34 - D;
    c.gap = D % 4;  // every misalignment of rows
    fill(c, static_cast<std::uint64_t>(D));
    expect_reference(c);
  }
  for (const std::int64_t D : {80, 128, 255, 256}) {
    Call c;
    c.T = 40, c.S = 70;
    c.D = c.Dv = D;
    fill(c, 1);
    expect_reference(c);
  }
}

// Decoding: every number of rows that a few queries of a few heads make, every head size up to two
// vectors and one, and numbers of keys around the tile.
TEST(AttentionBlock, FewQueries) {
  for (std::int64_t D = 1; D <= 33; ++D) {
    Call c;
    c.H = 1 + D % 8;
    c.T = D % 3 == 0 && c.H <= 4 ? 2 : 1;
    c.S = 60 + D % 11;
    c.D = D;
    c.Dv = 34 - D;
    c.gap = D % 4;
    c.causal = D % 2 == 0;
    c.mask = static_cast<int>(D % 4);
    c.softcap = D % 5 == 0 ? 2 : 0;
    fill(c, static_cast<std::uint64_t>(D));
    expect_reference(c);
  }
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8}) {
    Call c;
    c.H = rows;
    c.S = 200;
    c.D = c.Dv = 128;
    fill(c, static_cast<std::uint64_t>(rows));
    expect_reference(c);
  }
}

// Of three queries only the last one sees the last key.
TEST(AttentionBlock, AnInfiniteValueDoesNotReachTheFewQueriesThatDoNotSeeIt) {
  Call c;
  c.T = 3, c.S = 70;
  c.D = c.Dv = 20;
  c.causal = true;
  fill(c, 4);
  c.f32.v[69 * 20] = std::numeric_limits<float>::infinity();
  c.f64.v[69 * 20] = std::numeric_limits<double>::infinity();
  const Results<double> expected = by_reference(c);
  testing::for_each_target([&] {
    const Results<float> actual = by_blocks(c);
    EXPECT_TRUE(std::isinf(actual.z[40]));
    expect_near(actual.z, expected.z, 1e-5, "z");
  });
}

TEST(AttentionBlock, RandomOptions) {
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    Call c;
    c.B = 1 + random.below(2);
    c.G = 1 + random.below(2);
    c.H = c.G * (1 + random.below(4));
    c.T = random.below(3) == 0 ? 1 + random.below(8) : 1 + random.below(200);
    c.S = 1 + random.below(300);
    c.D = 1 + random.below(24);
    c.Dv = 1 + random.below(24);
    c.gap = random.below(3);
    c.causal = random.below(2) == 0;
    if (random.below(3) == 0) c.left = random.below(100);
    if (random.below(4) == 0) c.right = random.below(100);
    if (random.below(4) == 0) c.softcap = 2;
    c.mask = static_cast<int>(random.below(4));
    for (std::int64_t b = 0; b < c.B; ++b) {
      c.offset.push_back(random.below(c.S + 1) - random.below(c.T + 1));
      c.key_count.push_back(random.below(c.S + 1));
    }
    fill(c, static_cast<std::uint64_t>(100 + i));
    expect_reference(c);
  }
}

// The softmax of the rows that see key 0 is NaN; what those rows do not see must not become so,
// even where q, k and v are finite.
TEST(AttentionBlock, ARowOfNaNDoesNotReachTheKeysItDoesNotSee) {
  Call c;
  c.T = c.S = 192;
  c.D = c.Dv = 16;
  c.causal = true;
  c.left = 70;
  fill(c, 3);
  c.f32.k[0] = std::numeric_limits<float>::quiet_NaN();
  testing::for_each_target([&] {
    const Results<float> r = by_blocks(c);
    if (!attention_backward_takes_simd(problem_of<float>(c))) return;
    for (std::int64_t j = 0; j < c.S; ++j) {
      const bool reached = j <= 70;  // by the rows 0 to 70
      for (std::int64_t e = 0; e < 16; ++e) {
        const std::size_t at = static_cast<std::size_t>(j * 16 + e);
        ASSERT_EQ(std::isnan(r.dv[at]), reached) << j;
        ASSERT_EQ(std::isnan(r.dk[at]), reached) << j;
      }
    }
  });
}

TEST(AttentionBlock, PartsOfTheKeysJoinToTheWhole) {
  for (const std::int64_t H : {2, 4}) {
    Call c;
    c.H = H, c.G = 1, c.T = 3, c.S = 200, c.D = 8, c.Dv = 5;
    c.causal = true;
    c.left = 120;  // the first part is seen by none
    fill(c, 9);
    const Results<double> expected = by_reference(c);
    testing::for_each_target([&] {
      const AttentionProblem<float> p = problem_of<float>(c);
      const Workspace<float> memory(attention_workspace_simd(p));
      const QueryBlock block = query_block(p, 0, 0, 0);
      const std::int64_t rows = 3 * H;
      ASSERT_EQ(block.rows, rows);
      Results<float> joined(c);
      std::vector<float> z(4 * joined.z.size()), max(4 * joined.row_max.size()), sum(max.size());
      for (std::int64_t i = 0; i < 4; ++i) {
        attention_forward_simd(
            p, block, {i * 50, i * 50 + 50},
            {z.data() + i * rows * 5, max.data() + i * rows, sum.data() + i * rows}, memory.get());
      }
      attention_join_parts(4, rows, 5, {z.data(), max.data(), sum.data()},
                           {joined.z.data(), joined.row_max.data(), joined.row_sum.data()});
      expect_near(joined.z, expected.z, 1e-5, "z");
      expect_near(joined.row_max, expected.row_max, 1e-5, "row_max");
      expect_near(joined.row_sum, expected.row_sum, 2e-5, "row_sum");
    });
  }
}

}  // namespace
}  // namespace clearhead::kernels
