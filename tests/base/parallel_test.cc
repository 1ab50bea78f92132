// parallel_for: every piece once, nested or not, errors passed on, for any number of threads.
#include "clearhead/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

class Parallel : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(0); }
};

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, ::testing::Values(1, 2, 5));

TEST_P(Parallel, UsesTheThreadsThatWereAskedFor) { EXPECT_EQ(thread_count(), GetParam()); }

TEST_P(Parallel, CallsEachPieceOnce) {
  for (const std::int64_t count : {0, 1, 2, 3, 1000}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
    parallel_for(count, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
    for (const auto& n : calls) EXPECT_EQ(n, 1);
  }
  parallel_for(-1, [](std::int64_t) { FAIL() << "there is no piece"; });
}

TEST_P(Parallel, Nests) {
  std::vector<std::atomic<int>> calls(20 * 30);
  parallel_for(20, [&](std::int64_t i) {
    parallel_for(30, [&](std::int64_t j) { ++calls[static_cast<std::size_t>(30 * i + j)]; });
  });
  for (const auto& n : calls) EXPECT_EQ(n, 1);
}

TEST_P(Parallel, RethrowsWhatAPieceThrows) {
  for (const std::int64_t count : {1, 100}) {
    EXPECT_THROW(parallel_for(count,
                              [&](std::int64_t i) {
                                if (i == count - 1) throw std::out_of_range("last");
                              }),
                 std::out_of_range);
  }
  std::atomic<int> calls = 0;  // and works on afterwards
  parallel_for(10, [&](std::int64_t) { ++calls; });
  EXPECT_EQ(calls, 10);
}

TEST_P(Parallel, MayBeCalledFromSeveralThreads) {
  std::atomic<int> calls = 0;
  const auto run = [&] { parallel_for(100, [&](std::int64_t) { ++calls; }); };
  std::thread first(run), second(run);
  first.join();
  second.join();
  EXPECT_EQ(calls, 200);
}

TEST(ThreadCount, ZeroIsTheMachinesNumber) {
  set_thread_count(0);
  const int machine = thread_count();
  EXPECT_GE(machine, 1);
  set_thread_count(3);
  set_thread_count(0);
  EXPECT_EQ(thread_count(), machine);
}

TEST(ThreadCount, RefusesNegativeNumbers) {
  EXPECT_THROW(set_thread_count(-1), Error);
  EXPECT_THROW(set_thread_count(1000000000), Error);
}

}  // namespace
}  // namespace clearhead
