// How long a piece of work takes, measured many times, because one measurement says little on a
// shared machine.
#ifndef CLEARHEAD_BENCH_TIMING_H_
#define CLEARHEAD_BENCH_TIMING_H_

#include <cstdint>
#include <functional>
#include <vector>

namespace clearhead::bench {

/// Seconds of one call.
struct Timing {
  double min = 0;
  double p25 = 0;  ///< a quarter of the calls took at most this long
  double median = 0;
  std::int64_t calls = 0;
};

/// The statistics of times in seconds; at least one time.
Timing summarise(std::vector<double> times);

/// Calls `work` once untimed, then timed until `seconds` have passed, at least three times. Calls
/// shorter than 20 µs are timed several at once.
Timing measure(const std::function<void()>& work, double seconds);

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_TIMING_H_
