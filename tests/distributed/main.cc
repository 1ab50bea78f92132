// Tests that run on several ranks: `mpirun -n 4 distributed_test`. What fails on one rank ends all,
// since the others would wait for it. With `throws` or `dies` as argument, rank 1 does so in the
// middle of a ring, for endings.sh.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/distributed/ring_attention.h"
#include "tests/distributed/ranks.h"
#include "tests/testing.h"

namespace clearhead::distributed {
namespace {

Ranks* all_ranks = nullptr;

class EndOnFailure : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "%s:%d: failed on rank %d\n%s\n",
                 result.file_name() == nullptr ? "thrown" : result.file_name(),
                 result.line_number(), static_cast<int>(all_ranks->rank()), result.message());
    std::fflush(nullptr);
    std::_Exit(1);
  }
};

void calculate_until_the_end(Ranks& ranks, bool throws) {
  const std::int64_t T = 64;
  const Tensor x =
      ring_part(random_tensor({1, 1, T, 8}, 1, DType::f32), ranks.rank(), ranks.size());
  for (int round = 0;; ++round) {
    if (round == 3 && ranks.rank() == 1) {
      if (throws) throw Error("this rank gives up");
      std::raise(SIGKILL);
    }
    ring_attention(ranks, {x, x, x, T, {}});
  }
}

}  // namespace

Ranks& ranks() { return *all_ranks; }

}  // namespace clearhead::distributed

int main(int argc, char** argv) {
  using clearhead::distributed::Ranks;
  testing::InitGoogleTest(&argc, argv);
  clearhead::set_thread_count(1);
  return clearhead::distributed::run_ranks([&](Ranks& ranks) {
    if (argc == 2) {
      const std::string_view how = argv[1];
      clearhead::distributed::calculate_until_the_end(ranks, how == "throws");
    }
    clearhead::distributed::all_ranks = &ranks;
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    if (ranks.rank() != 0) delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new clearhead::distributed::EndOnFailure);
    if (RUN_ALL_TESTS() != 0) std::_Exit(1);
  });
}
