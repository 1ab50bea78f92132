// What measuring is made of works; how long anything takes is no test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "bench/cases.h"
#include "bench/limit_loops.h"
#include "bench/limits.h"
#include "bench/machine.h"
#include "bench/timing.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/targets/dispatch.h"
#include "tests/kernels/targets.h"

namespace clearhead::bench {
namespace {

TEST(Timing, SummaryInterpolatesBetweenSortedTimes) {
  const Timing timing = summarise({4, 1, 3, 2});
  EXPECT_EQ(timing.min, 1);
  EXPECT_EQ(timing.p25, 1.75);  // a quarter of the way from the first to the last of four
  EXPECT_EQ(timing.median, 2.5);
  EXPECT_EQ(timing.calls, 4);
  EXPECT_EQ(summarise({7}).p25, 7);
}

TEST(Timing, MeasuresAtLeastThreeTimesAfterAnUncountedCall) {
  int calls = 0;
  const Timing timing = measure([&] { ++calls; }, 0);
  EXPECT_GE(timing.calls, 3);
  EXPECT_GT(calls, timing.calls);
  EXPECT_LE(timing.min, timing.p25);
  EXPECT_LE(timing.p25, timing.median);
}

TEST(Machine, SaysWhatItIs) {
  const Machine machine = describe_machine();
  EXPECT_GE(machine.cores, 1);
  EXPECT_FALSE(machine.kernel_target.empty());
  EXPECT_FALSE(machine.version.empty());
}

TEST(Limits, EachLoopOfThisMachineDoesTheWorkItCounts) {
  for (const Limit limit : limits_of_this_machine()) {
    LimitLoop loop(limit, 1 << 20);
    EXPECT_GT(loop.work(), 0) << limit_name(limit);
    loop.run();
  }
}

TEST(Limits, MemoryIsReadInFull) {
  set_thread_count(2);
  EXPECT_EQ(LimitLoop(Limit::memory_read, 1 << 20).work(), 1 << 20);
  set_thread_count(0);
}

TEST(Limits, MultiplyAddsAreThoseOfTheTargetInUse) {
  testing::for_each_target([] {
    const kernels::Target target = kernels::current_target();
    const bool is_avx2 = target == kernels::Target::avx2;
    if (is_avx2 || target == kernels::Target::avx512) {
      EXPECT_EQ(multiply_add_step_flop(), 12 * 2 * (is_avx2 ? 8 : 16));
    }
  });
}

TEST(Limits, OneThatTheMachineLacksIsRefused) {
  if (has_limit(Limit::tile_product)) GTEST_SKIP() << "this machine has all limits";
  EXPECT_THROW(LimitLoop{Limit::tile_product}, Error);
}

// One disturbed measurement of a limit does not lower it.
TEST(Limits, TheBestThatWasSeenCounts) {
  const auto one = [](Limit limit, int threads, double seconds) {
    return MeasuredLimit{limit, threads, 12, summarise({seconds, 4 * seconds})};
  };
  std::vector<MeasuredLimit> limits;
  keep_best(limits, {one(Limit::multiply_add, 1, 2), one(Limit::memory_read, 1, 4)});
  keep_best(limits, {one(Limit::multiply_add, 1, 3), one(Limit::memory_read, 1, 3)});
  keep_best(limits, {one(Limit::multiply_add, 2, 1)});
  ASSERT_EQ(limits.size(), 3u);
  EXPECT_EQ(find_limit(limits, Limit::multiply_add, 1)->per_second(), 6);
  EXPECT_EQ(find_limit(limits, Limit::memory_read, 1)->per_second(), 4);
  EXPECT_EQ(find_limit(limits, Limit::multiply_add, 2)->per_second(), 12);
  EXPECT_EQ(find_limit(limits, Limit::memory_read, 2), nullptr);
}

TEST(Limits, AreMeasuredWithTheThreadsAskedFor) {
  set_thread_count(1);
  const std::vector<MeasuredLimit> limits = measure_limits(2, 0);
  EXPECT_EQ(limits.size(), limits_of_this_machine().size());
  for (const MeasuredLimit& limit : limits) EXPECT_EQ(limit.threads, 2);
  EXPECT_EQ(thread_count(), 1);
  set_thread_count(0);
}

TEST(Cases, EachRunsAndNoneIsThereTwice) {
  std::set<std::string> names;
  for (const Case& c : all_cases(/*quick=*/true)) {
    const std::string name = c.kernel + " " + c.size + " " + c.variant;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_GT(c.work, 0) << name;
    EXPECT_NO_THROW(c.prepare()()) << name;
  }
}

TEST(Cases, AttentionCountsWhatTheFormulaAsksFor) {
  for (const Case& c : all_cases(/*quick=*/true)) {
    if (c.size != "B1 H2 T128 D64 causal") continue;
    const double forward = 4.0 * 2 * 128 * 128 * 64 / 2;
    EXPECT_EQ(c.work, c.kernel == "attention_backward" ? 2.5 * forward : forward) << c.variant;
  }
}

}  // namespace
}  // namespace clearhead::bench
