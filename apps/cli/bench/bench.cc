#include "apps/cli/bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "apps/cli/bench/report.h"
#include "apps/cli/command.h"
#include "apps/cli/option_group.h"
#include "apps/cli/output.h"
#include "bench/cases.h"
#include "bench/limits.h"
#include "bench/machine.h"
#include "clearhead/base/file.h"
#include "clearhead/base/parallel.h"

namespace clearhead {
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
      refuse_value("--only", alternatives(names), name);
    }
  }
}

// On a terminal, what is being measured, in a line that the next one replaces.
void show_progress(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K{}", text);
}

std::vector<MeasuredCase> measure_cases(const BenchOptions& o) {
  std::vector<MeasuredCase> measured;
  for (const bench::Case& c : bench::all_cases(o.quick)) {
    if (!wanted(o, c.kernel)) continue;
    show_progress(fmt::format("{} {} {}", c.kernel, c.size, c.variant));
    const bench::Timing timing = bench::measure(c.prepare(), o.quick ? 0.02 : 1.0);
    measured.push_back({c, thread_count(), timing});
  }
  show_progress("");
  return measured;
}

void bench_machine(const BenchOptions& o) {
  check(o);
  if (!o.json.empty()) check_writable(o.json);
  set_thread_count(o.threads);
  const bench::Machine machine = bench::describe_machine();
  write_output(machine_text(machine) + "\n");

  // Always: each kernel is reported as a fraction of them.
  const std::vector<bench::MeasuredLimit> limits = bench::measure_limits(o.quick ? 0.1 : 1.0);
  write_output(limits_text(limits));
  const std::vector<MeasuredCase> cases = measure_cases(o);
  if (!cases.empty()) write_output("\n" + cases_text(cases, limits));

  if (!o.json.empty()) {
    const std::string json = report_json(machine, limits, cases);
    write_file(o.json, [&](std::ostream& out) { out << json; });
    write_output("\n" + wrote(o.json));
  }
}

}  // namespace

std::function<void()> set_up_bench(CLI::App& app) {
  const auto o = std::make_shared<BenchOptions>();
  OptionGroup group(app, "What to measure");
  group.repeated_text("--only", "NAME",
                      "limits, or the kernels of that name (such as matmul); may be given several "
                      "times. The limits are always measured",
                      [o](const std::vector<std::string>& names) { o->only = names; });
  group.flag("--quick", "Small sizes for a moment each, to see that it works",
             [o] { o->quick = true; });
  group.threads(o->threads);
  group.text("--json", "FILE", "Write what was measured",
             [o](const std::string& file) { o->json = file; });
  return [o] { bench_machine(*o); };
}

}  // namespace clearhead
