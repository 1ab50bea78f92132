// Power laws: values worked out by hand, and the t-distribution against published tables.
#include "clearhead/train/power_law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/testing.h"

namespace clearhead {
namespace {

// Any table of Student's t, two-sided.
TEST(StudentT, AgreesWithTheTable) {
  EXPECT_NEAR(student_t_bound(0.95, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_t_bound(0.95, 2), 4.303, 5e-4);
  EXPECT_NEAR(student_t_bound(0.95, 3), 3.182, 5e-4);
  EXPECT_NEAR(student_t_bound(0.95, 4), 2.776, 5e-4);
  EXPECT_NEAR(student_t_bound(0.95, 30), 2.042, 5e-4);
  EXPECT_NEAR(student_t_bound(0.99, 5), 4.032, 5e-4);
  EXPECT_NEAR(student_t_bound(0.9, 10), 1.812, 5e-4);
}

TEST(PowerLaw, FindsAnExactOne) {
  const PowerLaw law = fit_power_law({1, 2, 4, 8}, {3, 12, 48, 192});  // 3·x²
  EXPECT_NEAR(law.factor, 3, 1e-12);
  EXPECT_NEAR(law.exponent, 2, 1e-12);
  EXPECT_NEAR(law.low, 2, 1e-7);  // what the roundings leave is not quite 0
  EXPECT_NEAR(law.high, 2, 1e-7);
}

// With log x = 0, 1, 2 and log y = 0, 1, 3: slope 3/2, left over 1/6, −1/3, 1/6, so the variance
// is (1/36 + 4/36 + 1/36)/1 = 1/6, and the slope's error √(1/6 / 2) = √(1/12).
TEST(PowerLaw, HasTheIntervalOfStudent) {
  const double e = std::exp(1);
  const PowerLaw law = fit_power_law({1, e, e * e}, {1, e, e * e * e});
  EXPECT_NEAR(law.exponent, 1.5, 1e-12);
  EXPECT_NEAR(law.factor, std::exp(-1.0 / 6), 1e-12);  // mean 4/3 − 3/2 · mean 1
  const double half = 12.7062 * std::sqrt(1.0 / 12);
  EXPECT_NEAR(law.low, 1.5 - half, 1e-4);
  EXPECT_NEAR(law.high, 1.5 + half, 1e-4);
}

TEST(PowerLaw, OfTwoPointsIsExactAndCertainOfNothing) {
  const PowerLaw law = fit_power_law({1, 10}, {5, 0.5});
  EXPECT_NEAR(law.exponent, -1, 1e-12);
  EXPECT_EQ(law.high, std::numeric_limits<double>::infinity());
  EXPECT_EQ(law.low, -std::numeric_limits<double>::infinity());
}

TEST(PowerLaw, NeedsPositiveNumbersAndDifferentX) {
  expect_error([] { fit_power_law({1, 2}, {1}); }, "as many y as x, and at least two different x");
  expect_error([] { fit_power_law({2, 2}, {1, 3}); }, "at least two different x, got 2 x and 2 y");
  expect_error([] { fit_power_law({}, {}); }, "got 0 x and 0 y");
  expect_error([] { fit_power_law({0, 2}, {1, 3}); }, "expected positive numbers, got 0");
  expect_error([] { fit_power_law({1, 2}, {1, std::nan("")}); }, "positive numbers, got nan");
}

}  // namespace
}  // namespace clearhead
