// Work in pieces: every call is made once, with memory of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "clearhead/compute/pieces_internal.h"

namespace clearhead::compute {
namespace {

TEST(Pieces, EveryCallIsMadeOnceWhateverItsWork) {
  for (const std::int64_t multiply_adds : {0, 1, 1000, 1 << 19, 1 << 30}) {
    for (const std::int64_t count : {0, 1, 7, 100}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      for_each_with_memory(3, count, multiply_adds, [&](std::int64_t i, float* memory) {
        for (int n = 0; n < 3; ++n) memory[n] = static_cast<float>(i);  // the sanitizers look on
        ++calls[static_cast<std::size_t>(i)];
      });
      for (const auto& n : calls) EXPECT_EQ(n, 1) << count << " of " << multiply_adds;
    }
  }
}

}  // namespace
}  // namespace clearhead::compute
