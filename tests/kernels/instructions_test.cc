// The model of the instructions of AVX-512 and AMX, with which the tests of tiles run on any
// processor, is the processor's, bit for bit.
#ifdef CLEARHEAD_HAVE_TILES
#include "tests/kernels/instructions.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "clearhead/base/random.h"
#include "clearhead/kernels/targets/processor.h"

namespace clearhead::kernels::testing {
namespace {

// Numbers of a kind: about 1, halves, of every size, about 2⁻¹²⁶ (those of bf16 about its root, so
// that their products are), and any bits, of which some are infinite or NaN.
enum class Kind { near_one, halves, of_any_size, tiny, bits };

constexpr std::int64_t kTwoTo32 = 1LL << 32;

float number(Random& random, Kind kind) {
  const double x = random.normal();
  const auto power = [&](int from, int to) {
    return from + static_cast<int>(random.below(to - from));
  };
  switch (kind) {
    case Kind::near_one:
      return static_cast<float>(x);
    case Kind::halves:
      return static_cast<float>(std::round(x * 8) / 2);
    case Kind::of_any_size:
      return static_cast<float>(std::ldexp(x, power(-126, 127)));
    case Kind::tiny:
      return static_cast<float>(std::ldexp(x, power(-150, -124)));
    case Kind::bits:
      break;
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float special[] = {0.0F, -0.0F, kInfinity, -kInfinity, 0x1p-126F, 0x1.fffffep127F};
  if (random.below(4) == 0) return special[random.below(6)];
  return std::bit_cast<float>(static_cast<std::uint32_t>(random.below(kTwoTo32)));
}

void fill(Random& random, Kind kind, bool in_pairs, std::uint8_t (&bytes)[1024]) {
  for (std::size_t i = 0; i < sizeof bytes; i += in_pairs ? 2 : 4) {
    float x = number(random, kind);
    if (in_pairs && kind == Kind::tiny) x = std::ldexp(x, 72);
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const auto upper = static_cast<std::uint16_t>(bits >> 16U);
    in_pairs ? std::memcpy(bytes + i, &upper, 2) : std::memcpy(bytes + i, &bits, 4);
  }
}

void expect_same(const Outcome& actual, const Outcome& expected) {
  ASSERT_STREQ(actual.name, expected.name);
  for (std::size_t at = 0; at < sizeof actual.bytes; at += 4) {
    float x, y;
    std::memcpy(&x, actual.bytes + at, sizeof x);
    std::memcpy(&y, expected.bytes + at, sizeof y);
    if (actual.of_floats && std::isnan(x) && std::isnan(y)) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(x), std::bit_cast<std::uint32_t>(y))
        << actual.name << ", number " << at / 4 << ": " << x << " for " << y;
  }
}

TEST(Instructions, TheModelIsTheProcessor) {
  if (!avx512_bf16_available()) GTEST_SKIP() << "this processor has no AVX-512 with bf16";
  Random random(1);
  const auto operands = std::make_unique<Operands>();
  const auto expected = std::make_unique<Outcome[]>(kMostOutcomes);
  const auto actual = std::make_unique<Outcome[]>(kMostOutcomes);
  for (int round = 0; round < 400; ++round) {
    const auto kind = static_cast<Kind>(round % 5);
    const bool in_pairs = round / 5 % 2 == 0;
    SCOPED_TRACE(::testing::Message() << "round " << round);
    fill(random, kind, in_pairs, operands->a);
    fill(random, kind, in_pairs, operands->b);
    fill(random, kind, false, operands->c);
    operands->mask =
        static_cast<std::uint64_t>(random.below(kTwoTo32) << 32 | random.below(kTwoTo32));
    const int n = outcomes_on_processor(*operands, amx_available(), expected.get());
    ASSERT_EQ(outcomes_of_model(*operands, amx_available(), actual.get()), n);
    for (int i = 0; i < n; ++i) {
      expect_same(actual[i], expected[i]);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace clearhead::kernels::testing
#endif  // CLEARHEAD_HAVE_TILES
