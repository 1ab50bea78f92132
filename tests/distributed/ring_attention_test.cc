// Attention over ranks is attention in one process: results, gradients, rules, errors; and what it
// sends and holds is what the theory says. Each rank calculates the whole by itself and compares
// its part.
#include "clearhead/distributed/ring_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "clearhead/base/peak_memory.h"
#include "tests/distributed/ranks.h"
#include "tests/testing.h"

namespace clearhead::distributed {
namespace {

// Results are rounded to f32, and scores and weights before them. One process and a ring add the
// same numbers in other orders, so that each errs by some 1e-7 of a number, or of 1 if it is less;
// gradients are sums of more of them.
constexpr double kForwardTolerance = 1e-6, kGradientTolerance = 1e-5;
// The same in f64, whose rounding is 5e-10 of that of f32.
constexpr double kTolerance64 = 1e-13;

struct Sizes {
  std::int64_t B = 2, H = 4, G = 2, T = 70, D = 16, Dv = 8;
};

// The whole of a call, with random operands.
struct Whole {
  compute::Attention attention;
  Tensor d_z;
  compute::AttentionForward forward;
  RingGradients gradients;
};

template <typename T>
RingGradients gradients_of(const compute::Attention& a, const compute::AttentionForward& forward,
                           const Tensor& d_z) {
  RingGradients d{Tensor(a.q.shape(), a.q.dtype()), Tensor(a.k.shape(), a.q.dtype()),
                  Tensor(a.v.shape(), a.q.dtype())};
  compute::AttentionGradients<T> into;
  into.q = compute::HeadsInto<T>(d.q, /*add=*/true);
  into.k = compute::HeadsInto<T>(d.k, /*add=*/true);
  into.v = compute::HeadsInto<T>(d.v, /*add=*/true);
  compute::attention_backward(a, forward, d_z, into);
  return d;
}

Whole whole_of(const Sizes& s, const AttentionRule& rule, DType type) {
  Whole whole;
  compute::Attention& a = whole.attention;
  a.B = s.B, a.H = s.H, a.G = s.G, a.T = s.T, a.S = s.T, a.D = s.D, a.Dv = s.Dv;
  a.q = random_tensor({s.B, s.H, s.T, s.D}, 1, type);
  a.k = random_tensor({s.B, s.G, s.T, s.D}, 2, type);
  a.v = random_tensor({s.B, s.G, s.T, s.Dv}, 3, type);
  a.offset.assign(static_cast<std::size_t>(s.B), 0);
  a.key_count.assign(static_cast<std::size_t>(s.B), s.T);
  a.gradients_follow = true;
  compute::set_rule(a, rule, "test");
  whole.d_z = random_tensor({s.B, s.H, s.T, s.Dv}, 4, type);
  whole.forward = compute::attention_forward(a);
  whole.gradients = type == DType::f64 ? gradients_of<double>(a, whole.forward, whole.d_z)
                                       : gradients_of<float>(a, whole.forward, whole.d_z);
  return whole;
}

Tensor part(const Tensor& whole) { return ring_part(whole, ranks().rank(), ranks().size()); }

RingAttention part_of(const compute::Attention& a, const AttentionRule& rule) {
  return {part(a.q), part(a.k), part(a.v), a.T, rule};
}

void expect_equal_to_one_process(const Sizes& sizes, const AttentionRule& rule, DType type) {
  const Whole whole = whole_of(sizes, rule, type);
  const RingAttention call = part_of(whole.attention, rule);
  const bool wide = type == DType::f64;
  const compute::AttentionForward forward = ring_attention(ranks(), call);
  const double tolerance = wide ? kTolerance64 : kForwardTolerance;
  EXPECT_LE(largest_difference(forward.z, part(whole.forward.z)), tolerance);
  EXPECT_LE(largest_difference(forward.row_max, part(whole.forward.row_max)), tolerance);
  EXPECT_LE(largest_difference(forward.row_sum, part(whole.forward.row_sum)), tolerance);
  const RingGradients d = ring_attention_backward(ranks(), call, forward, part(whole.d_z));
  const double gradient_tolerance = wide ? kTolerance64 : kGradientTolerance;
  EXPECT_LE(largest_difference(d.q, part(whole.gradients.q)), gradient_tolerance);
  EXPECT_LE(largest_difference(d.k, part(whole.gradients.k)), gradient_tolerance);
  EXPECT_LE(largest_difference(d.v, part(whole.gradients.v)), gradient_tolerance);
}

TEST(RingAttention, IsAttentionInOneProcess) {
  const AttentionRule rules[] = {
      {},
      {.is_causal = true},
      {.is_causal = true, .left_window_size = 9},
      {.softcap = 5, .left_window_size = 3, .right_window_size = 20},
      {.is_causal = true, .scale = 0.5, .left_window_size = 1000},
  };
  for (const AttentionRule& rule : rules) {
    expect_equal_to_one_process({}, rule, DType::f32);
    expect_equal_to_one_process({}, rule, DType::f64);
    // Pieces of unequal length, of some blocks of kernels, and of which most are empty.
    expect_equal_to_one_process({.B = 1, .T = 271}, rule, DType::f32);
    expect_equal_to_one_process({.B = 1, .T = 3}, rule, DType::f32);
  }
  expect_equal_to_one_process({.B = 1, .H = 6, .G = 1, .T = 600, .D = 64, .Dv = 64},
                              {.is_causal = true}, DType::f32);
}

// What joins parts adds its rounding to each, but no more than one process has anyway.
TEST(RingAttention, ErrorsDoNotGrowWithTheRing) {
  const Sizes sizes{.B = 1, .H = 2, .G = 1, .T = 1000, .D = 32, .Dv = 32};
  const AttentionRule rule{.is_causal = true};
  const Whole f32 = whole_of(sizes, rule, DType::f32);
  Whole f64 = f32;
  f64.attention.q = f32.attention.q.to(DType::f64);
  f64.attention.k = f32.attention.k.to(DType::f64);
  f64.attention.v = f32.attention.v.to(DType::f64);
  const Tensor exact = part(compute::attention_forward(f64.attention).z);
  const Tensor ring = ring_attention(ranks(), part_of(f32.attention, rule)).z;
  EXPECT_LT(relative_error(ring.to(DType::f64), exact),
            1.5 * relative_error(part(f32.forward.z).to(DType::f64), exact));
}

TEST(RingAttention, GivesTheSameBytesAgain) {
  const Whole whole = whole_of({}, {.is_causal = true}, DType::f32);
  const RingAttention call = part_of(whole.attention, {.is_causal = true});
  const compute::AttentionForward first = ring_attention(ranks(), call);
  const RingGradients d = ring_attention_backward(ranks(), call, first, part(whole.d_z));
  for (int i = 0; i < 3; ++i) {
    const compute::AttentionForward again = ring_attention(ranks(), call);
    EXPECT_EQ(numbers_of(again.z), numbers_of(first.z));
    const RingGradients d_again = ring_attention_backward(ranks(), call, again, part(whole.d_z));
    EXPECT_EQ(numbers_of(d_again.q), numbers_of(d.q));
    EXPECT_EQ(numbers_of(d_again.k), numbers_of(d.k));
    EXPECT_EQ(numbers_of(d_again.v), numbers_of(d.v));
  }
}

// Forward, rank r sends the blocks of ranks r, r − 1, …: all but that of rank r + 1, which it gets
// last. Backward it sends these again, and the gradients of all.
TEST(RingAttention, SendsWhatTheTheorySays) {
  const Sizes s{.T = 71};
  const Whole whole = whole_of(s, {}, DType::f32);
  const RingAttention call = part_of(whole.attention, {});
  const std::int64_t R = ranks().size();
  const std::int64_t token = s.B * s.G * (s.D + s.Dv) * 4;
  const std::int64_t last = ring_tokens(s.T, (ranks().rank() + 1) % R, R);

  std::int64_t before = ranks().bytes_sent();
  const compute::AttentionForward forward = ring_attention(ranks(), call);
  EXPECT_EQ(ranks().bytes_sent() - before, token * (s.T - last));
  before = ranks().bytes_sent();
  ring_attention_backward(ranks(), call, forward, part(whole.d_z));
  EXPECT_EQ(ranks().bytes_sent() - before, R == 1 ? 0 : token * (s.T - last) + token * s.T);
}

// Tensors at once, each like the rank's q: forward, copies of q, k and v by pieces, the block and
// the next one (two each), z by pieces, of a pair and joined. Backward also z and d_z by pieces,
// three gradients by pieces, a block of gradients and the one that comes, and what kernels need of
// dz and z; and what is joined at the end.
TEST(RingAttention, MemoryIsAnRthOfTheWhole) {
  const std::int64_t T = 24000, D = 32, H = 2;
  const AttentionRule rule{.is_causal = true, .left_window_size = 16};  // little to calculate
  const std::int64_t tokens = ring_tokens(T, ranks().rank(), ranks().size());
  const auto random = [&](std::uint64_t stream) {
    return random_tensor({1, H, tokens, D}, stream, DType::f32);
  };
  const RingAttention call{random(1), random(2), random(3), T, rule};
  const Tensor d_z = random(4);
  const double unit = static_cast<double>(H * T * D * 4) / static_cast<double>(ranks().size());

  const PeakMemory of_forward;
  const compute::AttentionForward forward = ring_attention(ranks(), call);
  EXPECT_LT(static_cast<double>(of_forward.bytes()), 10 * unit);
  const PeakMemory of_backward;
  ring_attention_backward(ranks(), call, forward, d_z);
  EXPECT_LT(static_cast<double>(of_backward.bytes()), 20 * unit);
}

TEST(RingAttention, RefusesWhatDoesNotFit) {
  const Whole whole = whole_of({}, {}, DType::f32);
  const RingAttention call = part_of(whole.attention, {});
  RingAttention wrong = call;
  wrong.T = 1000;
  expect_error([&] { ring_attention(ranks(), wrong); }, "this rank's part of 1000");
  wrong = call;
  wrong.k = call.k.to(DType::f64);
  expect_error([&] { ring_attention(ranks(), wrong); }, "ring attention: expected k [B, G, tokens");
  wrong = call;
  wrong.v = call.v.slice(1, 0, 1);
  expect_error([&] { ring_attention(ranks(), wrong); }, "ring attention: expected v [B, G, tokens");
  wrong = call;
  wrong.rule.left_window_size = -2;
  expect_error([&] { ring_attention(ranks(), wrong); }, "ring attention: left_window_size");
  const compute::AttentionForward forward = ring_attention(ranks(), call);
  expect_error([&] { ring_attention_backward(ranks(), call, forward, call.q); }, "d_z [2, 4,");
  if (ranks().size() == 1) return;
  wrong = call;
  wrong.rule.is_causal = ranks().rank() == 1;
  expect_error([&] { ring_attention(ranks(), wrong); },
               "all ranks must agree on is_causal, got 0.000000 on rank 0 and 1.000000 on rank 1");
}

TEST(RingPieces, AreAllTokensOnce) {
  for (const std::int64_t T : {0, 1, 5, 16, 1000, 1001}) {
    for (const std::int64_t size : {1, 2, 3, 8}) {
      std::vector<int> seen(static_cast<std::size_t>(T), 0);
      for (std::int64_t rank = 0; rank < size; ++rank) {
        for (const KeyRange& piece : ring_pieces(T, rank, size)) {
          for (std::int64_t t = piece.begin; t < piece.end; ++t) {
            ++seen[static_cast<std::size_t>(t)];
          }
          EXPECT_LE(std::abs((piece.end - piece.begin) - T / (2 * size)), 1);
        }
      }
      EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), T);
    }
  }
}

}  // namespace
}  // namespace clearhead::distributed
