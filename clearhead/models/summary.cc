// The parts of a model, and the memory that they take.
#include "clearhead/models/summary.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace clearhead {
namespace {

// "blocks.3.attn.W_Q" is number 3 between "blocks." and ".attn.W_Q".
struct NumberedName {
  std::string before, number, after;
};

NumberedName split(const std::string& name) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto dot = std::adjacent_find(name.begin(), name.end(),
                                      [&](char a, char b) { return a == '.' && is_digit(b); });
  if (dot == name.end()) return {name, "", ""};
  const auto end = std::find_if_not(dot + 1, name.end(), is_digit);
  return {{name.begin(), dot + 1}, {dot + 1, end}, {end, name.end()}};
}

// A row that grows while the next blocks have the same.
struct Run {
  NumberedName first;
  std::string last_number;
  SummaryRow row;

  bool continues(const NumberedName& name, const Parameter& parameter) const {
    return !name.number.empty() && name.before == first.before && name.after == first.after &&
           row.shape == parameter.shape() && std::stoll(name.number) == std::stoll(last_number) + 1;
  }
};

}  // namespace

std::int64_t ModelSummary::bytes(DType dtype) const {
  return count * static_cast<std::int64_t>(dtype_size(dtype));
}

std::int64_t ModelSummary::training_bytes() const {
  constexpr std::int64_t kF32 = 4;
  return kF32 * (count + 3 * learned);
}

ModelSummary summarize(const Parameters& parameters) {
  std::vector<Run> runs;
  for (const Parameter& parameter : parameters) {
    const NumberedName name = split(parameter.name);
    const auto run = std::find_if(runs.begin(), runs.end(), [&](const Run& candidate) {
      return candidate.continues(name, parameter);
    });
    if (run == runs.end()) {
      runs.push_back(
          {name,
           name.number,
           {.name = parameter.name, .shape = parameter.shape(), .learned = parameter.learned}});
      continue;
    }
    run->last_number = name.number;
    run->row.name = name.before + run->first.number + "–" + name.number + name.after;
    ++run->row.copies;
  }
  ModelSummary summary;
  for (const Run& run : runs) {
    summary.rows.push_back(run.row);
    summary.count += run.row.count();
    if (run.row.learned) summary.learned += run.row.count();
  }
  return summary;
}

}  // namespace clearhead
