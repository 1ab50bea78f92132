// Attention with pooling: the reference follows the definition, and every target follows the
// reference, for all options and for cells and lengths around the tiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "clearhead/base/half.h"
#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/pool.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/targets/tiles.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Call {
  std::int64_t H = 1, G = 1, T = 16, S = 16, D = 16, Dv = 0, cell = 4;
  bool causal = false;
  std::int64_t left = -1, right = -1, offset = 0, key_count = -1;
  double scale = 0.5, softcap = 0;
  bool bias = false;  // one for each key, some so low that they all but hide it, some −∞
  Precision precision = Precision::highest;
};

// Operands of a call in f32 and f64; for Precision::medium, as tiles see them: rounded to bf16.
struct Operands {
  Operands(const Call& c, std::uint64_t seed) : call(c) {
    Random random(seed);
    const auto fill = [&](std::vector<float>& x, std::vector<double>& y, std::int64_t n) {
      for (std::int64_t i = 0; i < n; ++i) {
        x.push_back(static_cast<float>(bf16(static_cast<float>(random.normal()))));
        y.push_back(static_cast<double>(x.back()));
      }
    };
    fill(q32, q64, c.H * c.T * c.D);
    fill(k32, k64, c.G * c.S * c.D);
    fill(v32, v64, c.G * c.S * c.Dv);
    fill(bias32, bias64, c.S);
    for (std::int64_t s = 0; s < c.S; ++s) {
      if (s % 7 != 0 && s % 50 > 3) continue;
      bias32[s] = s % 7 == 0 ? std::numeric_limits<float>::lowest() : -static_cast<float>(kInf);
      bias64[s] = static_cast<double>(bias32[s]);
    }
    offset = c.offset;
    key_count = c.key_count < 0 ? c.S : c.key_count;
  }

  template <typename T>
  AttentionProblem<T> problem() const {
    AttentionProblem<T> p = {};
    const auto view = [&](const auto& x, std::int64_t heads, std::int64_t length,
                          std::int64_t size) {
      return HeadsView<T>{x.data(), heads * length * size, length * size, size};
    };
    p.B = 1, p.H = call.H, p.G = call.G, p.queries = call.T, p.keys = call.S;
    p.D = call.D, p.Dv = call.Dv;
    if constexpr (std::is_same_v<T, float>) {
      p.q = view(q32, call.H, call.T, call.D);
      p.k = view(k32, call.G, call.S, call.D);
      p.v = view(v32, call.G, call.S, call.Dv);
      if (call.bias) p.mask = {nullptr, bias32.data(), 0, 0, 0, 1};
    } else {
      p.q = view(q64, call.H, call.T, call.D);
      p.k = view(k64, call.G, call.S, call.D);
      p.v = view(v64, call.G, call.S, call.Dv);
      if (call.bias) p.mask = {nullptr, bias64.data(), 0, 0, 0, 1};
    }
    p.rule = {call.causal, call.scale, call.softcap, call.left, call.right};
    p.offset = &offset, p.key_count = &key_count;
    p.rounding = SoftmaxRounding::none;
    p.precision = call.precision;
    return p;
  }

  Call call;
  std::vector<float> q32, k32, v32, bias32;
  std::vector<double> q64, k64, v64, bias64;
  std::int64_t offset, key_count;
};

// Results of all rows; numbers that are not written stay −7.
template <typename T>
struct Results {
  explicit Results(const Call& c)
      : cells((c.S + c.cell - 1) / c.cell),
        Dv(c.Dv),
        cell(c.cell),
        z(size(c.H * c.T * c.Dv), -7),
        row_max(size(c.H * c.T), -7),
        row_sum(row_max),
        mean_score(row_max),
        cell_max(size(c.H * c.T * cells), -7),
        cell_sum(cell_max) {}
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

  PooledRows<T> from(std::int64_t row) {
    return {z.data() + row * Dv,
            row_max.data() + row,
            row_sum.data() + row,
            mean_score.data() + row,
            cell,
            cells,
            cell_max.data() + row * cells,
            cell_sum.data() + row * cells};
  }

  std::int64_t cells, Dv, cell;
  std::vector<T> z, row_max, row_sum, mean_score, cell_max, cell_sum;
};

