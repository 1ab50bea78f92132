// The product of two matrices, as a reader learns it from: for f64, for processors without vectors,
// and as the reference of the others.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_

#include "clearhead/base/matrix_view.h"

namespace clearhead::kernels::scalar {

/// c = a·b, or c += a·b if `accumulate`, for a [M, K], b [K, N], c [M, N], which overlaps neither.
/// T is float or double, and sums are of that type.
///
/// An element of c depends on its row of a and its column of b alone, to the last bit, so it is the
/// same however a caller divides the rows and columns of c among several calls.
template <typename T>
void matmul(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c,
            bool accumulate);

}  // namespace clearhead::kernels::scalar

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_
