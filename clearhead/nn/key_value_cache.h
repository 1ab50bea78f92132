// Keys and values of the tokens so far, so that for the next token only its own are calculated.
#ifndef CLEARHEAD_NN_KEY_VALUE_CACHE_H_
#define CLEARHEAD_NN_KEY_VALUE_CACHE_H_

#include <cstdint>
#include <span>

#include "clearhead/ops/append.h"

namespace clearhead {

/// Of one attention: [B, G, length, D]. MultiHeadAttention appends to it.
class KeyValueCache {
 public:
  KeyValueCache() = default;
  KeyValueCache(const KeyValueCache&) = delete;
  KeyValueCache& operator=(const KeyValueCache&) = delete;
  KeyValueCache(KeyValueCache&&) = default;
  KeyValueCache& operator=(KeyValueCache&&) = default;

  /// The positions that it holds.
  std::int64_t length() const { return keys.length; }
  /// For beam search: batch i becomes what batch rows[i] was. Throws Error if there is no such
  /// batch.
  void reorder(std::span<const std::int64_t> rows);

  Growing keys;    ///< [B, G, length, D]
  Growing values;  ///< [B, G, length, Dv]
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_KEY_VALUE_CACHE_H_
