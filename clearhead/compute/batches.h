// Batches of matrices: tensors [..., rows, columns] whose axes before the last two broadcast.
#ifndef CLEARHEAD_COMPUTE_BATCHES_H_
#define CLEARHEAD_COMPUTE_BATCHES_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "clearhead/base/matrix_view.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::compute {

/// A matrix for each place of a batch; places may share one.
template <typename T>
struct MatrixBatch {
  MatrixView<T> first;                ///< the matrix at offset 0
  std::vector<std::int64_t> offsets;  ///< of the matrices, in elements from the first

  /// The number of places.
  std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()); }
  /// The matrix of place i.
  MatrixView<T> operator[](std::int64_t i) const {
    MatrixView<T> matrix = first;
    matrix.data += offsets[static_cast<std::size_t>(i)];
    return matrix;
  }
  /// Each matrix with rows and columns exchanged.
  MatrixBatch transposed() const { return {first.transposed(), offsets}; }
};

/// The matrices of x, one for each place of `batch`, to which the axes of x before the last two
/// broadcast. x is of type T and its rows are dense.
template <typename T>
MatrixBatch<const T> matrices_of(const Tensor& x, const Shape& batch);
/// The same to be written to.
template <typename T>
MatrixBatch<T> mutable_matrices_of(Tensor& x, const Shape& batch);

/// Calls f(i) for each place i of a batch on all threads. Places that share a matrix are called one
/// after the other, so that they may add to it.
void for_each_place(const std::vector<std::int64_t>& offsets,
                    const std::function<void(std::int64_t)>& f);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_BATCHES_H_
