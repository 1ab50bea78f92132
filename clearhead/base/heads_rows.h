// Rows of heads, as attention reads and writes them.
#ifndef CLEARHEAD_BASE_HEADS_ROWS_H_
#define CLEARHEAD_BASE_HEADS_ROWS_H_

#include <cstdint>

namespace clearhead {

/// The numbers of q, k, v, z or of a gradient, [batches, heads, rows, columns]: those of a row are
/// neighbours, and rows lie anywhere. None, if there is no data.
template <typename T>
struct HeadsRows {
  T* data = nullptr;                                      ///< the first number
  std::int64_t stride_b = 0, stride_h = 0, stride_t = 0;  ///< from one to the next

  /// Where row t of head h of batch b begins.
  T* row(std::int64_t b, std::int64_t h, std::int64_t t) const {
    return data + b * stride_b + h * stride_h + t * stride_t;
  }
};

/// The same to be read.
template <typename T>
using HeadsView = HeadsRows<const T>;

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_HEADS_ROWS_H_
