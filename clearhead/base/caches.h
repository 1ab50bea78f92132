// Which arrays are too large to stay in the caches, so that writing them past the caches takes less
// time.
#ifndef CLEARHEAD_BASE_CACHES_H_
#define CLEARHEAD_BASE_CACHES_H_

#include <cstdint>

namespace clearhead {

/// Whether so many f32 are too many to be still in a second-level cache when they are read next:
/// twice what it holds. Lines that are written past the caches are not fetched first.
constexpr bool is_large(std::int64_t numbers) {
  return numbers * static_cast<std::int64_t>(sizeof(float)) >= 4 << 20;
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_CACHES_H_
