// Shapes: sizes along each axis, outermost first, and the arithmetic on them.
#ifndef CLEARHEAD_TENSOR_SHAPE_H_
#define CLEARHEAD_TENSOR_SHAPE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clearhead {

/// The sizes of a tensor, outermost axis first.
using Shape = std::vector<std::int64_t>;
/// The place of one element, a number for each axis.
using Index = std::vector<std::int64_t>;

/// "[2, 3, 4]"; "[]" for a scalar.
std::string to_string(std::span<const std::int64_t> shape);

/// The product of the sizes. Throws Error if one is negative, or if the product of those that are
/// not 0 exceeds 2^63 − 1 (so strides never overflow, even of a shape without elements).
std::int64_t element_count(std::span<const std::int64_t> shape);

/// Strides, in elements, of a row-major tensor of this shape.
std::vector<std::int64_t> row_major_strides(std::span<const std::int64_t> shape);

/// The shape that both broadcast to, by the rule of NumPy and ONNX: aligned at the last axis, sizes
/// equal or 1. If they do not, throws Error with both shapes.
Shape broadcast_shapes(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

/// `axis` counted from the end if negative. Throws Error unless −rank ≤ axis < rank.
std::int64_t normalize_axis(std::int64_t axis, std::int64_t rank);

/// The index, one number an axis, of the flat-th element of a row-major tensor.
Index unflatten(std::int64_t flat, std::span<const std::int64_t> shape);

/// Goes from row to row along the last axis of a shape (which has axes), beginning at the `row`-th.
class RowWalk {
 public:
  /// Begins at row number `row`.
  RowWalk(const Shape& shape, std::int64_t row)
      : shape_(shape), index_(unflatten(row * shape.back(), shape)) {}

  /// Goes to the next row.
  void next() {
    for (std::size_t axis = index_.size() - 1; axis-- > 0;) {
      if (++index_[axis] < shape_[axis]) return;
      index_[axis] = 0;
    }
  }
  /// Where the row begins in a tensor of these strides.
  std::int64_t offset(const std::vector<std::int64_t>& strides) const {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis + 1 < index_.size(); ++axis) {
      offset += index_[axis] * strides[axis];
    }
    return offset;
  }

 private:
  std::vector<std::int64_t> shape_;
  Index index_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_SHAPE_H_
