// Matrices of weights by their rows.
#include "clearhead/lens/weight_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;

TEST(WeightMatrix, GivesTheRowsOfWhatIsThere) {
  const WeightMatrix matrix = tensor_of({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(matrix.shape(), (Shape{3, 2}));
  EXPECT_THAT(numbers_of(matrix.rows(1, 3)), ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(matrix.whole().shape(), (Shape{3, 2}));
  EXPECT_THAT(numbers_of(matrix.part(1, 3, 1, 2).whole()), ElementsAre(4, 6));
  EXPECT_THAT(numbers_of(matrix.part(1, 3, 0, 2).rows(1, 2)), ElementsAre(5, 6));
  expect_error([&] { matrix.rows(2, 4); }, "queries 0:3");
  expect_error([&] { matrix.part(0, 1, 0, 3); }, "keys 0:2");
  expect_error([] { WeightMatrix(Tensor({2, 2, 2})); }, "[2, 2, 2]");
}

// As many rows are asked for at once as fit the memory; more would not fit.
TEST(WeightMatrix, OfAnyLengthIsGoneThroughInPieces) {
  constexpr std::int64_t kLong = 500'000;
  std::int64_t most = 0;
  const WeightMatrix matrix(1000, kLong, [&](std::int64_t t, std::int64_t t_end) {
    most = std::max(most, t_end - t);
    Tensor rows = Tensor({t_end - t, 1}, DType::f64);
    for (std::int64_t i = 0; i < t_end - t; ++i) {
      rows.mutable_data<double>()[i] = static_cast<double>(t + i);
    }
    return rows.broadcast_to({t_end - t, kLong});
  });
  std::int64_t rows = 0;
  matrix.for_each_block([&](std::int64_t t, const Tensor& block) {
    EXPECT_EQ(t, rows);
    rows += block.size(0);
  });
  EXPECT_EQ(rows, 1000);
  EXPECT_LE(most, 64);
  expect_error([] { WeightMatrix(kLong, kLong, {}).whole(); }, "4 GiB");
}

}  // namespace
}  // namespace clearhead
