// What the processor and its memory can do at best: the ceilings that kernels are measured against.
//
// Each is measured by a loop that does nothing else, on one or more threads at the same time, and
// repeatedly during a run, because a loop that is disturbed shows too little.
#ifndef CLEARHEAD_BENCH_LIMITS_H_
#define CLEARHEAD_BENCH_LIMITS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/timing.h"

namespace clearhead::bench {

enum class Limit {
  multiply_add,  ///< f32 multiply-adds in vectors of the target in use, in flop (2 each)
  tile_product,  ///< bf16 products with f32 sums in AMX tiles, in flop (2 for each)
  pair_product,  ///< the same in vectors of AVX-512
  memory_read,   ///< bytes read from a buffer, front to back
};

/// "multiply_add", "tile_product", "pair_product", "memory_read".
std::string limit_name(Limit limit);
/// All limits that this machine has: those of bf16 only where there is AMX, or
/// AVX-512 with bf16.
std::vector<Limit> limits_of_this_machine();
bool has_limit(Limit limit);

/// Work that runs into one limit, on as many threads as `parallel_for` uses.
class LimitLoop {
 public:
  /// `bytes`: size of the buffer of memory_read; 0 for one that no cache holds. Throws Error if the
  /// machine does not have that limit, or too little memory.
  explicit LimitLoop(Limit limit, std::int64_t bytes = 0);

  /// Takes about 10 ms of a core's time on each thread.
  void run();
  /// The flop or bytes of one run.
  double work() const { return work_; }

 private:
  void run_piece(std::int64_t piece);

  Limit limit_;
  std::int64_t pieces_ = 0;
  std::int64_t piece_size_ = 0;  // steps of the loop, or floats
  double work_ = 0;
  // memory_read: one run after the other reads a part of the buffer.
  std::shared_ptr<const float> buffer_;
  std::int64_t runs_of_buffer_ = 1;
  std::int64_t part_ = 0;
};

/// A limit as measured. A disturbance can only make its loop slower, so the shortest time counts.
struct MeasuredLimit {
  Limit limit;
  int threads;
  double work;
  Timing timing;

  double per_second() const { return work / timing.min; }
};

/// Measures each limit on `threads` threads, for `seconds` each.
std::vector<MeasuredLimit> measure_limits(int threads, double seconds);

/// Adds `more` to `limits`; if both have a limit, the faster measurement stays.
void keep_best(std::vector<MeasuredLimit>& limits, const std::vector<MeasuredLimit>& more);

/// The limit of that kind, measured with that many threads; null if there is none.
const MeasuredLimit* find_limit(const std::vector<MeasuredLimit>& limits, Limit limit, int threads);

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_LIMITS_H_
