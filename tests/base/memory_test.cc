// Memory of tensors: alignment, use again, and its bound.
#include "clearhead/base/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "clearhead/base/peak_memory.h"
#include "tests/scale.h"

namespace clearhead {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(Memory, IsAlignedAndWhollyOurs) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{1000}, 5 * kMiB + 1}) {
    const std::shared_ptr<void> block = allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.get()) % 64, 0u);
    std::memset(block.get(), 1, bytes);  // a sanitizer sees a byte too many
  }
  EXPECT_EQ(allocate(SIZE_MAX / 4), nullptr);
}

// What the system hands out is zero; what is used again still holds what was written.
bool holds_old_numbers(std::size_t bytes) {
  return static_cast<const char*>(allocate(bytes).get())[1000] == 7;
}

TEST(Memory, LargeBlocksAreUsedAgainWhileAsked) {
  const ReuseMemory reuse;
  std::memset(allocate(50 * kMiB).get(), 7, 50 * kMiB);
  EXPECT_TRUE(holds_old_numbers(50 * kMiB));
  EXPECT_TRUE(holds_old_numbers(50 * kMiB - 100'000));  // a little smaller fits
  const std::shared_ptr<void> held = allocate(50 * kMiB);
  EXPECT_NE(allocate(50 * kMiB).get(), held.get());
}

TEST(Memory, SomeLargeBlocksAreUsedAgainUnasked) {
  std::memset(allocate(20 * kMiB).get(), 7, 20 * kMiB);
  EXPECT_TRUE(holds_old_numbers(20 * kMiB));
  { const ReuseMemory reuse; }
  EXPECT_TRUE(holds_old_numbers(20 * kMiB));
  std::memset(allocate(200 * kMiB).get(), 7, 200 * kMiB);  // too large to keep
  EXPECT_FALSE(holds_old_numbers(200 * kMiB));
}

// Resident bytes of this program, or 0 where the system does not tell.
std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, pages = 0;
  statm >> total >> pages;
  return pages * 4096;
}

TEST(Memory, WhatIsKeptNeverAddsToTheMostThatWasUsed) {
  if (is_small_scale()) {
    GTEST_SKIP() << "a sanitizer keeps what is freed for a while";
  }
  const ReuseMemory reuse;
  const std::size_t before = resident();
  if (before == 0) GTEST_SKIP() << "this system does not tell its memory";
  for (std::size_t mib = 10; mib <= 100; mib += 10) {
    std::memset(allocate(mib * kMiB).get(), 1, mib * kMiB);
  }
  EXPECT_LT(resident() - before, 140 * kMiB);  // all ten blocks would take 550
}

TEST(Memory, WhatIsKeptUnaskedIsBounded) {
  if (is_small_scale()) {
    GTEST_SKIP() << "a sanitizer keeps what is freed for a while";
  }
  const std::size_t before = resident();
  if (before == 0) GTEST_SKIP() << "this system does not tell its memory";
  std::vector<std::shared_ptr<void>> blocks;
  for (std::size_t mib = 40; mib < 50; ++mib) {  // so large that free gives them back at once
    blocks.push_back(allocate(mib * kMiB));
    std::memset(blocks.back().get(), 1, mib * kMiB);
  }
  blocks.clear();
  EXPECT_LT(resident() - std::min(before, resident()), 140 * kMiB);  // of 445
}

TEST(PeakMemory, IsTheMostAtOnceBeyondWhatWasThere) {
  const std::shared_ptr<void> before = allocate(7 * kMiB);
  const PeakMemory peak;
  EXPECT_EQ(peak.bytes(), 0u);
  {
    const std::shared_ptr<void> one = allocate(3 * kMiB), two = allocate(2 * kMiB);
    allocate(4 * kMiB);
    allocate(1000);  // small: not counted
  }
  allocate(8 * kMiB);
  EXPECT_EQ(peak.bytes(), 9 * kMiB);
  EXPECT_EQ(PeakMemory().bytes(), 0u);
}

TEST(Memory, ManyThreadsNeverShareABlock) {
  const ReuseMemory reuse;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 50; ++round) {
        const std::shared_ptr<void> block = allocate(4 * kMiB + 64);
        std::memset(block.get(), i, 4096);
        for (int at = 0; at < 4096; ++at) {
          ASSERT_EQ(static_cast<const char*>(block.get())[at], i);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace clearhead
