// parallel_for: every piece once, nested or not, errors passed on, for any number of threads.
#include "clearhead/base/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
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

TEST_P(Parallel, NestsDeeply) {
  std::atomic<int> calls = 0;
  const std::function<void(int)> nest = [&](int depth) {
    parallel_for(2, [&](std::int64_t i) {
      ++calls;
      if (i == 0 && depth > 1) nest(depth - 1);
    });
  };
  nest(100);
  EXPECT_EQ(calls, 200);
}

// A loop of `threads` pieces, each of which ends when all have begun.
void meet(int threads) {
  std::atomic<int> begun = 0;
  parallel_for(threads, [&](std::int64_t) {
    ++begun;
    while (begun < threads) std::this_thread::yield();
  });
}

TEST_P(Parallel, AllThreadsComeFromSleepOrNot) {
  for (int i = 0; i < 100; ++i) {
    meet(GetParam());
    std::this_thread::sleep_for(std::chrono::microseconds(i % 10 == 0 ? 5000 : i % 5 * 50));
  }
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

TEST_P(Parallel, CallersDoNotDisturbEachOther) {
  std::vector<std::thread> callers;
  std::atomic<int> calls = 0, caught = 0;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 300; ++i) {
        try {
          parallel_for(5, [&](std::int64_t piece) {
            parallel_for(3, [&](std::int64_t) { ++calls; });
            if (caller == 0 && piece == 4) throw std::out_of_range("last");
          });
        } catch (const std::out_of_range&) {
          ++caught;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(caught, 300);
  EXPECT_GE(calls, 3 * 300 * 15);
}

TEST(ThreadCount, MayChangeWhileLoopsRun) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    for (int i = 0; !done; ++i) set_thread_count(1 + i % 6);
  });
  std::atomic<int> calls = 0;
  for (int i = 0; i < 2000; ++i) parallel_for(7, [&](std::int64_t) { ++calls; });
  done = true;
  other.join();
  EXPECT_EQ(calls, 14000);
  set_thread_count(4);
  meet(4);
  set_thread_count(0);
}

TEST(ThreadCount, HoldsInAForkedProcess) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer forbids threads in a process that was forked from several";
#endif
  set_thread_count(3);
  meet(3);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(100);  // it would wait for ever for threads that it does not have
    meet(3);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  meet(3);
  set_thread_count(0);
}

// The other threads, and the pieces that they had begun, are not there in a forked process.
TEST(ThreadCount, ALoopThatWasForkedSaysSo) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer forbids threads in a process that was forked from several";
#endif
  set_thread_count(3);
  const std::thread::id caller = std::this_thread::get_id();
  bool forked = false;
  pid_t child = 0;
  const auto loop = [&] {
    parallel_for(1000, [&](std::int64_t) {
      if (std::this_thread::get_id() != caller || forked) return;
      forked = true;
      child = ::fork();
    });
  };
  try {
    loop();
  } catch (const Error& error) {
    const bool is_said = std::string(error.what()).find("forked") != std::string::npos;
    if (child == 0) ::_exit(is_said ? 0 : 1);
    throw;
  }
  if (child == 0) ::_exit(2);
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  set_thread_count(0);
}

int threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

TEST(ThreadCount, ThoseThatAreTooManyEnd) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer has threads of its own";
#endif
  set_thread_count(1);
  const auto wait_for = [](int most) {  // they end when they get to it
    for (int i = 0; i < 5000 && threads_of_this_process() > most; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  };
  wait_for(1);
  const int before = threads_of_this_process();
  set_thread_count(20);
  meet(20);
  EXPECT_EQ(threads_of_this_process(), before + 19);
  set_thread_count(3);
  wait_for(before + 2);
  EXPECT_EQ(threads_of_this_process(), before + 2);
  set_thread_count(0);
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