Results<double> by_reference(const Operands& o) {
  const Call& c = o.call;
  const AttentionProblem<double> p = o.problem<double>();
  Results<double> r(c);
  const Workspace<double> memory(attention_workspace_scalar(p));
  for (std::int64_t h = 0; h < c.H; ++h) {
    for (std::int64_t t = 0; t < c.T; t += kQueryTile) {
      attention_pool_scalar(p, 0, h, t, std::min(t + kQueryTile, c.T), r.from(h * c.T + t),
                            memory.get());
    }
  }
  return r;
}

Results<float> by_rows(const Operands& o) {
  const Call& c = o.call;
  const AttentionProblem<float> p = o.problem<float>();
  Results<float> r(c);
  const bool packed = attention_pool_takes_bf16(p, c.cell);
  const Workspace<char> head(packed ? pool_head_bytes(p) : 64);
  const Workspace<float> memory(attention_pool_workspace(p, c.cell));
  for (std::int64_t h = 0; h < c.H; ++h) {
    for (std::int64_t i = 0; packed && i < pack_pieces({0, c.S}); ++i) {
      pack_pool_piece(p, 0, p.kv_head(h), i, head.get());
    }
    for (std::int64_t t = 0; t < c.T; t += kPoolRows) {
      attention_pool(p, 0, h, t, std::min(t + kPoolRows, c.T), packed ? head.get() : nullptr,
                     r.from(h * c.T + t), memory.get());
    }
  }
  return r;
}

// f32: 2e-5, a few hundred sums of rounded numbers. Tiles: weights of medium are off by at most
// 0.72 % (docs/performance-notes-amx.md), those of high by 2⁻¹⁶ for each factor of a score.
void expect_close(const Operands& o) {
  const Call& c = o.call;
  const Results<double> e = by_reference(o);
  const Results<float> r = by_rows(o);
  const bool packed = attention_pool_takes_bf16(o.problem<float>(), c.cell);
  const double weights = !packed ? 2e-5 : c.precision == Precision::medium ? 0.0075 : 3e-4;
  const double scores = packed && c.precision == Precision::high ? 2e-4 : 2e-5;
  for (std::int64_t row = 0; row < c.H * c.T; ++row) {
    SCOPED_TRACE("row " + std::to_string(row));
    // The cells of all rows of the same call.
    const std::int64_t t = row % c.T / kPoolRows * kPoolRows;
    const KeyRange seen =
        pooled_cells(o.problem<float>(), 0, t, std::min(t + kPoolRows, c.T), c.cell);
    if (e.row_sum[row] == 0) {
      ASSERT_EQ(static_cast<double>(r.row_max[row]), -kInf);
      ASSERT_EQ(r.row_sum[row], 0);
      ASSERT_EQ(r.mean_score[row], 0);
    } else {
      ASSERT_NEAR(r.row_max[row], e.row_max[row], scores * (1 + std::abs(e.row_max[row])));
      ASSERT_NEAR(r.row_sum[row], e.row_sum[row], weights * e.row_sum[row]);
      ASSERT_NEAR(r.mean_score[row], e.mean_score[row],
                  scores + 2 * weights * (1 + std::abs(e.row_max[row])));
    }
    for (std::int64_t cell = seen.begin; cell < seen.end; ++cell) {
      const std::int64_t at = row * e.cells + cell;
      if (e.cell_max[at] == -kInf) {
        ASSERT_EQ(static_cast<double>(r.cell_max[at]), -kInf) << "cell " << cell;
        ASSERT_EQ(r.cell_sum[at], 0) << "cell " << cell;
      } else {
        ASSERT_NEAR(r.cell_max[at], e.cell_max[at], scores * (1 + std::abs(e.cell_max[at])));
        ASSERT_NEAR(r.cell_sum[at], e.cell_sum[at], weights * e.cell_sum[at] + 1e-7) << cell;
      }
    }
    for (std::int64_t i = 0; i < c.Dv; ++i) {
      ASSERT_NEAR(r.z[row * c.Dv + i], e.z[row * c.Dv + i], 10 * weights);
    }
  }
}

