// A matrix in memory: the form in which products take and give matrices.
#ifndef CLEARHEAD_BASE_MATRIX_VIEW_H_
#define CLEARHEAD_BASE_MATRIX_VIEW_H_

#include <cstdint>
#include <type_traits>

namespace clearhead {

// All functions are always inlined: see ceil_div.h.

/// A matrix [rows, columns] in somebody's memory: element (i, j) is data[i·row_stride +
/// j·column_stride]. What products read has one stride of 1, what they write column_stride 1.
template <typename T>
struct MatrixView {
  T* data;                                 ///< where element [0, 0] lies
  std::int64_t rows, columns;              ///< the sizes
  std::int64_t row_stride, column_stride;  ///< from one element to the next, in elements

  /// A matrix at `data`; without strides its rows lie one after the other.
  [[gnu::always_inline]] constexpr MatrixView(T* data, std::int64_t rows, std::int64_t columns,
                                              std::int64_t row_stride,
                                              std::int64_t column_stride = 1)
      : data(data),
        rows(rows),
        columns(columns),
        row_stride(row_stride),
        column_stride(column_stride) {}
  /// Dense: row after row.
  [[gnu::always_inline]] constexpr MatrixView(T* data, std::int64_t rows, std::int64_t columns)
      : MatrixView(data, rows, columns, columns) {}
  /// The same, only to be read.
  [[gnu::always_inline]] constexpr operator MatrixView<const T>() const
      requires(!std::is_const_v<T>) {
    return {data, rows, columns, row_stride, column_stride};
  }

  /// Whether it is stored column after column.
  [[gnu::always_inline]] constexpr bool by_columns() const { return column_stride != 1; }
  /// Rows and columns exchanged, in the same memory.
  [[gnu::always_inline]] constexpr MatrixView transposed() const {
    return {data, columns, rows, column_stride, row_stride};
  }
  /// `rows` rows from `row` on and `columns` columns from `column` on.
  [[gnu::always_inline]] constexpr MatrixView part(std::int64_t row, std::int64_t column,
                                                   std::int64_t rows, std::int64_t columns) const {
    return {data + row * row_stride + column * column_stride, rows, columns, row_stride,
            column_stride};
  }
  /// One element; the place is not checked.
  [[gnu::always_inline]] constexpr T& at(std::int64_t row, std::int64_t column) const {
    return data[row * row_stride + column * column_stride];
  }
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_MATRIX_VIEW_H_
