// Rows of a table looked up by number, forward and backward.
#ifndef CLEARHEAD_KERNELS_ROWS_EMBEDDING_H_
#define CLEARHEAD_KERNELS_ROWS_EMBEDDING_H_

#include <cstdint>

namespace clearhead::kernels {

// Of n lookups in a table [V, C]: indices [n], each of 0 … V − 1, and columns [column, column_end)
// of all rows; table and y [n, C] are dense. T is float or double.
//
// There is no tier of vectors: both directions only move memory, and the compiler's 16-byte moves
// are as fast as memory is.

/// y[i] = table[indices[i]]
template <typename T>
void embedding(std::int64_t n, std::int64_t C, const std::int64_t* indices, const T* table, T* y);

/// d_table[indices[i]] += d_y[i] for these columns, in the order of i. Threads share out the
/// columns, not the lookups, so that no two of them add to the same number, and the order of sums
/// does not depend on their count.
template <typename T>
void embedding_backward(std::int64_t n, std::int64_t C, std::int64_t column,
                        std::int64_t column_end, const std::int64_t* indices, const T* d_y,
                        T* d_table);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_EMBEDDING_H_
