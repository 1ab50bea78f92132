// Where arrays and runs part.
#include "clearhead/lens/divergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/testing.h"

namespace clearhead {
namespace {

NamedValues values(std::vector<std::pair<std::string, Tensor>> all) {
  NamedValues named;
  for (const auto& [name, value] : all) named.names.push_back(name);
  const std::map<std::string, Tensor> by_name(all.begin(), all.end());
  named.value = [by_name](const std::string& name) { return by_name.at(name); };
  return named;
}

TEST(GreatestDifference, IsThePlaceWhereTheyDifferMost) {
  const auto d =
      greatest_difference(tensor_of({2, 2}, {1, 2, 3, 4}), tensor_of({2, 2}, {1, 5, 3, 2}));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->place, (Index{0, 1}));
  EXPECT_EQ(d->a, 2);
  EXPECT_EQ(d->b, 5);
  EXPECT_EQ(d->by, 3);
}

TEST(GreatestDifference, NanAndInfinityAreEqualToThemselvesAlone) {
  const Tensor a = tensor_of({3}, {kNan, -kInfinity, 1});
  EXPECT_FALSE(greatest_difference(a, a));
  EXPECT_EQ(greatest_difference(a, tensor_of({3}, {0, -kInfinity, 1}))->by, kInfinity);
  EXPECT_EQ(greatest_difference(a, tensor_of({3}, {kNan, kInfinity, 1}))->by, kInfinity);
  expect_error([&] { greatest_difference(a, tensor_of({1}, {0})); }, "[3] and [1]");
}

TEST(CompareValues, GoesThroughWhatBothHaveInTheOrderOfTheFirst) {
  const auto all = compare_values(
      values({{"x", tensor_of({2}, {1, 2})},
              {"y", tensor_of({2}, {1000, 2})},
              {"z", tensor_of({1}, {0})}}),
      values({{"y", tensor_of({2}, {1000.01, 2})}, {"x", tensor_of({2}, {1, 2.5})}}), 1e-4);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "x");
  EXPECT_TRUE(all[0].differs);
  EXPECT_EQ(all[1].name, "y");
  EXPECT_FALSE(all[1].differs);  // relative to 1000
  EXPECT_TRUE(all[1].difference);
}

// The largest distance, of large numbers, hides no other.
TEST(CompareValues, IsJudgedWhereNumbersDifferMostForTheirSize) {
  const auto all = compare_values(values({{"x", tensor_of({2}, {3000, 0.001})}}),
                                  values({{"x", tensor_of({2}, {3000.25, 0.2})}}), 1e-4);
  EXPECT_TRUE(all.at(0).differs);
  EXPECT_EQ(all[0].difference->place, Index{1});
  EXPECT_NEAR(all[0].relative, 0.199, 1e-6);  // of numbers in f32
}

TEST(CompareValues, ABatchOfOneMayBeMissing) {
  const auto all = compare_values(values({{"x", tensor_of({1, 2}, {1, 2})}}),
                                  values({{"x", tensor_of({2}, {1, 2})}}), 0);
  EXPECT_FALSE(all.at(0).differs);
}

TEST(CompareValues, OtherShapesDifferUnlessTheCommonPartIsAskedFor) {
  const NamedValues a = values({{"x", tensor_of({1, 3}, {1, 2, 3})}});
  const NamedValues b = values({{"x", tensor_of({1, 2}, {1, 2})}});
  const auto all = compare_values(a, b, 0);
  EXPECT_TRUE(all.at(0).differs);
  EXPECT_FALSE(all.at(0).difference);
  EXPECT_FALSE(compare_values(a, b, 0, /*common_part=*/true).at(0).differs);
}

}  // namespace
}  // namespace clearhead