TEST(AttentionPool, TheReferenceFollowsTheDefinition) {
  const Call c{
      .H = 2, .G = 1, .T = 37, .S = 70, .D = 5, .cell = 9, .left = 20, .right = 3, .offset = 11};
  const Operands o(c, 1);
  const AttentionProblem<double> p = o.problem<double>();
  const Results<double> r = by_reference(o);
  for (std::int64_t h = 0; h < c.H; ++h) {
    for (std::int64_t t = 0; t < c.T; ++t) {
      const std::int64_t row = h * c.T + t;
      std::vector<double> scores(static_cast<std::size_t>(c.S), -kInf);
      const KeyRange seen = visible_keys(p, 0, t);
      for (std::int64_t s = seen.begin; s < std::min(seen.end, c.S); ++s) {
        double score = 0;
        for (std::int64_t d = 0; d < c.D; ++d) score += p.q.row(0, h, t)[d] * p.k.row(0, 0, s)[d];
        scores[s] = score * c.scale;
      }
      const double max = *std::max_element(scores.begin(), scores.end());
      double sum = 0, moment = 0;
      std::vector<double> cell_max(r.cells, -kInf), cell_sum(r.cells, 0.0);
      for (std::int64_t s = 0; s < c.S; ++s) {
        if (scores[s] == -kInf) continue;
        const double weight = std::exp(scores[s] - max);
        sum += weight;
        moment += weight * scores[s];
        cell_sum[s / c.cell] += weight;
        cell_max[s / c.cell] = std::max(cell_max[s / c.cell], scores[s]);
      }
      EXPECT_NEAR(r.mean_score[row], moment / sum, 1e-12);
      for (std::int64_t cell = 0; cell < r.cells; ++cell) {
        const std::int64_t at = row * r.cells + cell;
        if (cell_max[cell] == -kInf) {
          EXPECT_EQ(r.cell_max[at], -kInf);
        } else {
          EXPECT_NEAR(r.cell_max[at], cell_max[cell], 1e-12);
        }
        EXPECT_NEAR(r.cell_sum[at], cell_sum[cell], 1e-12);
      }
    }
  }
}

TEST(AttentionPool, EveryTargetFollowsTheReference) {
  const std::vector<Call> calls = {
      {},
      {.T = 1, .S = 1, .D = 1, .cell = 1},
      {.T = 100, .S = 130, .D = 24, .Dv = 8, .cell = 1, .causal = true, .offset = 30},
      {.H = 4, .G = 2, .T = 65, .S = 65, .D = 33, .cell = 7, .causal = true},
      {.T = 70, .S = 300, .D = 64, .cell = 64, .left = 40, .right = 9, .offset = 100},
      {.T = 64, .S = 200, .D = 16, .Dv = 40, .cell = 100, .softcap = 3},
      {.T = 70, .S = 200, .D = 16, .Dv = 8, .cell = 64, .causal = true, .bias = true},
      {.T = 3, .S = 500, .D = 64, .cell = 128, .key_count = 333},
      {.T = 600, .S = 600, .D = 32, .cell = 96, .causal = true},
      {.T = 130, .S = 130, .D = 32, .cell = 64, .causal = true, .scale = 0},
      {.T = 20, .S = 40, .D = 8, .cell = 16, .causal = true, .offset = -7},  // seven rows see none
  };
  testing::for_each_target([&] {
    for (const Call& call : calls) {
      for (const Precision precision : {Precision::highest, Precision::high, Precision::medium}) {
        Call c = call;
        c.precision = precision;
        SCOPED_TRACE("T " + std::to_string(c.T) + " S " + std::to_string(c.S) + " cell " +
                     std::to_string(c.cell) + " precision " +
                     std::to_string(static_cast<int>(precision)));
        expect_close(Operands(c, 5));
      }
    }
  });
}

// Cells and lengths around the chunks of 128 keys and steps of 32, with and without values.
TEST(AttentionPool, PackedCellsOfEverySize) {
  testing::for_each_target([&] {
    if (!tiles_serve(Precision::medium)) return;
    for (const std::int64_t cell : {64, 96, 128, 160, 512}) {
      for (const std::int64_t S : {31, 64, 127, 513, 1100}) {
        for (const bool causal : {false, true}) {
          const Call c{.T = 70,
                       .S = S,
                       .D = 48,
                       .Dv = causal ? 16 : 0,
                       .cell = cell,
                       .causal = causal,
                       .offset = S - 70,
                       .precision = Precision::medium};
          SCOPED_TRACE("cell " + std::to_string(cell) + " S " + std::to_string(S));
          const Operands o(c, 9);
          ASSERT_TRUE(attention_pool_takes_bf16(o.problem<float>(), cell));
          expect_close(o);
        }
      }
    }
  });
}

