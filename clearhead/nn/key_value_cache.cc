// The keys and values of the tokens so far.
#include "clearhead/nn/key_value_cache.h"

#include <algorithm>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

void reorder_batches(Growing& growing, std::span<const std::int64_t> rows) {
  if (!growing.memory.defined()) return;
  Shape shape = growing.memory.shape();
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= shape[0]) {
      throw Error("cache: there is no batch " + std::to_string(row) + " among " +
                  std::to_string(shape[0]));
    }
  }
  shape[0] = static_cast<std::int64_t>(rows.size());
  Tensor reordered = Tensor::empty(shape, growing.memory.dtype());
  with_dtype(reordered.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t D = shape[3], room = shape[2], heads = shape[1];
    const T* from = growing.memory.data<T>();
    T* to = reordered.mutable_data<T>();
    for (const std::int64_t row : rows) {
      for (std::int64_t h = 0; h < heads; ++h, to += room * D) {
        std::copy_n(from + (row * heads + h) * room * D, growing.length * D, to);
      }
    }
  });
  growing.memory = reordered;
}

}  // namespace

void KeyValueCache::reorder(std::span<const std::int64_t> rows) {
  reorder_batches(keys, rows);
  reorder_batches(values, rows);
}

}  // namespace clearhead
