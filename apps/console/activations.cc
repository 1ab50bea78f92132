// Lists the values of a run and saves them under TransformerLens's names and axes.
#include "apps/console/activations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/console/named_numbers.h"
#include "apps/console/table.h"
#include "clearhead/base/pattern.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/lens/transformer_lens.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tensor/io.h"

namespace clearhead::console {
namespace {

constexpr double kMostViewBytes = 1 << 28;   // of one layer
constexpr double kMostScoreBytes = 1 << 30;  // of the scores of tokens, of which there is one

double bytes_of(const Var& var) {
  return static_cast<double>(element_count(var.shape())) *
         static_cast<double>(dtype_size(var.dtype()));
}

}  // namespace

std::string print_list(const Tape& tape, int width) {
  plot::TextTable table;
  table.columns = {{"name", true}, {"shape", true}, {"formula", true}};
  for (const std::string& name : tape.names()) {
    const Var var = tape[name];
    const bool is_alias = var.name() != name;
    table.rows.push_back(
        {name, to_string(var.shape()), is_alias ? "is " + var.name() : var.formula()});
  }
  return table.text(width);
}

std::vector<std::string> activation_names(const Tape& tape,
                                          const std::vector<std::string>& patterns,
                                          const std::string& option) {
  std::vector<std::string> names, all;
  std::vector<bool> is_used(patterns.size(), false);
  for (const std::string& name : tape.names()) {
    if (!is_activation(name)) continue;
    all.push_back(name);
    bool is_wanted = patterns.empty();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (!matches_pattern(patterns[i], name)) continue;
      is_wanted = is_used[i] = true;
    }
    if (is_wanted) names.push_back(name);
  }
  const auto unused = std::find(is_used.begin(), is_used.end(), false);
  if (unused != is_used.end()) {
    const std::string& pattern = patterns[static_cast<std::size_t>(unused - is_used.begin())];
    refuse_name(option + " " + pattern, pattern, tape);
  }
  return names;
}

bool is_large_view(const Tape& tape, const std::string& name) {
  if (name == "logits" || name == "probabilities") return bytes_of(tape[name]) > kMostScoreBytes;
  const AttentionStep* const step = find_attention_step(name);
  if (step == nullptr || step->axes.back() != StepAxis::key) return false;
  const std::string scope = name.substr(0, name.rfind('.') + 1);
  if (is_by_hand(tape, scope) || tape[name].kind() == "input") return false;
  return bytes_of(tape[scope + steps::kPattern]) > kMostViewBytes;
}

std::vector<std::string> take_out_large_views(const Tape& tape, std::vector<std::string>& names) {
  const auto large =
      std::stable_partition(names.begin(), names.end(),
                            [&](const std::string& name) { return !is_large_view(tape, name); });
  std::vector<std::string> taken(large, names.end());
  names.erase(large, names.end());
  return taken;
}

std::string left_out_text(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  return fmt::format(
      "left out of it, as they are large and calculated only where they are looked at: {}\n",
      fmt::join(names, ", "));
}

void save_activations(const Tape& tape, const std::vector<std::string>& names,
                      const std::string& path) {
  NamedTensors named;
  for (const std::string& name : names) {
    named.tensors.emplace_back(name, transformer_lens_axes(name, tape[name].value()).contiguous());
  }
  write_tensors(path, named);
}

}  // namespace clearhead::console