// A row whose largest score grows from cell to cell, each time past what the reference bears, so
// that what was kept has to be rescaled.
TEST(AttentionPool, GrowingScoresRescaleWhatWasKept) {
  testing::for_each_target([&] {
    Call c{.T = 40, .S = 1024, .D = 32, .Dv = 8, .cell = 64, .scale = 1};
    for (const Precision precision : {Precision::highest, Precision::medium}) {
      c.precision = precision;
      Operands o(c, 3);
      for (std::int64_t t = 0; t < c.T; ++t) {
        for (std::int64_t d = 0; d < c.D; ++d) {
          o.q32[t * c.D + d] = 0.125F;
          o.q64[t * c.D + d] = 0.125;
        }
      }
      for (std::int64_t s = 0; s < c.S; ++s) {
        for (std::int64_t d = 0; d < c.D; ++d) {
          // Scores from −4 to 60, in steps of 1/16 that bf16 has.
          const double x = static_cast<double>(s / 16) / 4 - 1;
          o.k32[s * c.D + d] = static_cast<float>(x);
          o.k64[s * c.D + d] = x;
        }
      }
      expect_close(o);
    }
  });
}

TEST(AttentionPool, ANaNTouchesItsRowsOnly) {
  testing::for_each_target([&] {
    Call c{.T = 40, .S = 256, .D = 16, .cell = 64, .precision = Precision::medium};
    Operands o(c, 4);
    const Results<float> good = by_rows(o);
    o.q32[5 * c.D + 3] = std::numeric_limits<float>::quiet_NaN();
    Results<float> r = by_rows(o);
    EXPECT_TRUE(std::isnan(r.row_sum[5]));
    EXPECT_TRUE(std::isnan(r.cell_max[5 * r.cells]));
    for (const std::int64_t row : {4, 6}) {
      EXPECT_EQ(r.row_sum[row], good.row_sum[row]);
      EXPECT_EQ(r.cell_sum[row * r.cells + 1], good.cell_sum[row * r.cells + 1]);
    }
    std::vector<float> log_max(r.cells, -static_cast<float>(kInf)), sum(r.cells, 0.0F);
    pool_into_cells(r.from(0), c.T, {0, r.cells}, log_max.data(), sum.data());
    EXPECT_TRUE(std::isnan(log_max[0]));  // no NaN is ever hidden
    EXPECT_TRUE(std::isnan(sum[0]));
  });
}

TEST(AttentionPool, CellsOfRowsAreTheLargestAndTheSumOfWeights) {
  const Call c{.T = 30, .S = 64, .D = 8, .cell = 16};
  const Operands o(c, 6);
  Results<float> r = by_rows(o);
  const Results<double> e = by_reference(o);
  std::vector<float> log_max(r.cells, -static_cast<float>(kInf)), sum(r.cells, 0.0F);
  pool_into_cells(r.from(0), c.T, {0, r.cells}, log_max.data(), sum.data());
  double all = 0;
  for (std::int64_t cell = 0; cell < r.cells; ++cell) {
    double largest = 0, mass = 0;
    for (std::int64_t t = 0; t < c.T; ++t) {
      const std::int64_t at = t * r.cells + cell;
      largest = std::max(largest, std::exp(e.cell_max[at] - e.row_max[t]) / e.row_sum[t]);
      mass += e.cell_sum[at] / e.row_sum[t];
    }
    EXPECT_NEAR(std::exp(log_max[cell]), largest, 1e-5 * largest);
    EXPECT_NEAR(sum[cell], mass, 1e-5 * mass);
    all += static_cast<double>(sum[cell]);
  }
  EXPECT_NEAR(all, c.T, 1e-4);  // every row's weights sum to 1
}

}  // namespace
}  // namespace clearhead::kernels
