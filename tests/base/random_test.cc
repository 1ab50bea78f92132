// Random numbers: the generator's published answers, and what its distributions promise.
#include "clearhead/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace clearhead {
namespace {

using Words4 = std::array<std::uint32_t, 4>;

// The known answers for philox4x32 with 10 rounds that come with the authors' library Random123.
TEST(Random, PhiloxGivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, AStreamIsThePhiloxBlocksOfItsSeedAndNumber) {
  Random random(0x1122334455667788u, 0x99aabbccddeeff00u);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const Words4 expected =
        philox4x32({block, 0, 0xddeeff00u, 0x99aabbccu}, {0x55667788u, 0x11223344u});
    for (const std::uint32_t word : expected) EXPECT_EQ(random.bits(), word);
  }
}

TEST(Random, SameSeedSameNumbersOtherSeedOrStreamOthers) {
  Random a(7), b(7), other_seed(8), other_stream(7, 1);
  int same_as_seed = 0, same_as_stream = 0;
  for (int i = 0; i < 100; ++i) {
    const double x = a.uniform();
    EXPECT_EQ(x, b.uniform());
    same_as_seed += x == other_seed.uniform();
    same_as_stream += x == other_stream.uniform();
  }
  EXPECT_EQ(same_as_seed, 0);
  EXPECT_EQ(same_as_stream, 0);
}

TEST(Random, ACopyContinuesFromTheSamePlace) {
  Random a(7);
  a.bits();
  Random b = a;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.bits(), b.bits());
}

// With n independent numbers of variance v, their mean deviates by more than 5·√(v/n) once in two
// million tries; the seed is fixed, so it either never does or always.
TEST(Random, UniformFillsTheUnitInterval) {
  Random random(1);
  constexpr int n = 100000;
  std::vector<int> bins(10, 0);
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    ++bins[static_cast<std::size_t>(x * 10)];
    sum += x;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  for (const int count : bins) EXPECT_NEAR(count, n / 10, 5 * std::sqrt(n * 0.1 * 0.9));
}

TEST(Random, NormalHasTheMomentsOfTheStandardNormal) {
  Random random(2);
  constexpr int n = 100000;
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));   // variance of x²: 3 − 1
  EXPECT_NEAR(fourths / n, 3, 5 * std::sqrt(96.0 / n));  // variance of x⁴: 105 − 9
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  Random random(3);
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 7000; ++i) {
    const std::int64_t x = random.below(7);
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 7);
    ++counts[static_cast<std::size_t>(x)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 5 * std::sqrt(7000.0 * 6 / 49));
  EXPECT_EQ(random.below(1), 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_LT(random.below(std::numeric_limits<std::int64_t>::max()),
              std::numeric_limits<std::int64_t>::max());
  }
}

}  // namespace
}  // namespace clearhead
