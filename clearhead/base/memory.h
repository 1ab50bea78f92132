// Memory of tensors: aligned to 64 bytes, large blocks in large pages, and used again while a
// calculation repeats itself.
#ifndef CLEARHEAD_BASE_MEMORY_H_
#define CLEARHEAD_BASE_MEMORY_H_

#include <cstddef>
#include <memory>

namespace clearhead {

/// `bytes` uninitialised bytes, aligned to a cache line; null if there is not enough memory. Of
/// freed blocks of 4 MiB or more, up to 128 MiB are kept for the next requests of about their size,
/// unless that and what is in use would take more than was ever in use at once.
std::shared_ptr<void> allocate(std::size_t bytes);

/// The bytes of memory that this machine has; if unknown, the largest number.
std::size_t machine_memory();

/// For a loop such as training. While one lives, a freed block of 32 KiB or more is kept for the
/// next request of about its size. The system would clear every page that it hands out: for a
/// tensor of 100 MB that takes three times as long as writing it, and it was a third of the time of
/// training a small network. Kept blocks and blocks in use together take at most 5/4 of the most
/// that was ever in use.
class ReuseMemory {
 public:
  /// Begins to keep memory.
  ReuseMemory();
  ReuseMemory(const ReuseMemory&) = delete;
  ReuseMemory& operator=(const ReuseMemory&) = delete;
  /// Gives it back, but for what is kept always.
  ~ReuseMemory();
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_MEMORY_H_
