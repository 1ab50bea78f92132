// The product of two matrices in plain loops: the one to read first, the reference of the others,
// and what runs for f64 and on processors without vectors.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_

#include "clearhead/base/matrix_view.h"

namespace clearhead::kernels::scalar {

/// c = a·b, or c += a·b if `accumulate`, for a [M, K], b [K, N], c [M, N], which overlaps neither.
/// T is float or double, and sums are of that type.
///
/// An element of c depends on its row of a and its column of b alone, to the last bit. So it is the
/// same however a caller divides c among several calls.
template <typename T>
void matmul(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c,
            bool accumulate);

}  // namespace clearhead::kernels::scalar

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SCALAR_H_
