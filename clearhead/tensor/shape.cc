// Arithmetic on shapes.
#include "clearhead/tensor/shape.h"

#include <algorithm>
#include <limits>

#include "clearhead/base/error.h"

namespace clearhead {

std::string to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::int64_t element_count(std::span<const std::int64_t> shape) {
  bool empty = false;
  std::int64_t count = 1;  // of what the sizes other than 0 hold, so that strides fit too
  for (const std::int64_t size : shape) {
    if (size < 0) throw Error("shape " + to_string(shape) + ": sizes must not be negative");
    if (size == 0) {
      empty = true;
      continue;
    }
    if (count > std::numeric_limits<std::int64_t>::max() / size) {
      throw Error("shape " + to_string(shape) + ": the number of elements exceeds 2^63 - 1");
    }
    count *= size;
  }
  return empty ? 0 : count;
}

std::vector<std::int64_t> row_major_strides(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

Shape broadcast_shapes(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (std::size_t i = 0; i < rank; ++i) {  // i counts from the last axis
    const std::int64_t size_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t size_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (size_a != size_b && size_a != 1 && size_b != 1) {
      throw Error("shapes " + to_string(a) + " and " + to_string(b) +
                  " do not broadcast: counted from the last axis, sizes must be equal or 1");
    }
    result[rank - 1 - i] = size_a == 1 ? size_b : size_a;
  }
  return result;
}

std::int64_t normalize_axis(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) {
    throw Error("axis " + std::to_string(axis) + ": expected " + std::to_string(-rank) + " to " +
                std::to_string(rank - 1) + " for a tensor of rank " + std::to_string(rank));
  }
  return axis < 0 ? axis + rank : axis;
}

Index unflatten(std::int64_t flat, std::span<const std::int64_t> shape) {
  Index index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

}  // namespace clearhead
