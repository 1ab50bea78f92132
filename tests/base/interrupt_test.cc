// Ctrl-C: the first is a flag, the second ends the process.
#include "clearhead/base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>

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

}  // namespace
}  // namespace clearhead
