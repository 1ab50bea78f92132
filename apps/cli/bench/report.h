// What `clearhead bench` measured, as text and as JSON.
#ifndef CLEARHEAD_APPS_CLI_BENCH_REPORT_H_
#define CLEARHEAD_APPS_CLI_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "bench/cases.h"
#include "bench/limits.h"
#include "bench/machine.h"

namespace clearhead::cli {

/// A kernel and how long it took.
struct MeasuredCase {
  bench::Case what;
  int threads;
  bench::Timing timing;

  double per_second() const { return what.work / timing.median; }
};

/// Limits as a table.
std::string limits_text(const std::vector<bench::MeasuredLimit>& limits);

/// Kernels as a table; each with its fraction of its limit where that is among `limits`.
std::string cases_text(const std::vector<MeasuredCase>& cases,
                       const std::vector<bench::MeasuredLimit>& limits);

/// All of it: {"machine": …, "limits": […], "kernels": […]}; times in seconds, rates in flop or
/// bytes per second.
std::string report_json(const bench::Machine& machine,
                        const std::vector<bench::MeasuredLimit>& limits,
                        const std::vector<MeasuredCase>& cases);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_BENCH_REPORT_H_
