// Matrix products on all threads and over batches, for the operations of this folder that are made
// of them. Not for use outside it.
#ifndef CLEARHEAD_OPS_MATRIX_PRODUCT_H_
#define CLEARHEAD_OPS_MATRIX_PRODUCT_H_

#include <functional>
#include <span>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A matrix in memory: rows lie `row_stride` elements apart. `transposed` means that the matrix
/// meant is the one of its columns.
template <typename T>
struct MatrixOperand {
  const T* data;
  std::int64_t row_stride;
  bool transposed = false;
};

/// c = a·b, or c += a·b if `accumulate`, for a [M, K], b [K, N] and c [M, N] with rows `ldc`
/// elements apart. The result does not depend on the number of threads. Precision::high and medium
/// hold for f32, where the processor has tiles and the product is large enough to gain.
template <typename T>
void matrix_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> a,
                    MatrixOperand<T> b, T* c, std::int64_t ldc, bool accumulate,
                    Precision precision = Precision::highest);

/// b [N, K], rows ldb elements apart, and the c [M, N], rows ldc apart, that it is to give.
template <typename T>
struct FewRowsFactor {
  std::int64_t N;
  const T* b;
  std::int64_t ldb;
  float* c;
  std::int64_t ldc;
};

/// c = a·bᵀ, or c += a·bᵀ, for each of some b, side by side on all threads: a [M, K], rows lda
/// elements apart, M ≤ kernels::kFewRows. T is float or bf16. In f32, `matrix_product` takes this
/// way by itself.
template <typename T>
void few_rows_products(std::int64_t M, std::int64_t K, const float* a, std::int64_t lda,
                       std::span<const FewRowsFactor<T>> factors, bool accumulate);

/// c += d·b (or, with `d_is_right`, c += b·d) where a zero of d wins: 0·NaN and 0·∞ count as 0.
///
/// This is the product for backward. A d of exactly 0 means that nothing depends on that number, so
/// what it would be multiplied with does not matter: a key that a mask hides may be NaN without
/// harm to the gradients of the queries that do not see it. All other elements of c come out as
/// from `matrix_product`, to the last bit. Without `accumulate`, c is overwritten.
template <typename T>
void gradient_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> d,
                      MatrixOperand<T> b, bool d_is_right, T* c, std::int64_t ldc,
                      Precision precision = Precision::highest, bool accumulate = true);

/// Whether a number of m, rows × columns, is infinite or NaN; looked for on all threads.
template <typename T>
bool has_non_finite(const MatrixOperand<T>& m, std::int64_t rows, std::int64_t columns);

// Batches: tensors [..., rows, columns] whose axes before the last two broadcast.

/// `x` itself if the elements of each row of its last axis are neighbours in memory, else a copy
/// that has them so.
Tensor with_dense_rows(const Tensor& x);

/// Elements between neighbouring rows of x.
std::int64_t row_stride(const Tensor& x);

/// The axes before the last two.
Shape batch_axes(const Shape& shape);

/// Where each matrix of a result with the batch axes `batch` finds its matrix of x, in elements
/// from the first.
std::vector<std::int64_t> batch_offsets(const Tensor& x, const Shape& batch);

/// Calls f(i) for each matrix i of a result, on all threads, but one after the other for those that
/// share a place targets[i], so that they may add to what lies there.
void for_each_by_target(const std::vector<std::int64_t>& targets,
                        const std::function<void(std::size_t)>& f);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_MATRIX_PRODUCT_H_
