// Matrix products on all threads. Each call chooses what is fastest for the processor and the
// sizes: vectors or tiles, packing or not. Results do not depend on the number of threads.
#ifndef CLEARHEAD_COMPUTE_PRODUCTS_H_
#define CLEARHEAD_COMPUTE_PRODUCTS_H_

#include <cstdint>
#include <span>
#include <type_traits>

#include "clearhead/base/half.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"
#include "clearhead/compute/batches.h"

namespace clearhead::compute {

/// c = a·b, or c += a·b if `accumulate`, for a [M, K], b [K, N] and c [M, N], of float or double.
/// Precision::high and medium act on float, if the processor has tiles and the product is large
/// enough to gain.
template <typename T>
void matrix_product(std::type_identity_t<MatrixView<const T>> a,
                    std::type_identity_t<MatrixView<const T>> b, MatrixView<T> c, bool accumulate,
                    Precision precision = Precision::highest);

/// The same with c = a·b + row: `row` [N] is added to each row of c, unless it is nullptr.
template <typename T>
void product_plus_row(std::type_identity_t<MatrixView<const T>> a,
                      std::type_identity_t<MatrixView<const T>> b, const T* row, MatrixView<T> c,
                      Precision precision = Precision::highest);

/// y = row in each row.
template <typename T>
void repeat_row(const T* row, MatrixView<T> y);

/// c = d·b, or c = b·d with `d_is_right`, where a zero of d wins: 0·NaN and 0·∞ count as 0.
///
/// This is the product for backward. A d of exactly 0 means that nothing depends on that number, so
/// it does not matter what it is multiplied with. For example, a masked key may be NaN without harm
/// to the gradients of the queries that do not see it. All other elements of c are those of
/// `matrix_product`, to the last bit.
template <typename T>
void gradient_product(std::type_identity_t<MatrixView<const T>> d,
                      std::type_identity_t<MatrixView<const T>> b, bool d_is_right, MatrixView<T> c,
                      bool accumulate, Precision precision = Precision::highest);

/// Whether all numbers of m are finite; looked for on all threads.
bool is_finite(MatrixView<const float> m);
/// The same of f64.
bool is_finite(MatrixView<const double> m);

/// Whether a has so few rows that b is not packed but read where it lies: each number of b is then
/// used only a few times.
bool is_few_rows(std::int64_t rows);

/// A factor b [K, N], stored column after column, and the product c [M, N] that it gives.
template <typename T>
struct FewRowsFactor {
  MatrixView<const T> b;  ///< [K, N]
  MatrixView<float> c;    ///< [M, N]
  bool accumulate;        ///< adds to c instead of writing over it
};

/// c = a·b, or c += a·b, for one a of few rows and several b, in one loop over all threads. T is
/// float or bf16. For a single b of float, `matrix_product` does this by itself. With b in bf16 and
/// a precision below `highest`, a counts with 16 of its 24 bits where that is faster: six to eight
/// rows on AMX.
template <typename T>
void few_rows_products(MatrixView<const float> a, std::span<const FewRowsFactor<T>> factors,
                       Precision precision);

/// `matrix_product` of each place of a batch; no two share a c.
template <typename T>
void matrix_products(const MatrixBatch<const T>& a, const MatrixBatch<const T>& b,
                     const MatrixBatch<T>& c, Precision precision);

/// `gradient_product`, added to c, of each place of a batch; places may share a c, which gets the
/// sum.
template <typename T>
void gradient_products(const MatrixBatch<const T>& d, const MatrixBatch<const T>& b,
                       bool d_is_right, const MatrixBatch<T>& c, Precision precision);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_PRODUCTS_H_
