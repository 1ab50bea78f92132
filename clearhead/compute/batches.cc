// The matrices of a batch, whose axes before the last two broadcast.
#include "clearhead/compute/batches.h"

#include <map>

#include "clearhead/base/parallel.h"

namespace clearhead::compute {
namespace {

std::vector<std::int64_t> offsets_of(const Tensor& x, const Shape& batch) {
  Shape shape = batch;
  shape.insert(shape.end(), {x.size(-2), x.size(-1)});
  const Tensor repeated = x.broadcast_to(shape);
  const std::vector<std::int64_t> strides(repeated.strides().begin(), repeated.strides().end() - 2);
  std::vector<std::int64_t> offsets;
  for_each_offset(batch, strides, [&](std::int64_t offset) { offsets.push_back(offset); });
  return offsets;
}

template <typename T>
MatrixView<T> first_of(T* data, const Tensor& x) {
  return {data, x.size(-2), x.size(-1), x.strides()[x.strides().size() - 2]};
}

}  // namespace

template <typename T>
MatrixBatch<const T> matrices_of(const Tensor& x, const Shape& batch) {
  return {first_of(x.data<T>(), x), offsets_of(x, batch)};
}

template <typename T>
MatrixBatch<T> mutable_matrices_of(Tensor& x, const Shape& batch) {
  return {first_of(x.mutable_data<T>(), x), offsets_of(x, batch)};
}

void for_each_place(const std::vector<std::int64_t>& offsets,
                    const std::function<void(std::int64_t)>& f) {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    groups[offsets[i]].push_back(static_cast<std::int64_t>(i));
  }
  std::vector<const std::vector<std::int64_t>*> order;
  for (const auto& [offset, places] : groups) order.push_back(&places);
  parallel_for(static_cast<std::int64_t>(order.size()), [&](std::int64_t group) {
    for (const std::int64_t i : *order[static_cast<std::size_t>(group)]) f(i);
  });
}

template MatrixBatch<const float> matrices_of(const Tensor&, const Shape&);
template MatrixBatch<const double> matrices_of(const Tensor&, const Shape&);
template MatrixBatch<float> mutable_matrices_of(Tensor&, const Shape&);
template MatrixBatch<double> mutable_matrices_of(Tensor&, const Shape&);

}  // namespace clearhead::compute
