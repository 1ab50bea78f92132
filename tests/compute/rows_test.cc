// Calculations with rows, whatever their sizes and the number of threads.
#include "clearhead/compute/rows.h"

#include <gtest/gtest.h>

#include "clearhead/base/half.h"
#include "tests/compute/matrices.h"

namespace clearhead::compute {
namespace {

using testing::Matrix;

TEST(Rows, SumsAreAddedUpAlike) {
  for (const auto& [R, C] : {std::pair{1, 3}, {500, 7}, {3, 5000}, {700, 130}}) {
    const Matrix<float> x(R, C, 1);
    const Matrix<float> before(1, C, 2);
    Matrix<float> sums = before;
    sum_rows<float>(R, C, x.numbers.data(), sums.numbers.data());
    for (std::int64_t c = 0; c < C; ++c) {
      double expected = static_cast<double>(before.view().at(0, c));
      for (std::int64_t r = 0; r < R; ++r) expected += static_cast<double>(x.view().at(r, c));
      ASSERT_NEAR(static_cast<double>(sums.view().at(0, c)), expected, 1e-6 * R) << R << "×" << C;
    }
    for (const int threads : {1, 3}) {
      const testing::Threads some(threads);
      Matrix<float> again = before;
      sum_rows<float>(R, C, x.numbers.data(), again.numbers.data());
      EXPECT_EQ(again.numbers, sums.numbers);
    }
  }
}

TEST(Rows, SixteenBitsAreAddedInThirtyTwo) {
  const std::vector<bf16> x(1000, bf16(1.0F));
  bf16 sum(0.0F);
  sum_rows<bf16>(1000, 1, x.data(), &sum);
  EXPECT_EQ(static_cast<float>(sum), 1000);  // in bf16 alone it stays at 256
  f16 y(1.0F);
  const f16 small(0x1p-12F);
  add<f16>(1, &small, &y);
  EXPECT_EQ(static_cast<float>(y), 1);
}

}  // namespace
}  // namespace clearhead::compute
