// Parsing, acting and comparing for --set and --ablate.
#include "apps/console/interventions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parse_number.h"
#include "clearhead/lens/divergence.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/tape/explain.h"

namespace clearhead::console {
namespace {

constexpr std::int64_t kComparedElements = 1 << 24;  // larger values, as fused scores, are not

Intervention parse_set(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::optional<Numbers> numbers = numbers_of(text.substr(0, equals));
  std::optional<double> value;
  if (equals != std::string::npos) value = parse_number<double>(text.substr(equals + 1));
  const bool is_masking = value == -std::numeric_limits<double>::infinity();  // of a score
  if (!numbers || !value || (!std::isfinite(*value) && !is_masking)) {
    refuse_value("--set", "NAME[INDEX]=VALUE, such as hook_z[0,2]=0.5", text);
  }
  return {"--set " + text, *numbers, *value};
}

}  // namespace

void add_interventions(OptionGroup& group, std::vector<Intervention>& interventions) {
  group.each_text(
      "--set", "NAME[INDEX]=VALUE",
      "Set numbers to VALUE during the calculation. In NAME, * stands "
      "for any text. INDEX counts from 0; -1 is the last place, : a whole axis, and axes that are "
      "left out are taken whole. May be given several times; they act in this order",
      [&](const std::string& x) { interventions.push_back(parse_set(x)); });
  group.each_text("--ablate", "NAME[INDEX]",
                  "Set numbers to 0; without INDEX the whole value. For example head 3 of layer 0: "
                  "blocks.0.attn.hook_z[3]",
                  [&](const std::string& x) {
                    interventions.push_back({"--ablate " + x, parse_numbers("--ablate", x), 0});
                  });
}

void intervene(Tape& tape, const std::vector<Intervention>& interventions) {
  for (const Intervention& intervention : interventions) {
    tape.intervene(intervention.numbers.name, [intervention](const Var& value) {
      if (!is_floating(value.dtype())) {
        throw UsageError(fmt::format("{}: expected floating-point numbers, but these are {}",
                                     intervention.given, dtype_name(value.dtype())));
      }
      const Selection places = intervention.numbers.in(value.shape(), intervention.given);
      return set_to(intervention.value, places)(value);
    });
  }
}

void check_effect(const Tape& tape, const std::vector<Intervention>& interventions) {
  const std::vector<std::string> unmatched = tape.unmatched();
  for (const Intervention& intervention : interventions) {
    const std::string& name = intervention.numbers.name;
    if (std::find(unmatched.begin(), unmatched.end(), name) == unmatched.end()) continue;
    refuse_name(intervention.given, name, tape);
  }
}

std::string print_changes(const Tape& before, const Tape& after,
                          const std::vector<std::string>& names,
                          const std::vector<Intervention>& interventions, int width) {
  plot::TextTable table;
  table.columns = {{"changed most at", true}, {"before", false}, {"after", false}};
  std::vector<std::string> large;
  for (const std::string& name : names) {
    if (!before.contains(name)) continue;
    const Var was = before[name], is = after[name];
    if (element_count(is.shape()) > kComparedElements) {
      large.push_back(name);
    } else if (const auto change = greatest_difference(was.value(), is.value())) {
      table.rows.push_back({place_text(name, is.shape(), change->place), format_number(change->a),
                            format_number(change->b)});
    }
  }
  std::vector<std::string> given;
  for (const Intervention& intervention : interventions) given.push_back(intervention.given);
  std::string text =
      wrapped(fmt::format("What {} changes{}", fmt::join(given, " "),
                          table.rows.empty() ? ": nothing, the numbers are as they were." : ":"),
              width, 0) +
      "\n";
  if (!table.rows.empty()) text += table.text(width);
  if (!large.empty()) {
    text += wrapped(fmt::format("too large to be compared: {}", fmt::join(large, ", ")), width, 0) +
            "\n";
  }
  return text;
}

}  // namespace clearhead::console
