// The product of two matrices.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_H_

#include <cstdint>

namespace clearhead::kernels {

/// c = op(a)·op(b), or c += op(a)·op(b) if `accumulate`, for op(a) [M, K], op(b) [K, N], c [M, N].
/// op transposes where asked: then a is stored as [K, M], b as [N, K]. Rows are stored `lda`,
/// `ldb`, `ldc` elements apart. c overlaps neither a nor b. T is float or double, and sums are of
/// that type.
///
/// An element of c depends on its row of op(a) and its column of op(b) alone, to the last bit, so
/// it is the same however a caller divides the rows and columns of c among several calls.
template <typename T>
void matmul(std::int64_t M, std::int64_t N, std::int64_t K, const T* a, std::int64_t lda,
            const T* b, std::int64_t ldb, T* c, std::int64_t ldc, bool transpose_a,
            bool transpose_b, bool accumulate);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_H_
