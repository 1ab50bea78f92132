// The table of kernels that `clearhead bench` measures, each with the work that it counts.
#ifndef CLEARHEAD_BENCH_CASES_H_
#define CLEARHEAD_BENCH_CASES_H_

#include <functional>
#include <string>
#include <vector>

#include "bench/limits.h"

namespace clearhead::bench {

/// One kernel at one size, reached through the operation that people call.
struct Case {
  std::string kernel;   ///< "attention_forward"
  std::string size;     ///< "B1 H12 T512 D64 causal"
  std::string variant;  ///< the precision, or the type of numbers: "medium"
  Limit limit;          ///< what it would run into at best
  /// Flop of one call, or bytes for memory_read. Attention counts as 4·B·H·T²·D forward, 2.5 times
  /// that backward, half of it if causal, whatever the kernel executes. `high` counts like the
  /// others, a third of what the tiles execute.
  double work;
  /// Makes the operands and returns a function that calls the kernel once.
  std::function<std::function<void()>()> prepare;
};

/// All cases; with `quick` sizes that take milliseconds.
std::vector<Case> all_cases(bool quick);

/// The names of the kernels, each once, in the order of the table.
std::vector<std::string> kernel_names();

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_CASES_H_
