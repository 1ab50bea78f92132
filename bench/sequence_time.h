// How long networks take for one sequence, by its length and by the number of threads.
#ifndef CLEARHEAD_BENCH_SEQUENCE_TIME_H_
#define CLEARHEAD_BENCH_SEQUENCE_TIME_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/timing.h"
#include "clearhead/models/equal_networks.h"

namespace clearhead::bench {

struct SequenceTime {
  std::string network;
  std::int64_t parameters = 0;
  std::int64_t length = 0;
  int threads = 1;
  Timing forward = {};   ///< from tokens to the scores of the next ones, nothing recorded
  Timing training = {};  ///< forward, loss of every token, and all gradients
};

struct SequenceTimeOptions {
  std::vector<std::int64_t> lengths;
  std::vector<int> threads;
  std::int64_t rounds = 7;
  std::uint64_t seed = 0;
};

/// Times one sequence of random tokens for each length, network and number of threads, once in
/// every round, so that other work on the machine disturbs all equally. `on_progress` is told how
/// many of all measurements (rounds · networks · lengths · threads) are done, and what the next one
/// is. If `interrupted()`, it ends early with the whole rounds so far, or nothing. Leaves
/// `thread_count()` as it was.
std::vector<SequenceTime> measure_sequence_times(
    const std::vector<NamedNetwork>& networks, const SequenceTimeOptions& options,
    const std::function<void(std::int64_t done, const SequenceTime& next)>& on_progress);

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_SEQUENCE_TIME_H_
