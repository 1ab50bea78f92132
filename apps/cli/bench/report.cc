// The report of `clearhead bench`, as tables and as JSON.
#include "apps/cli/bench/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "apps/console/numbers.h"
#include "apps/console/table.h"
#include "bench/json.h"

namespace clearhead::cli {
namespace {

using bench::Limit;
using bench::MeasuredLimit;
using bench::Timing;

// "148 GFLOP/s", "2.2 TFLOP/s", "9.8 GB/s": three digits.
std::string rate_text(Limit limit, double per_second) {
  const std::string unit = limit == Limit::memory_read ? "B/s" : "FLOP/s";
  if (per_second >= 1e12) return fmt::format("{:.2f} T{}", per_second / 1e12, unit);
  const double giga = per_second / 1e9;
  return fmt::format("{:.{}f} G{}", giga, giga < 10 ? 2 : giga < 100 ? 1 : 0, unit);
}

// Milliseconds with at least three digits.
std::string time_text(double seconds) {
  const double ms = seconds * 1e3;
  return fmt::format("{:.{}f}", ms, ms < 1 ? 4 : ms < 10 ? 3 : ms < 100 ? 2 : 1);
}

std::string describe(Limit limit) {
  switch (limit) {
    case Limit::multiply_add:
      return "f32 multiply-add";
    case Limit::tile_product:
      return "bf16 tile product (AMX)";
    case Limit::pair_product:
      return "bf16 pair product (AVX-512)";
    case Limit::memory_read:
      break;
  }
  return "reading memory";
}

constexpr const char* kAboveLimit =
    "above the limit: its numbers stay in a cache, or something slowed the limit's loop each time";

// What part of its limit a kernel reaches; none where that was not measured.
std::optional<double> share_of_limit(const MeasuredCase& c,
                                     const std::vector<MeasuredLimit>& limits) {
  const MeasuredLimit* limit = find_limit(limits, c.what.limit, c.threads);
  if (limit == nullptr) return std::nullopt;
  return c.per_second() / limit->per_second();
}

}  // namespace

std::string limits_text(const std::vector<MeasuredLimit>& limits) {
  plot::TextTable table;
  table.columns = {{"limit", true}, {"threads"}, {"best"}, {"median"}};
  for (const MeasuredLimit& l : limits) {
    table.rows.push_back({describe(l.limit), std::to_string(l.threads),
                          rate_text(l.limit, l.per_second()),
                          rate_text(l.limit, l.work / l.timing.median)});
  }
  return table.text();
}

std::string cases_text(const std::vector<MeasuredCase>& cases,
                       const std::vector<MeasuredLimit>& limits) {
  plot::TextTable table;
  table.columns = {{"kernel", true}, {"size", true}, {"", true}, {"min ms"},
                   {"25 % ms"},      {"median ms"},  {"rate"},   {"of limit"}};
  bool any_above = false;
  for (const MeasuredCase& c : cases) {
    const std::optional<double> share = share_of_limit(c, limits);
    const bool is_above = share && *share > 1;
    any_above |= is_above;
    table.rows.push_back(
        {c.what.kernel, c.what.size, c.what.variant, time_text(c.timing.min),
         time_text(c.timing.p25), time_text(c.timing.median),
         rate_text(c.what.limit, c.per_second()),
         share ? fmt::format("{}{:.0f} %", is_above ? "* " : "", 100 * *share) : "–"});
  }
  return table.text() + (any_above ? fmt::format("* {}\n", kAboveLimit) : "");
}

std::string report_json(const bench::Machine& machine, const std::vector<MeasuredLimit>& limits,
                        const std::vector<MeasuredCase>& cases) {
  nlohmann::json kernels = nlohmann::json::array();
  for (const MeasuredCase& c : cases) {
    nlohmann::json row = {{"kernel", c.what.kernel},
                          {"size", c.what.size},
                          {"variant", c.what.variant},
                          {"threads", c.threads},
                          {"limit", limit_name(c.what.limit)},
                          {"work", c.what.work},
                          {"seconds", c.timing},
                          {"per_second", c.per_second()}};
    if (const std::optional<double> share = share_of_limit(c, limits)) {
      row["of_limit"] = *share;
      if (*share > 1) row["remark"] = kAboveLimit;
    }
    kernels.push_back(std::move(row));
  }
  const nlohmann::json report = {{"machine", machine}, {"limits", limits}, {"kernels", kernels}};
  return report.dump(2) + "\n";
}

}  // namespace clearhead::cli
