// Dropout: the bits are those of the reference on every target, and decide what is kept.
#include "clearhead/kernels/rows/dropout.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arrays.h"
#include "clearhead/base/workspace.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

using clearhead::testing::random_floats;
using ::testing::ElementsAreArray;

constexpr std::uint64_t kSeed = 0x123456789abcdef0u, kStream = 0xfedcba9876543210u;

TEST(Dropout, BitsAreTheSameOnEveryTarget) {
  // Beginnings whose counters need one word, and two; all remainders of a vector.
  for (const std::int64_t first : {std::int64_t{0}, (std::int64_t{1} << 32) - 5}) {
    for (std::int64_t blocks = 0; blocks < 40; ++blocks) {
      for (const std::uint32_t dropped : {1u, 13107u, 65535u}) {
        std::vector<std::uint8_t> expected(static_cast<std::size_t>(blocks) + 1, 77);
        scalar::dropout_bits(kSeed, kStream, dropped, first, blocks, expected.data());
        clearhead::testing::for_each_target([&] {
          std::vector<std::uint8_t> bits(expected.size(), 77);  // the last stays as it is
          dropout_bits(kSeed, kStream, dropped, first, blocks, bits.data());
          ASSERT_THAT(bits, ElementsAreArray(expected)) << blocks << " blocks from " << first;
        });
      }
    }
  }
}

TEST(Dropout, KeepsWhatTheBitsSay) {
  const std::uint8_t bits[] = {0xa5, 0x00, 0xff, 0x3c, 0x81, 0x7e};
  for (std::int64_t n = 0; n <= 48; ++n) {
    std::vector<float> x = random_floats(n, 3);
    if (n > 1) x[1] = std::numeric_limits<float>::quiet_NaN();  // bit 1 is 0: dropped
    clearhead::testing::for_each_target([&] {
      std::vector<float> y(x.size() + 1, 77);
      dropout(n, x.data(), bits, 1.25F, y.data());
      for (std::int64_t i = 0; i < n; ++i) {
        const bool kept = bits[i / 8] >> (i % 8) & 1;
        ASSERT_EQ(y[static_cast<std::size_t>(i)], kept ? x[static_cast<std::size_t>(i)] * 1.25F : 0)
            << i << " of " << n;
      }
      ASSERT_EQ(y.back(), 77);

      const std::vector<float> a = random_floats(n, 4);
      std::vector<float> sum(x.size() + 1, 77);
      dropout_add(n, a.data(), x.data(), bits, 1.25F, sum.data());
      for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(sum[i], a[i] + y[i]) << i << " of " << n;
      ASSERT_EQ(sum.back(), 77);
    });
  }
}

TEST(Dropout, GivesTheSamePastTheCaches) {
  constexpr std::int64_t n = 45;
  const std::uint8_t bits[] = {0xa5, 0x00, 0xff, 0x3c, 0x81, 0x7e};
  const std::vector<float> x = random_floats(n, 3), a = random_floats(n, 4);
  clearhead::testing::for_each_target([&] {
    for (const std::int64_t shift : {0, 1}) {  // aligned or not
      std::vector<float> expected(n), expected_sum(n);
      dropout(n, x.data(), bits, 1.25F, expected.data());
      dropout_add(n, a.data(), x.data(), bits, 1.25F, expected_sum.data());
      const Workspace<float> y(n + shift), sum(n + shift);
      dropout(n, x.data(), bits, 1.25F, y.get() + shift, /*past_caches=*/true);
      dropout_add(n, a.data(), x.data(), bits, 1.25F, sum.get() + shift, /*past_caches=*/true);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), y.get() + shift)) << shift;
      EXPECT_TRUE(std::equal(expected_sum.begin(), expected_sum.end(), sum.get() + shift)) << shift;
    }
  });
}

}  // namespace
}  // namespace clearhead::kernels
