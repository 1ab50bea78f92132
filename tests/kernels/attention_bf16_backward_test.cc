// Backward attention on tiles gives what its precision promises, for every option and every edge of
// its chunks, and leaves to f32 what tiles cannot do.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention/bf16.h"
#include "tests/kernels/attention_call.h"
#include "tests/kernels/on_tiles.h"
#include "tests/scale.h"

namespace clearhead::kernels {
namespace {

using testing::Call;
using testing::kInf;

// A call, and what backward reads beside its operands.
struct BackwardCall {
  Call c;
  std::vector<float> dz, row_max, row_sum, delta;

  AttentionBackward<float> saved() const {
    return {row_max.data(),
            row_sum.data(),
            {dz.data(), c.H * c.T * c.Dv, c.T * c.Dv, c.Dv},
            delta.data()};
  }
};

// What the definition gives, in f64, and beside each gradient the sum of the sizes of its terms.
struct Gradients {
  std::vector<double> q, k, v;
};
struct Expected {
  Gradients gradients, sizes;
};

Gradients zeros(const Call& c) {
  const auto size = [](std::int64_t n) { return std::vector<double>(static_cast<std::size_t>(n)); };
  return {size(c.B * c.H * c.T * c.D), size(c.B * c.G * c.S * c.D), size(c.B * c.G * c.S * c.Dv)};
}

// Adds what row (b, h, t) gives; fills in its softmax and delta.
void add_row(BackwardCall& call, const AttentionProblem<float>& p, std::int64_t b, std::int64_t h,
             std::int64_t t, Expected& e) {
  const Call& c = call.c;
  const std::int64_t row = (b * c.H + h) * c.T + t;
  const testing::ScoreRow scores = testing::score_row(c, p, b, h, t);
  const double max = *std::max_element(scores.scores.begin(), scores.scores.end());
  double sum = 0;
  for (const double score : scores.scores) sum += score == -kInf ? 0 : std::exp(score - max);
  const float* dz = call.dz.data() + row * c.Dv;
  const auto each_pair = [&](const auto& f) {
    for (std::int64_t s = 0; s < c.S; ++s) {
      const double score = scores.scores[static_cast<std::size_t>(s)];
      if (score == -kInf) continue;
      const float* v = p.v.row(b, p.kv_head(h), s);
      double dp = 0, dp_size = 0;
      for (std::int64_t i = 0; i < c.Dv; ++i) {
        const double term = static_cast<double>(dz[i]) * static_cast<double>(v[i]);
        dp += term;
        dp_size += std::abs(term);
      }
      f(s, std::exp(score - max) / sum, dp, dp_size);
    }
  };
  double delta = 0;
  each_pair([&](std::int64_t, double weight, double dp, double) { delta += weight * dp; });
  const auto at = static_cast<std::size_t>(row);
  call.row_max[at] = static_cast<float>(max);
  call.row_sum[at] = static_cast<float>(sum);
  call.delta[at] = static_cast<float>(delta);
  each_pair([&](std::int64_t s, double weight, double dp, double dp_size) {
    const std::int64_t key = (b * c.G + p.kv_head(h)) * c.S + s;
    const double slope = scores.slopes[static_cast<std::size_t>(s)];
    const double ds = weight * (dp - delta) * slope * static_cast<double>(c.scale);
    const double size =
        weight * (dp_size + std::abs(delta)) * std::abs(static_cast<double>(c.scale));
    const auto add = [&](std::vector<double> Gradients::*member, std::int64_t place, double factor,
                         double factor_size, double x) {
      (e.gradients.*member)[static_cast<std::size_t>(place)] += factor * x;
      (e.sizes.*member)[static_cast<std::size_t>(place)] += factor_size * std::abs(x);
    };
    for (std::int64_t d = 0; d < c.D; ++d) {
      const double q = static_cast<double>(p.q.row(b, h, t)[d]);
      const double k = static_cast<double>(p.k.row(b, p.kv_head(h), s)[d]);
      add(&Gradients::q, row * c.D + d, ds, size, k);
      add(&Gradients::k, key * c.D + d, ds, size, q);
    }
    for (std::int64_t i = 0; i < c.Dv; ++i) {
      add(&Gradients::v, key * c.Dv + i, weight, weight, static_cast<double>(dz[i]));
    }
  });
}

Expected expected(BackwardCall& call) {
  const Call& c = call.c;
  const AttentionProblem<float> p = c.problem();
  Expected e = {zeros(c), zeros(c)};
  for (std::int64_t row = 0; row < c.B * c.H * c.T; ++row) {
    add_row(call, p, row / c.T / c.H, row / c.T % c.H, row % c.T, e);
  }
  return e;
}

// Operands that bf16 holds, so that medium multiplies them exactly.
BackwardCall backward_call(Call c, std::uint64_t stream) {
  BackwardCall call = {std::move(c), {}, {}, {}, {}};
  const auto rows = static_cast<std::size_t>(call.c.B * call.c.H * call.c.T);
  call.dz.resize(rows * static_cast<std::size_t>(call.c.Dv));
  Random random(17, stream);
  for (float& x : call.dz) x = static_cast<float>(random.normal());
  for (std::vector<float>* x : {&call.c.q, &call.c.k, &call.c.v, &call.dz}) {
    for (float& number : *x) number = static_cast<float>(testing::operand(call.c, number));
  }
  call.row_max.resize(rows), call.row_sum.resize(rows), call.delta.resize(rows);
  return call;
}

// Memory that begins with a line of a cache, as a tensor's does.
template <typename T>
struct InLines {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  static T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), kLine));
  }
  static void deallocate(T* x, std::size_t) { ::operator delete(x, kLine); }
  bool operator==(const InLines&) const { return true; }
};
using Numbers = std::vector<float, InLines<float>>;

