// The softmax of rows that come one at a time and leave; tests/bindings/c and tests/sql have what
// it calculates.
#include "clearhead/compute/online_softmax.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/testing.h"

namespace clearhead::compute {
namespace {

constexpr std::size_t kMostKept = std::size_t{64} << 10;
const std::vector<double> kValue(1 << 10, 2.0);  // 8 KiB

TEST(MovingSoftmax, KeepsNoMoreThanItMay) {
  MovingSoftmax rows(kMostKept);
  for (int i = 0; i < 9; ++i) rows.push(i, 1, kValue);
  EXPECT_NEAR(rows.total().weighted.back() / rows.total().sum, 2.0, 1e-15);
  expect_error([&] { rows.pop(); }, "more than the 65536 bytes of rows");
}

TEST(MovingSoftmax, HasNoBoundOnceItMoves) {
  MovingSoftmax rows(kMostKept);
  rows.push(0, 1, kValue);
  rows.push(0, 1, kValue);
  rows.pop();
  for (int i = 0; i < 9; ++i) rows.push(0, 1, kValue);
  for (int i = 0; i < 9; ++i) rows.pop();
  EXPECT_EQ(rows.total().sum, 1);
  rows.pop();
  EXPECT_TRUE(rows.total().is_empty());
  expect_error([&] { rows.pop(); }, "there is none");
}

}  // namespace
}  // namespace clearhead::compute
