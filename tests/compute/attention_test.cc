// Fused attention as ops/ and lens/ ask for it. What it calculates is tested there, through the
// operation; here stands what only its callers see: where gradients go, rules, and cells.
#include "clearhead/compute/attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "tests/testing.h"

namespace clearhead::compute {
namespace {

using ::testing::HasSubstr;

Tensor normal(const Shape& shape, std::uint64_t stream) {
  return random_tensor(shape, stream, DType::f32);
}

// Heads one after the other, or beside each other in each row as a linear map leaves them.
Tensor heads(std::int64_t B, std::int64_t H, std::int64_t T, std::int64_t D, bool beside,
             std::uint64_t stream) {
  return beside ? normal({B, T, H, D}, stream).transpose(1, 2) : normal({B, H, T, D}, stream);
}

Attention random_call(std::int64_t B, std::int64_t H, std::int64_t T, std::int64_t D, bool beside) {
  Attention a;
  a.B = B, a.H = H, a.G = H, a.T = T, a.S = T, a.D = D, a.Dv = D;
  a.q = heads(B, H, T, D, beside, 1);
  a.k = heads(B, H, T, D, beside, 2);
  a.v = heads(B, H, T, D, beside, 3);
  a.offset.assign(static_cast<std::size_t>(B), 0);
  a.key_count.assign(static_cast<std::size_t>(B), T);
  a.gradients_follow = true;
  set_rule(a, {.is_causal = true}, "test");
  return a;
}

// q, k and v one after the other, row-major.
using Gradients = std::vector<std::vector<float>>;

TEST(Attention, AGradientThatIsWrittenOverIsOneThatIsAddedToZeros) {
  struct Size {
    std::int64_t B, H, T, D;
  };
  // The work of heads, and of parts of long heads.
  for (const Size& s : {Size{4, 4, 40, 16}, Size{1, 2, 600, 16}}) {
    for (const bool beside : {false, true}) {
      const Attention a = random_call(s.B, s.H, s.T, s.D, beside);
      const AttentionForward forward = attention_forward(a);
      const Tensor d_z = heads(s.B, s.H, s.T, s.D, beside, 4);

      Tensor fresh[3] = {empty_gradient(a, a.q), empty_gradient(a, a.k), empty_gradient(a, a.v)};
      for (Tensor& d : fresh) {  // whatever they held
        std::fill_n(d.mutable_data<float>(), d.count(), std::numeric_limits<float>::quiet_NaN());
      }
      attention_backward<float>(a, forward, d_z,
                                {{fresh[0], false}, {fresh[1], false}, {fresh[2], false}, nullptr});
      Tensor sum[3] = {Tensor(a.q.shape()), Tensor(a.k.shape()), Tensor(a.v.shape())};
      attention_backward<float>(a, forward, d_z,
                                {{sum[0], true}, {sum[1], true}, {sum[2], true}, nullptr});
      for (int i = 0; i < 3; ++i) EXPECT_EQ(numbers_of(fresh[i]), numbers_of(sum[i])) << i;

      Tensor alone = Tensor(a.k.shape());
      attention_backward<float>(a, forward, d_z, {{}, {alone, true}, {}, nullptr});
      EXPECT_EQ(numbers_of(alone), numbers_of(sum[1])) << "unwanted ones are left out";
    }
  }
}

// Several threads work on one long head; without care they would add to the same rows at a time.
TEST(Attention, OperandsThatAreOneTensorShareAGradient) {
  Attention a = random_call(1, 1, 1024, 16, false);
  a.k = a.v = a.q;
  set_rule(a, {}, "test");
  const AttentionForward forward = attention_forward(a);
  const Tensor d_z = normal(a.q.shape(), 4);
  const auto shared_gradient = [&] {
    Tensor d = empty_gradient(a, a.q);
    attention_backward<float>(a, forward, d_z, {{d, false}, {d, true}, {d, true}, nullptr});
    return d;
  };
  Tensor sum(a.q.shape());
  for (const int operand : {0, 1, 2}) {
    AttentionGradients<float> to;
    (operand == 0 ? to.q : operand == 1 ? to.k : to.v) = HeadsInto<float>(sum, /*add=*/true);
    attention_backward<float>(a, forward, d_z, to);
  }
  set_thread_count(1);
  const Tensor by_one = shared_gradient();
  EXPECT_LE(largest_difference(by_one, sum), 1e-4);  // added in another order
  set_thread_count(2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(numbers_of(shared_gradient()), numbers_of(by_one));
  set_thread_count(0);
}

TEST(Attention, WhatNoQueryMeetsHasAGradientOfZero) {
  Attention a = random_call(1, 2, 40, 8, false);
  a.q = a.q.slice(2, 0, 0);
  a.T = 0;
  Tensor d_k = empty_gradient(a, a.k);
  std::fill_n(d_k.mutable_data<float>(), d_k.count(), 7.0F);
  attention_backward<float>(a, attention_forward(a), Tensor({1, 2, 0, 8}),
                            {{}, {d_k, false}, {}, nullptr});
  EXPECT_EQ(numbers_of(d_k), std::vector<double>(2 * 40 * 8, 0.0));
}

TEST(Attention, WhereThereAreNoKeysQueriesHaveAGradientOfZero) {
  for (const Precision precision : {Precision::highest, Precision::medium}) {
    Attention a = random_call(2, 2, 40, 8, false);
    a.k = a.v = a.k.slice(2, 0, 0);
    a.S = 0, a.key_count = {0, 0}, a.precision = precision;
    Tensor d_q = empty_gradient(a, a.q);
    std::fill_n(d_q.mutable_data<float>(), d_q.count(), 7.0F);
    Tensor d_k(a.k.shape()), d_v(a.k.shape());
    attention_backward<float>(a, attention_forward(a), Tensor({2, 2, 40, 8}),
                              {{d_q, false}, {d_k, false}, {d_v, false}, nullptr});
    EXPECT_EQ(numbers_of(d_q), std::vector<double>(2 * 2 * 40 * 8, 0.0));
  }
}

// Causal attention over parts of the keys, joined, is that over all of them; the first queries see
// no key of the later parts.
TEST(Attention, PartsOfTheKeysAreJoined) {
  const Attention a = random_call(2, 3, 50, 8, false);
  const AttentionForward whole = attention_forward(a);
  const auto over = [&](std::int64_t begin, std::int64_t end) {
    Attention part = a;
    part.k = a.k.slice(2, begin, end);
    part.v = a.v.slice(2, begin, end);
    part.S = end - begin;
    part.offset.assign(2, -begin);
    part.key_count.assign(2, part.S);
    return attention_forward(part);
  };
  AttentionForward joined = over(20, 50);
  attention_join(joined, over(0, 13));
  attention_join(joined, over(13, 20));
  // Three results instead of one are rounded to f32, of numbers near 1.
  EXPECT_LE(largest_difference(joined.z, whole.z), 5e-7);
  EXPECT_EQ(numbers_of(joined.row_max), numbers_of(whole.row_max));
  EXPECT_LE(largest_difference(joined.row_sum, whole.row_sum), 5e-7);
}

std::string error_of(const AttentionRule& rule) {
  return clearhead::error_of([&] {
    Attention a = random_call(1, 1, 3, 4, false);
    set_rule(a, rule, "somebody");
  });
}

TEST(Attention, ARuleIsCompletedOrRefused) {
  Attention a = random_call(1, 1, 3, 4, false);
  set_rule(a, {.left_window_size = std::numeric_limits<std::int64_t>::max()}, "somebody");
  EXPECT_EQ(a.rule.scale, 0.5);
  EXPECT_LT(a.rule.left_window_size, 100);
  EXPECT_EQ(a.visible_keys(0, 2).begin, 0);
  EXPECT_EQ(a.rule.right_window_size, -1);

  EXPECT_THAT(error_of({.right_window_size = -2}), HasSubstr("somebody: left_window_size and"));
  EXPECT_THAT(error_of({.scale = NAN}), HasSubstr("somebody: scale must be a finite number"));
  EXPECT_THAT(error_of({.scale = 1e300}), HasSubstr("scale 1e+300 is infinite in f32"));
  EXPECT_THAT(error_of({.softcap = -1}), HasSubstr("softcap must be 0 (none) or a positive"));
  EXPECT_THAT(error_of({.softcap = 1e-50}), HasSubstr("softcap 1e-50 is 0 in f32"));
}

// Every weight is in one cell, and the weights of a row sum to 1.
TEST(Attention, CellsHoldThePattern) {
  const Attention a = random_call(1, 1, 300, 8, false);
  const AttentionCells cells = attention_cells(a, 32, {});
  ASSERT_EQ(cells.sum.shape(), (Shape{10, 10}));
  const AttentionForward forward = attention_forward(a);
  EXPECT_EQ(numbers_of(cells.rows.row_max), numbers_of(forward.row_max));
  const Tensor pattern =
      attention_tile(a, AttentionStage::pattern, forward, {0, 0, 0, 0}, {1, 1, 300, 300});
  for (std::int64_t i = 0; i < 10; ++i) {
    for (std::int64_t j = 0; j < 10; ++j) {
      double max = 0, sum = 0;
      for (std::int64_t t = 32 * i; t < std::min<std::int64_t>(32 * i + 32, 300); ++t) {
        for (std::int64_t s = 32 * j; s < std::min<std::int64_t>(32 * j + 32, 300); ++s) {
          max = std::max(max, pattern.at({0, 0, t, s}));
          sum += pattern.at({0, 0, t, s});
        }
      }
      // Two ways to sum up to 1,024 weights in f32.
      EXPECT_NEAR(cells.max.at({i, j}), max, 1e-6);
      EXPECT_NEAR(cells.sum.at({i, j}), sum, 1e-5);
    }
  }
}

}  // namespace
}  // namespace clearhead::compute