// Gradients, `start` everywhere.
struct Result {
  Numbers q, k, v;

  Result(const Call& c, float start)
      : q(c.q.size(), start), k(c.k.size(), start), v(c.v.size(), start) {}

  GradientRows<float> rows(const Call& c) {
    return {{q.data(), c.H * c.T * c.D, c.T * c.D, c.D},
            {k.data(), c.G * c.S * c.D, c.S * c.D, c.D},
            {v.data(), c.G * c.S * c.Dv, c.S * c.Dv, c.Dv}};
  }
};

// By pieces of `keys` keys, which are added to `start` everywhere or written over it.
Result packed(const BackwardCall& call, std::int64_t keys, float start = 1, bool over = false) {
  const Call& c = call.c;
  const AttentionProblem<float> p = c.problem();
  Result result(c, start);
  const Workspace<float> memory(attention_backward_workspace_bf16(p));
  for (std::int64_t head = 0; head < c.B * c.G; ++head) {
    for (std::int64_t s = 0; s < c.S || s == 0; s += std::max<std::int64_t>(keys, 1)) {
      std::fill_n(memory.get(), attention_backward_workspace_bf16(p),
                  std::numeric_limits<float>::quiet_NaN());
      attention_backward_bf16(p, call.saved(), head / c.G, head % c.G, 0, query_blocks_bf16(p),
                              {s, std::min(s + keys, c.S)}, result.rows(c), over, memory.get());
    }
  }
  return result;
}

// Gradients that are written over what lies there are those that are added to zeros.
void expect_written_as_added(const BackwardCall& call) {
  const Result added = packed(call, call.c.S, 0);
  const Result written = packed(call, call.c.S, std::numeric_limits<float>::quiet_NaN(), true);
  const auto compare = [](const Numbers& x, const Numbers& y) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])))
          << i << ": " << x[i] << ", not " << y[i];
    }
  };
  compare(written.q, added.q);
  compare(written.k, added.k);
  compare(written.v, added.v);
}

// Medium: weights err by at most 0.72 %, ds by 0.4 % more where it is rounded. High: each factor by
// 2⁻¹⁷, hence scores of up to Σ|q·k|·scale ≈ 20 by 3e-4.
void expect_close(const Call& c, std::uint64_t stream, std::int64_t keys) {
  SCOPED_TRACE(c.describe());
  BackwardCall call = backward_call(c, stream);
  const Expected e = expected(call);
  const Result actual = packed(call, keys);
  const double tolerance = c.precision == Precision::medium ? 0.013 : 5e-4;
  const auto compare = [&](const char* name, const Numbers& x, const std::vector<double>& exact,
                           const std::vector<double>& size) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_NEAR(x[i] - 1, exact[i], tolerance * size[i] + 1e-6) << name << " " << i;
    }
  };
  compare("dq", actual.q, e.gradients.q, e.sizes.q);
  compare("dk", actual.k, e.gradients.k, e.sizes.k);
  compare("dv", actual.v, e.gradients.v, e.sizes.v);
  if (stream % 4 == 0) expect_written_as_added(call);
}

