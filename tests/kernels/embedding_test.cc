// Rows of a table: what is looked up, and that the gradients of a row's lookups are added in order.
#include "clearhead/kernels/rows/embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace clearhead::kernels {
namespace {

using ::testing::ElementsAre;

const std::vector<std::int64_t> kIndices = {2, 0, 2};

TEST(Embedding, LooksUpRows) {
  const std::vector<float> table = {0, 1, 10, 11, 20, 21};  // [3, 2]
  std::vector<float> y(6);
  embedding(3, 2, kIndices.data(), table.data(), y.data());
  EXPECT_THAT(y, ElementsAre(20, 21, 0, 1, 20, 21));
}

TEST(Embedding, BackwardAddsToTheRowsThatWereLookedUp) {
  const std::vector<double> d_y = {1, 2, 3, 4, 5, 6};
  std::vector<double> d_table(6, 10);
  embedding_backward(3, 2, 0, 2, kIndices.data(), d_y.data(), d_table.data());
  EXPECT_THAT(d_table, ElementsAre(13, 14, 10, 10, 16, 18));
}

TEST(Embedding, PartsOfTheColumnsGiveTheWhole) {
  const std::vector<float> d_y = {1, 2, 3, 4, 5, 6};
  std::vector<float> d_table(6, 0);
  embedding_backward(3, 2, 1, 2, kIndices.data(), d_y.data(), d_table.data());
  EXPECT_THAT(d_table, ElementsAre(0, 4, 0, 0, 0, 8));
  embedding_backward(3, 2, 0, 1, kIndices.data(), d_y.data(), d_table.data());
  EXPECT_THAT(d_table, ElementsAre(3, 4, 0, 0, 6, 8));
}

}  // namespace
}  // namespace clearhead::kernels
