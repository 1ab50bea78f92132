// Memory of tensors: from a multiple of 64 bytes on, large blocks in large pages, and used again
// while a calculation repeats itself.
#ifndef CLEARHEAD_BASE_MEMORY_H_
#define CLEARHEAD_BASE_MEMORY_H_

#include <cstddef>
#include <memory>

namespace clearhead {

/// `bytes` bytes, unspecified, from a cache line's beginning on; null if they cannot be had.
std::shared_ptr<void> allocate(std::size_t bytes);

/// The bytes of memory that this machine has; the most that can be counted where that is not known.
std::size_t machine_memory();

/// While one lives, a block of 32 KiB or more whose last owner goes is kept, for the next of about
/// its size. The system would clear every page that it hands out, which takes three times as long
/// as writing a tensor of 100 MB, and was a third of the time of training a small network. All
/// blocks, kept and in use, take at most 5/4 of the most that was ever in use. For a loop like
/// training.
class ReuseMemory {
 public:
  ReuseMemory();
  ReuseMemory(const ReuseMemory&) = delete;
  ReuseMemory& operator=(const ReuseMemory&) = delete;
  ~ReuseMemory();
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_MEMORY_H_
