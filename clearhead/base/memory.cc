#include "clearhead/base/memory.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace clearhead {
namespace {

constexpr std::size_t kLine = 64;                        // the widest vector register, too
constexpr std::size_t kHugePage = std::size_t{2} << 20;  // of x86-64 and ARMv8
constexpr std::size_t kLarge = std::size_t{4} << 20;     // a block that is worth keeping

std::size_t rounded_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

void* take_from_system(std::size_t bytes) {
  if (bytes < kLarge) return std::aligned_alloc(kLine, bytes);
  void* block = nullptr;  // aligned_alloc takes multiples of the alignment only
  if (::posix_memalign(&block, kHugePage, bytes) != 0) return nullptr;
#if defined(MADV_HUGEPAGE)
  // A page of 2 MiB is asked for once instead of 512 times, and found by one entry of the TLB.
  ::madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

// The large blocks: how much of them is in use, and those kept for later.
class LargeBlocks {
 public:
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto fits = kept_.lower_bound(bytes);
    void* block = nullptr;
    if (fits != kept_.end() && fits->first <= bytes + bytes / 8) {
      block = fits->second;
      kept_bytes_ -= fits->first;
      sizes_[block] = fits->first;
      in_use_ += fits->first;
      kept_.erase(fits);
    } else {
      keep_at_most(most_ > in_use_ + bytes ? most_ - in_use_ - bytes : 0);
      block = take_from_system(bytes);
      if (block == nullptr) return nullptr;
      sizes_[block] = bytes;
      in_use_ += bytes;
    }
    most_ = std::max(most_, in_use_);
    return block;
  }

  void give_back(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    in_use_ -= found->second;
    if (users_ > 0) {
      kept_.emplace(found->second, block);
      kept_bytes_ += found->second;
    } else {
      std::free(block);
    }
    sizes_.erase(found);
  }

  void begin_keeping() {
    const std::lock_guard lock(mutex_);
    if (users_++ == 0) most_ = in_use_;
  }

  void end_keeping() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0) keep_at_most(0);
  }

 private:
  void keep_at_most(std::size_t bytes) {
    while (kept_bytes_ > bytes) {
      const auto largest = std::prev(kept_.end());
      kept_bytes_ -= largest->first;
      std::free(largest->second);
      kept_.erase(largest);
    }
  }

  std::mutex mutex_;
  std::multimap<std::size_t, void*> kept_;
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
  if (rounded < kLarge) {
    void* block = take_from_system(rounded);
    return block == nullptr ? nullptr : std::shared_ptr<void>(block, std::free);
  }
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
