// Ctrl-C: the first is a flag, the second ends the process; or others check for it.
#include "clearhead/base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <stdexcept>

#include "clearhead/base/parallel.h"

namespace clearhead {
namespace {

TEST(Interrupt, FirstSignalIsAFlag) {
  for (const int number : {SIGINT, SIGTERM}) {
    const InterruptWatch watch;
    EXPECT_FALSE(interrupted());
    ::raise(number);
    EXPECT_TRUE(interrupted());
  }
}

TEST(InterruptDeathTest, SecondSignalEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const InterruptWatch watch;
        ::raise(SIGINT);
        ::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(InterruptDeathTest, WithoutAWatchTheFirstDoes) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        { const InterruptWatch watch; }
        ::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

std::atomic<int> checks = 0;

TEST(Interrupt, ACheckOfOthersEndsLoops) {
  set_interrupt_check([] {
    if (++checks > 10) throw std::runtime_error("enough");
  });
  std::atomic<int> pieces = 0;
  const auto count = [&](std::int64_t) { ++pieces; };
  parallel_for(9, count);
  parallel_for(1, count);
  EXPECT_EQ(pieces, 10);
  EXPECT_THROW(parallel_for(1000, count), std::runtime_error);
  EXPECT_THROW(parallel_for(1, count), std::runtime_error);
  EXPECT_EQ(pieces, 10);
  set_interrupt_check(nullptr);
  parallel_for(5, count);
  EXPECT_EQ(pieces, 15);
}

}  // namespace
}  // namespace clearhead
