// Arithmetic on shapes.
#include "clearhead/tensor/shape.h"

#include <gtest/gtest.h>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Shape, ReadsAsText) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{2, 3, 4}), "[2, 3, 4]");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{2, 3, 4}), 24);
  EXPECT_EQ(element_count(Shape{2, 0, 4}), 0);
  EXPECT_EQ(element_count(Shape{INT64_MAX}), INT64_MAX);
}

TEST(Shape, RefusesSizesThatAreNegativeOrTooManyElements) {
  expect_error([] { element_count(Shape{2, -1}); }, "[2, -1]: sizes must not be negative");
  expect_error([] { element_count(Shape{0, -1}); }, "sizes must not be negative");
  expect_error([] { element_count(Shape{INT64_MAX, 2}); }, "exceeds 2^63 - 1");
  // The strides of a shape without elements must fit as well.
  expect_error([] { element_count(Shape{0, INT64_MAX, 2}); }, "exceeds 2^63 - 1");
}

TEST(Shape, RowMajorStrides) {
  EXPECT_EQ(row_major_strides(Shape{}), Shape{});
  EXPECT_EQ(row_major_strides(Shape{2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(row_major_strides(Shape{2, 0, 4}), (Shape{4, 4, 1}));
}

TEST(Shape, BroadcastsFromTheLastAxis) {
  EXPECT_EQ(broadcast_shapes(Shape{3, 1}, Shape{2, 1, 4}), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast_shapes(Shape{}, Shape{5}), Shape{5});
  EXPECT_EQ(broadcast_shapes(Shape{0}, Shape{1}), Shape{0});
  EXPECT_EQ(broadcast_shapes(Shape{1}, Shape{2, 0}), (Shape{2, 0}));
  expect_error(
      [] {
        broadcast_shapes(Shape{2, 3}, Shape{4, 2});
      },
      "[2, 3] and [4, 2] do not broadcast");
  expect_error([] { broadcast_shapes(Shape{0}, Shape{2}); }, "do not broadcast");
}

TEST(Shape, AxesCountFromTheEndIfNegative) {
  EXPECT_EQ(normalize_axis(0, 3), 0);
  EXPECT_EQ(normalize_axis(-1, 3), 2);
  EXPECT_EQ(normalize_axis(-3, 3), 0);
  expect_error([] { normalize_axis(3, 3); }, "axis 3: expected -3 to 2");
  expect_error([] { normalize_axis(-4, 3); }, "axis -4");
  expect_error([] { normalize_axis(0, 0); }, "rank 0");
}

TEST(Shape, UnflattensInRowMajorOrder) {
  EXPECT_EQ(unflatten(0, Shape{2, 3, 4}), (Index{0, 0, 0}));
  EXPECT_EQ(unflatten(23, Shape{2, 3, 4}), (Index{1, 2, 3}));
  EXPECT_EQ(unflatten(17, Shape{2, 3, 4}), (Index{1, 1, 1}));
  EXPECT_EQ(unflatten(0, Shape{}), Index{});
}

}  // namespace
}  // namespace clearhead
