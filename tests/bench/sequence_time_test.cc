// Times of sequences: that all are measured as often as was asked. How long they are, is no test.
#include "bench/sequence_time.h"

#include <gtest/gtest.h>

#include <csignal>

#include "clearhead/base/interrupt.h"
#include "clearhead/base/parallel.h"

namespace clearhead::bench {
namespace {

SequenceTimeOptions small() { return {.lengths = {2, 5}, .threads = {1, 2}, .rounds = 3}; }

TEST(SequenceTimes, AreOfEveryNetworkLengthAndNumberOfThreads) {
  const int threads = thread_count();
  std::int64_t told = 0;
  const auto times = measure_sequence_times(
      equal_networks(2000, 10, 5), small(),
      [&](std::int64_t done, const SequenceTime&) { EXPECT_EQ(done, told++); });
  EXPECT_EQ(told, 3 * 4 * 2 * 2);
  EXPECT_EQ(thread_count(), threads);
  ASSERT_EQ(times.size(), 4u * 2 * 2);
  EXPECT_EQ(times[0].network, "RNN");
  EXPECT_EQ(times[3].length, 5);
  EXPECT_EQ(times[3].threads, 2);
  for (const SequenceTime& time : times) {
    EXPECT_GT(time.forward.median, 0);
    EXPECT_GT(time.training.median, 0);
    EXPECT_EQ(time.training.calls, 3);
  }
}

TEST(SequenceTimes, EndWithTheWholeRoundsWhenInterrupted) {
  const auto rounds_until = [](std::int64_t interrupted_at) {
    const InterruptWatch watch;
    const auto times = measure_sequence_times(equal_networks(2000, 10, 5), small(),
                                              [&](std::int64_t done, const SequenceTime&) {
                                                if (done == interrupted_at) std::raise(SIGINT);
                                              });
    return times.empty() ? 0 : times.front().training.calls;
  };
  EXPECT_EQ(rounds_until(20), 1);  // a round has 16
  EXPECT_EQ(rounds_until(10), 0);
}

}  // namespace
}  // namespace clearhead::bench
