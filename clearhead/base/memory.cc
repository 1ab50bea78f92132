// The memory of tensors: aligned, in large pages where it is large, and used again.
#include "clearhead/base/memory.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/peak_memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace clearhead {
namespace {

constexpr std::size_t kLine = 64;                          // the widest vector register, too
constexpr std::size_t kHugePage = std::size_t{2} << 20;    // of x86-64 and ARMv8
constexpr std::size_t kLeastHuge = std::size_t{4} << 20;   // a block that is worth such pages
constexpr std::size_t kLeastKept = std::size_t{32} << 10;  // a block that is worth keeping
// Kept blocks may take so large a part of what was in use more: at different times a loop asks for
// different sizes.
constexpr std::size_t kSlack = 4;
// What is kept though nobody asked for it, of large blocks: a result of 64 MiB and as much working
// memory. Pages that the system clears for each call took a quarter of the time of a product.
constexpr std::size_t kKeptAlways = std::size_t{128} << 20;

// A small block with its count of owners before it: one block of the system's.
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

void* take_from_system(std::size_t bytes) {
  if (bytes < kLeastHuge) return std::aligned_alloc(kLine, bytes);
  void* block = nullptr;  // aligned_alloc takes multiples of the alignment only
  if (::posix_memalign(&block, kHugePage, bytes) != 0) return nullptr;
#if defined(MADV_HUGEPAGE)
  // A page of 2 MiB is asked for once instead of 512 times, and found by one entry of the TLB.
  ::madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

struct Block {
  std::size_t bytes;
  void* memory;
  std::size_t asked;  // of these bytes: what counts as in use, whichever block was kept from before
};

// All but the small blocks: how much of them is in use, and those kept for later.
class Blocks {
 public:
  // Of `bytes` or a little more; without memory if it cannot be had.
  Block take(std::size_t bytes) {
    const std::unique_lock lock = lock_soon();
    const auto closest = kept_.lower_bound(bytes);
    if (closest != kept_.end() && closest->first <= bytes + bytes / 8) {
      const Block block{closest->first, closest->second.memory, bytes};
      forget(closest);
      return use(block);
    }
    keep_at_most(room_beside(in_use_ + bytes));
    void* const memory = take_from_system(bytes);
    return memory == nullptr ? Block{} : use({bytes, memory, bytes});
  }

  void give_back(const Block& block) {
    const std::unique_lock lock = lock_soon();
    in_use_ -= block.asked;
    if (users_ == 0 && block.bytes < kLeastHuge) {
      std::free(block.memory);
      return;
    }
    kept_.emplace(block.bytes, Kept{block.memory, given_back_++});
    kept_bytes_ += block.bytes;
    if (users_ == 0) keep_at_most(room_beside(in_use_));
  }

  void begin_keeping() {
    const std::lock_guard lock(mutex_);
    if (users_++ == 0) most_ = in_use_ + kept_bytes_;
  }

  void end_keeping() {
    const std::lock_guard lock(mutex_);
    if (--users_ > 0) return;
    while (!kept_.empty() && kept_.begin()->first < kLeastHuge) {
      std::free(kept_.begin()->second.memory);
      forget(kept_.begin());
    }
    keep_at_most(room_beside(in_use_));
  }

  // Forgets the peak of before, and gives what is in use.
  std::size_t begin_watching() {
    const std::lock_guard lock(mutex_);
    return peak_ = in_use_;
  }

  std::size_t peak() {
    const std::lock_guard lock(mutex_);
    return peak_;
  }

 private:
  struct Kept {
    void* memory;
    std::uint64_t order;  // in which it was given back
  };
  using KeptBlocks = std::multimap<std::size_t, Kept>;  // by bytes

  // It is mostly held for 50 ns: to sleep meanwhile, as a mutex would have it, takes a hundred
  // times as long.
  std::unique_lock<std::mutex> lock_soon() {
    for (int i = 0; i < 50; ++i) {
      if (mutex_.try_lock()) return {mutex_, std::adopt_lock};
      hwy::Pause();
    }
    return std::unique_lock(mutex_);
  }

  Block use(const Block& block) {
    in_use_ += block.asked;
    most_ = std::max(most_, in_use_);
    peak_ = std::max(peak_, in_use_);
    return block;
  }

  void forget(KeptBlocks::iterator kept) {
    kept_bytes_ -= kept->first;
    kept_.erase(kept);
  }

  // How much may be kept while `bytes` are in use.
  std::size_t room_beside(std::size_t bytes) const {
    const std::size_t limit = users_ == 0 ? most_ : most_ + most_ / kSlack;
    const std::size_t room = limit > bytes ? limit - bytes : 0;
    return users_ == 0 ? std::min(room, kKeptAlways) : room;
  }

  // Those kept longest go first: in a loop they are the ones that nothing asks for.
  void keep_at_most(std::size_t bytes) {
    while (kept_bytes_ > bytes) {
      const auto oldest = std::min_element(
          kept_.begin(), kept_.end(),
          [](const auto& a, const auto& b) { return a.second.order < b.second.order; });
      std::free(oldest->second.memory);
      forget(oldest);
    }
  }

  std::mutex mutex_;
  KeptBlocks kept_;
  std::uint64_t given_back_ = 0;
  std::size_t in_use_ = 0, kept_bytes_ = 0;
  std::size_t most_ = 0;  // that was in use at once since keeping began
  std::size_t peak_ = 0;  // since watching began
  int users_ = 0;
};

Blocks& all_blocks() {
  static Blocks* blocks = new Blocks;  // outlives every tensor, those of other statics too
  return *blocks;
}

}  // namespace

std::shared_ptr<void> allocate(std::size_t bytes) {
  if (bytes < kLeastKept) return take_small(std::max<std::size_t>(1, bytes));
  const Block block = all_blocks().take(round_up(bytes, kLine));
  if (block.memory == nullptr) return nullptr;
  return std::shared_ptr<void>(block.memory, [block](void*) { all_blocks().give_back(block); });
}

std::size_t machine_memory() {
#if defined(__linux__)
  return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
#else
  return std::numeric_limits<std::size_t>::max();
#endif
}

ReuseMemory::ReuseMemory() { all_blocks().begin_keeping(); }
ReuseMemory::~ReuseMemory() { all_blocks().end_keeping(); }

PeakMemory::PeakMemory() : before_(all_blocks().begin_watching()) {}
std::size_t PeakMemory::bytes() const { return all_blocks().peak() - before_; }

}  // namespace clearhead
