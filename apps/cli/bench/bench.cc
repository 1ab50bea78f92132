// The command `clearhead bench`: measures the machine's limits and the kernels, and shows both.
#include "apps/cli/bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "apps/cli/bench/report.h"
#include "apps/console/machine_text.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "bench/cases.h"
#include "bench/limits.h"
#include "bench/machine.h"
#include "clearhead/base/file.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/progress.h"

namespace clearhead::cli {
namespace {

constexpr const char* kLimits = "limits";

struct BenchOptions {
  std::vector<std::string> only;
  bool quick = false;
  std::string json;
  int threads = 0;
};

bool wanted(const BenchOptions& o, const std::string& name) {
  return o.only.empty() || std::find(o.only.begin(), o.only.end(), name) != o.only.end();
}

void check(const BenchOptions& o) {
  std::vector<std::string> names = bench::kernel_names();
  names.insert(names.begin(), kLimits);
  for (const std::string& name : o.only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      console::refuse_value("--only", console::alternatives(names), name);
    }
  }
}

struct Measured {
  std::vector<bench::MeasuredLimit> limits;
  std::vector<MeasuredCase> cases;
};

// Limits before all kernels, after them, and a little before those of each name, so that one is met
// in a quiet moment if there is any.
Measured measure(const BenchOptions& o) {
  std::vector<bench::Case> wanted_cases = bench::all_cases(o.quick);
  std::erase_if(wanted_cases, [&](const bench::Case& c) { return !wanted(o, c.kernel); });
  const double seconds = o.quick ? 0.02 : 1.0;
  const int threads = thread_count();
  Measured measured;
  const auto measure_limits = [&](int count, double time) {
    bench::keep_best(measured.limits, bench::measure_limits(count, time));
  };
  const auto measure_all_limits = [&] {
    measure_limits(1, seconds);
    if (threads > 1) measure_limits(threads, seconds);
  };

  ProgressOptions shown = detect_progress(STDERR_FILENO);
  shown.quiet_seconds = 3;
  Progress progress(std::cerr, std::ssize(wanted_cases), shown);
  measure_all_limits();
  std::string kernel;
  for (const bench::Case& c : wanted_cases) {
    progress.update(std::ssize(measured.cases),
                    fmt::format("{} {} {}", c.kernel, c.size, c.variant));
    if (c.kernel != kernel) measure_limits(threads, seconds / 5);
    kernel = c.kernel;
    measured.cases.push_back({c, threads, bench::measure(c.prepare(), seconds)});
  }
  measure_all_limits();
  return measured;
}

void bench_machine(const BenchOptions& o) {
  check(o);
  if (!o.json.empty()) check_writable(o.json);
  set_thread_count(o.threads);
  const bench::Machine machine = bench::describe_machine();
  console::write_output(console::machine_text(machine) + "\n");

  const auto [limits, cases] = measure(o);
  console::write_output(limits_text(limits));
  if (!cases.empty()) console::write_output("\n" + cases_text(cases, limits));

  if (!o.json.empty()) {
    const std::string json = report_json(machine, limits, cases);
    write_file(o.json, [&](std::ostream& out) { out << json; });
    console::write_output("\n" + console::wrote(o.json));
  }
}

}  // namespace

std::function<void()> set_up_bench(CLI::App& app) {
  const auto o = std::make_shared<BenchOptions>();
  console::OptionGroup group(app, "What to measure");
  group.repeated_text(
      "--only", "NAME",
      "limits, or the kernels with this name (such as matmul); may be given several times. Limits "
      "are always measured, before, between and after the kernels, and the best counts",
      [o](const std::vector<std::string>& names) { o->only = names; });
  group.flag("--quick", "Small sizes, a moment for each, to see that it works",
             [o] { o->quick = true; });
  group.threads(o->threads);
  group.text("--json", "FILE", "Write what was measured",
             [o](const std::string& file) { o->json = file; });
  return [o] { bench_machine(*o); };
}

}  // namespace clearhead::cli