using AttentionPackedBackward = testing::OnTiles;
INSTANTIATE_TEST_SUITE_P(Tiles, AttentionPackedBackward, testing::kAllTiles, testing::tiles_name);

TEST_P(AttentionPackedBackward, EverySizeAroundStripsGroupsAndChunks) {
  std::uint64_t stream = 0;
  for (const std::int64_t T : {1, 16, 31, 32, 33, 64, 97, 127, 128, 129, 200}) {
    for (const std::int64_t S : {1, 15, 16, 31, 32, 33, 127, 128, 129, 161}) {
      if (is_small_scale() && (T + S) % 3 != 0) continue;
      Call c;
      c.T = T, c.S = S, c.D = 1 + static_cast<std::int64_t>(stream * 7 % 70);
      c.Dv = 1 + static_cast<std::int64_t>(stream * 11 % 70);
      c.is_causal = stream % 2 == 1;
      c.precision = precision();
      c.fill(++stream);
      expect_close(c, stream, S);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(AttentionPackedBackward, EveryHeadSize) {
  for (const std::int64_t D : {8, 16, 31, 32, 33, 63, 64, 65, 80, 96, 128, 200, 256}) {
    Call c;
    c.T = 40, c.S = 150, c.D = D, c.Dv = 264 - D;
    c.scale = 1 / std::sqrt(static_cast<float>(D));
    c.precision = precision();
    c.fill(static_cast<std::uint64_t>(D));
    expect_close(c, static_cast<std::uint64_t>(D), c.S);
  }
}

// Several stretches of keys, of which the last is not whole.
TEST_P(AttentionPackedBackward, Stretches) {
  for (const std::int64_t left : {-1, 70}) {
    Call c;
    c.T = 140, c.S = 1500, c.D = 128, c.Dv = 100, c.is_causal = true, c.offset = 1360;
    c.left = left;
    c.scale = 0.1F, c.precision = precision();
    c.fill(8);
    expect_close(c, 8, c.S);
  }
}

TEST_P(AttentionPackedBackward, EveryOption) {
  for (int i = 0; i < rounds(150); ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    expect_close(testing::random_call(seed, precision()), seed, i % 2 == 0 ? 64 : 512);
    if (HasFatalFailure()) return;
  }
}

// What one query or key holds reaches the gradients that f32 lets it reach, and no others.
TEST_P(AttentionPackedBackward, NumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, inf, -inf, 3e38F}) {
    for (const int where : {0, 1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << bad << " in operand " << where);
      Call c;
      c.T = 150, c.S = 250, c.D = 20, c.Dv = 20, c.is_causal = true, c.offset = 100;
      c.precision = precision();
      c.fill(3);
      BackwardCall call = backward_call(c, 3);
      (void)expected(call);  // the softmax of sound operands
      if (where == 0) call.c.q[7 * 20 + 3] = bad;
      if (where == 1) call.c.k[110 * 20 + 3] = bad;
      if (where == 2) call.c.v[110 * 20 + 3] = bad;
      if (where == 3) call.dz[30 * 20 + 4] = bad;
      const Result actual = packed(call, c.S);
      expect_written_as_added(call);
      const AttentionProblem<float> p = call.c.problem();
      Result f32(c, 1);
      const Workspace<float> memory(attention_workspace_simd(p));
      std::vector<float> z(call.dz.size()), row_max(150), row_sum(150), delta(150);
      for (std::int64_t i = 0; i < query_blocks(p); ++i) {
        const QueryBlock block = query_block(p, 0, 0, i);
        const std::int64_t row = row_of(p, block);
        attention_forward_simd(
            p, block, {0, c.S},
            {&z[static_cast<std::size_t>(row * c.Dv)], &row_max[static_cast<std::size_t>(row)],
             &row_sum[static_cast<std::size_t>(row)]},
            memory.get());
      }
      attention_delta_simd(150, c.Dv, call.dz.data(), c.Dv, z.data(), c.Dv, delta.data());
      for (std::int64_t i = 0; i < query_blocks(p); ++i) {
        attention_backward_simd(p, {row_max.data(), row_sum.data(), call.saved().dz, delta.data()},
                                query_block(p, 0, 0, i), {0, c.S}, f32.rows(c), memory.get());
      }
      const auto compare = [](const Numbers& x, const Numbers& y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
          if (!std::isfinite(y[i])) {
            ASSERT_EQ(std::isnan(x[i]), std::isnan(y[i])) << i;
            if (std::isinf(y[i])) {
              ASSERT_EQ(x[i], y[i]) << i;
            }
          } else {
            ASSERT_NEAR(x[i], y[i], 0.05 * std::max(1.0F, std::abs(y[i]))) << i;
          }
        }
      };
      compare(actual.q, f32.q);
      compare(actual.k, f32.k);
      compare(actual.v, f32.v);
    }
  }
}

