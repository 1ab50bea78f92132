#include "clearhead/base/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace clearhead {
namespace {

constexpr std::size_t kLine = 64;                        // the widest vector register, too
constexpr std::size_t kHugePage = std::size_t{2} << 20;  // of x86-64 and ARMv8
constexpr std::size_t kLarge = std::size_t{4} << 20;     // a block that is worth keeping
// Kept blocks may take so large a part of what was in use more: at different times a loop asks for different sizes.
constexpr std::size_t kSlack = 4;

std::size_t rounded_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

void* take_from_system(std::size_t bytes) {
  void* block = nullptr;  // aligned_alloc takes multiples of the alignment only
  if (::posix_memalign(&block, kHugePage, bytes) != 0) return nullptr;
#if defined(MADV_HUGEPAGE)
  // A page of 2 MiB is asked for once instead of 512 times, and found by one entry of the TLB.
  ::madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

// Whether the system's allocator holds on to smaller blocks, too. Otherwise glibc maps those above
// 128 KiB one by one, and gives the end of its heap back as soon as it is free: in training a small
// network, a third of the time went into pages that were cleared again and again.
void hold_on_to_small_blocks([[maybe_unused]] bool hold) {
#if defined(__GLIBC__)
  constexpr int kDefaultThreshold = 128 << 10, kMost = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, hold ? static_cast<int>(kLarge) : kDefaultThreshold);
  ::mallopt(M_TRIM_THRESHOLD, hold ? kMost : kDefaultThreshold);
  if (!hold) ::malloc_trim(0);
#endif
}

// With its count of owners before it, in one block of the system's.
std::shared_ptr<void> take_small(std::size_t bytes) {
  std::size_t room = bytes + kLine - 1;
  std::shared_ptr<std::byte[]> block;
  try {
    block = std::make_shared_for_overwrite<std::byte[]>(room);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  void* begin = block.get();
  std::align(kLine, bytes, begin, room);
  return {std::move(block), begin};
}

// The large blocks: how much of them is in use, and those kept for later.
class LargeBlocks {
 public:
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto fits = closest(bytes);
    if (fits != kept_.end()) {
      const Block block = *fits;
      kept_bytes_ -= block.bytes;
      kept_.erase(fits);
      return use(block);
    }
    const std::size_t limit = most_ + most_ / kSlack;
    keep_at_most(limit > in_use_ + bytes ? limit - in_use_ - bytes : 0);
    void* const memory = take_from_system(bytes);
    return memory == nullptr ? nullptr : use({bytes, memory});
  }

  void give_back(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    in_use_ -= found->second;
    if (users_ > 0) {
      kept_.push_back({found->second, block});
      kept_bytes_ += found->second;
    } else {
      std::free(block);
    }
    sizes_.erase(found);
  }

  void begin_keeping() {
    const std::lock_guard lock(mutex_);
    if (users_++ > 0) return;
    most_ = in_use_;
    hold_on_to_small_blocks(true);
  }

  void end_keeping() {
    const std::lock_guard lock(mutex_);
    if (--users_ > 0) return;
    keep_at_most(0);
    hold_on_to_small_blocks(false);
  }

 private:
  struct Block {
    std::size_t bytes;
    void* memory;
  };
  using Blocks = std::list<Block>;

  // The smallest of the kept blocks that hold `bytes` and not much more.
  Blocks::iterator closest(std::size_t bytes) {
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); ++block) {
      if (block->bytes < bytes || block->bytes > bytes + bytes / 8) continue;
      if (best == kept_.end() || block->bytes < best->bytes) best = block;
    }
    return best;
  }

  void* use(const Block& block) {
    sizes_[block.memory] = block.bytes;
    in_use_ += block.bytes;
    most_ = std::max(most_, in_use_);
    return block.memory;
  }

  // Those kept longest go first: in a loop they are the ones that nothing asks for.
  void keep_at_most(std::size_t bytes) {
    while (kept_bytes_ > bytes) {
      kept_bytes_ -= kept_.front().bytes;
      std::free(kept_.front().memory);
      kept_.pop_front();
    }
  }

  std::mutex mutex_;
  Blocks kept_;                         // in the order in which they were given back
  std::map<void*, std::size_t> sizes_;  // of the blocks in use
  std::size_t in_use_ = 0, kept_bytes_ = 0;
  std::size_t most_ = 0;  // that was in use at once since keeping began
  int users_ = 0;
};

LargeBlocks& large_blocks() {
  static LargeBlocks* blocks =
      new LargeBlocks;  // outlives every tensor, those of other statics too
  return *blocks;
}

}  // namespace

std::shared_ptr<void> allocate(std::size_t bytes) {
  const std::size_t rounded = std::max(kLine, rounded_up(bytes, kLine));
  if (rounded < kLarge) return take_small(rounded);
  void* block = large_blocks().take(rounded);
  if (block == nullptr) return nullptr;
  return std::shared_ptr<void>(block, [](void* p) { large_blocks().give_back(p); });
}

std::size_t machine_memory() {
#if defined(__linux__)
  return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
#else
  return std::numeric_limits<std::size_t>::max();
#endif
}

ReuseMemory::ReuseMemory() { large_blocks().begin_keeping(); }
ReuseMemory::~ReuseMemory() { large_blocks().end_keeping(); }

}  // namespace clearhead
