// Attention of any length as a matrix: its rows are calculated when they are asked for, so that
// memory grows with the length and not with its square.
#ifndef CLEARHEAD_LENS_WEIGHT_MATRIX_H_
#define CLEARHEAD_LENS_WEIGHT_MATRIX_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A matrix [queries, keys] of numbers of a head or of several, f64; −∞ where a query does not see
/// a key. A handle, cheap to copy.
class WeightMatrix {
 public:
  /// Gives queries [t, t_end), f64 [t_end − t, keys].
  using Rows = std::function<Tensor(std::int64_t t, std::int64_t t_end)>;

  /// One whose rows come from a function.
  WeightMatrix(std::int64_t queries, std::int64_t keys, Rows rows)
      : queries_(queries), keys_(keys), rows_(std::move(rows)) {}
  /// One that is there, [queries, keys]. Throws Error if it is no matrix.
  WeightMatrix(const Tensor& whole);  // NOLINT(google-explicit-constructor): it is one

  /// How many there are.
  std::int64_t queries() const { return queries_; }
  /// How many there are.
  std::int64_t keys() const { return keys_; }
  /// [queries, keys]
  Shape shape() const { return {queries_, keys_}; }

  /// Queries [t, t_end), f64 [t_end − t, keys]. Throws Error if there are no such queries.
  Tensor rows(std::int64_t t, std::int64_t t_end) const;
  /// Queries [t, t_end) and keys [s, s_end), as a matrix of their own. Throws Error if there are no
  /// such.
  WeightMatrix part(std::int64_t t, std::int64_t t_end, std::int64_t s, std::int64_t s_end) const;
  /// All of it, f64 [queries, keys]. Throws Error if that would take more than 4 GiB.
  Tensor whole() const;
  /// Calls f(t, rows) for all queries in order, some at a time: rows, f64 [n, keys], are those from
  /// t on.
  void for_each_block(const std::function<void(std::int64_t t, const Tensor& rows)>& f) const;
  /// The same query by query: row holds `keys` numbers.
  void for_each_row(const std::function<void(std::int64_t t, const double* row)>& f) const;

 private:
  std::int64_t queries_, keys_;
  Rows rows_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_WEIGHT_MATRIX_H_
