// Rows of a table looked up by number, on all threads, and the gradient of the table.
#ifndef CLEARHEAD_COMPUTE_EMBEDDING_H_
#define CLEARHEAD_COMPUTE_EMBEDDING_H_

#include <cstdint>

namespace clearhead::compute {

/// y[i] = table[tokens[i]] for n tokens, each a row of the table [V, C]; of float, double or bf16.
template <typename T>
void embedding(std::int64_t n, std::int64_t C, const std::int64_t* tokens, const T* table, T* y);

/// d_table[tokens[i]] += d_y[i], in the order of i; of float or double.
template <typename T>
void embedding_backward(std::int64_t n, std::int64_t C, const std::int64_t* tokens, const T* d_y,
                        T* d_table);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_EMBEDDING_H_
