// Rows that come one at a time, for C.
#include "clearhead/compute/online_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/error.h"

struct clearhead_online_softmax {
  std::size_t Dv;
  clearhead::compute::MovingSoftmax rows;
};

namespace clearhead::c {
namespace {

// Throws Error unless it is a size.
std::size_t size_of(std::int64_t size, const char* name) {
  if (size < 0) refuse(name, "expected 0 or more, got " + std::to_string(size));
  return static_cast<std::size_t>(size);
}

// `size` numbers at a pointer, which is NULL only if there are none. Throws Error otherwise.
std::span<const double> numbers_at(const double* numbers, std::size_t size, const char* name) {
  if (size == 0) return {};
  return {&required(numbers, name), size};
}

}  // namespace
}  // namespace clearhead::c

using namespace clearhead::c;

clearhead_status clearhead_attention_score(const double* query, const double* key, int64_t D,
                                           double scale, double* score) {
  return guarded([&] {
    const std::size_t size = size_of(D, "D");
    const auto q = numbers_at(query, size, "query"), k = numbers_at(key, size, "key");
    // The products may be added in any order, so that several are at a time.
    const double scaled = scale * std::transform_reduce(q.begin(), q.end(), k.begin(), 0.0);
    if (!std::isfinite(scaled)) {
      throw clearhead::Error("query·key is not finite: the numbers are too large");
    }
    required(score, "score") = scaled;
  });
}

clearhead_status clearhead_online_softmax_new(int64_t Dv, int64_t most_kept,
                                              clearhead_online_softmax** softmax) {
  return guarded([&] {
    required(softmax, "softmax") = nullptr;
    *softmax = new clearhead_online_softmax{
        size_of(Dv, "Dv"), clearhead::compute::MovingSoftmax(size_of(most_kept, "most_kept"))};
  });
}

void clearhead_online_softmax_free(clearhead_online_softmax* softmax) { delete softmax; }

clearhead_status clearhead_online_softmax_add(clearhead_online_softmax* softmax, double score,
                                              const double* value) {
  return guarded([&] {
    clearhead_online_softmax& to = required(softmax, "softmax");
    if (!std::isfinite(score)) {
      refuse("score", "expected a finite number, got " + std::to_string(score));
    }
    to.rows.push(score, 1, numbers_at(value, to.Dv, "value"));
  });
}

clearhead_status clearhead_online_softmax_merge(clearhead_online_softmax* softmax,
                                                const clearhead_online_softmax* other) {
  return guarded([&] {
    clearhead_online_softmax& to = required(softmax, "softmax");
    const clearhead_online_softmax& from = required(other, "other");
    if (from.Dv != to.Dv) {
      refuse("other", "expected values of size " + std::to_string(to.Dv) + ", got " +
                          std::to_string(from.Dv));
    }
    const clearhead::compute::OnlineSoftmax rows = from.rows.total();
    if (!rows.is_empty()) to.rows.push(rows.max, rows.sum, rows.weighted);
  });
}

clearhead_status clearhead_online_softmax_remove(clearhead_online_softmax* softmax) {
  return guarded([&] { required(softmax, "softmax").rows.pop(); });
}

clearhead_status clearhead_online_softmax_result(const clearhead_online_softmax* softmax, double* y,
                                                 double* lse) {
  return guarded([&] {
    const clearhead_online_softmax& of = required(softmax, "softmax");
    const clearhead::compute::OnlineSoftmax rows = of.rows.total();
    if (y != nullptr) {
      std::fill_n(y, of.Dv, 0.0);
      std::ranges::transform(rows.weighted, y, [&](double x) { return x / rows.sum; });
    }
    if (lse != nullptr) *lse = rows.max + (rows.is_empty() ? 0 : std::log(rows.sum));
  });
}
