// Memory of tensors: from a multiple of 64 bytes on, large blocks in large pages, and used again while a
// calculation repeats itself.
#ifndef CLEARHEAD_BASE_MEMORY_H_
#define CLEARHEAD_BASE_MEMORY_H_

#include <cstddef>
#include <memory>

namespace clearhead {

/// `bytes` bytes, unspecified, from a cache line's beginning on; null if they cannot be had.
std::shared_ptr<void> allocate(std::size_t bytes);

/// The bytes of memory that this machine has; the most that can be counted where that is not known.
std::size_t machine_memory();

/// While one lives, blocks of 32 KiB and more are kept when their last owner goes, for the next one of
/// about their size: the system clears every page that it hands out, which for a tensor of 100 MB takes
/// three times as long as writing it, and was a third of the time of training a small network. Blocks kept and blocks in use together never take more than 5/4
/// of what the blocks in use once took. For a loop whose rounds are alike, such as training.
class ReuseMemory {
 public:
  ReuseMemory();
  ReuseMemory(const ReuseMemory&) = delete;
  ReuseMemory& operator=(const ReuseMemory&) = delete;
  ~ReuseMemory();
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_MEMORY_H_