// Large gradients are written past the caches, if their rows are whole lines.
TEST_P(AttentionPackedBackward, LargeGradientsAreWrittenAsSmallOnes) {
  for (const std::int64_t D : {64, 63}) {
    Call c;
    c.T = 16700, c.S = 40, c.D = c.Dv = D, c.precision = precision();
    c.left = 100;  // most queries see no key
    c.fill(9);
    BackwardCall call = backward_call(c, 9);
    std::fill(call.row_sum.begin(), call.row_sum.end(), 1.0F);
    expect_written_as_added(call);
  }
}

// Where a query sees no key, no query sees a key, or there are none at all.
TEST_P(AttentionPackedBackward, WhatSeesNothingIsWrittenAsZero) {
  struct Keys {
    std::int64_t all, seen;
  };
  for (const Keys& keys : {Keys{0, 0}, Keys{300, 0}, Keys{300, 20}, Keys{300, 300}}) {
    for (const std::int64_t offset : {-400, -200, 0, 500}) {
      Call c;
      c.T = 300, c.S = keys.all, c.D = 16, c.Dv = 24, c.precision = precision();
      c.is_causal = true, c.left = 40, c.key_count = keys.seen, c.offset = offset;
      c.fill(10);
      SCOPED_TRACE(c.describe());
      BackwardCall call = backward_call(c, 10);
      std::fill(call.row_sum.begin(), call.row_sum.end(), 1.0F);
      expect_written_as_added(call);
    }
  }
}

// Tiles refuse one chunk of two heads that share several stretches of keys.
TEST_P(AttentionPackedBackward, WhatTilesRefuseIsWrittenAsAdded) {
  Call c;
  c.H = 2, c.T = 20, c.S = 600, c.D = 128, c.Dv = 100, c.precision = precision();
  c.scale = 0.1F;
  c.fill(12);
  BackwardCall call = backward_call(c, 12);
  call.c.q[static_cast<std::size_t>(23 * c.D)] = 3e38F;
  std::fill(call.row_sum.begin(), call.row_sum.end(), 1e4F);
  expect_written_as_added(call);
}

TEST_P(AttentionPackedBackward, GradientsThatAreNotWantedAreLeftAlone) {
  Call c;
  c.T = 70, c.S = 90, c.precision = precision();
  c.fill(6);
  BackwardCall call = backward_call(c, 6);
  (void)expected(call);
  const AttentionProblem<float> p = call.c.problem();
  const Workspace<float> memory(attention_backward_workspace_bf16(p));
  for (const bool over : {false, true}) {
    const Result all = packed(call, c.S, 1, over);
    for (const int one : {0, 1, 2}) {
      Result result(c, 1);
      GradientRows<float> to = {};
      if (one == 0) to.q = result.rows(c).q;
      if (one == 1) to.k = result.rows(c).k;
      if (one == 2) to.v = result.rows(c).v;
      attention_backward_bf16(p, call.saved(), 0, 0, 0, query_blocks_bf16(p), {0, c.S}, to, over,
                              memory.get());
      EXPECT_EQ(result.q, one == 0 ? all.q : Numbers(c.q.size(), 1));
      EXPECT_EQ(result.k, one == 1 ? all.k : Numbers(c.k.size(), 1));
      EXPECT_EQ(result.v, one == 2 ? all.v : Numbers(c.v.size(), 1));
    }
  }
}

}  // namespace
}  // namespace clearhead::kernels
