// Lists the values of a run and saves them under TransformerLens's names and axes.
#include "apps/console/activations.h"

#include <algorithm>

#include "apps/console/named_numbers.h"
#include "apps/console/table.h"
#include "clearhead/base/pattern.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tensor/io.h"

namespace clearhead::console {

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

bool is_activation(const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  return last.starts_with("hook_") || last == "tokens" || last == "source_tokens" ||
         last == "logits" || last == "embedding" || last == "probabilities";
}

bool has_heads_behind_tokens(const std::string& name, std::int64_t rank) {
  const AttentionStep* const step = find_attention_step(name);
  return rank == 4 && step != nullptr && step->axes.size() == 4 &&
         step->axes.back() == StepAxis::component;
}

Tensor as_transformer_lens(const std::string& name, const Tensor& value) {
  return (has_heads_behind_tokens(name, value.rank()) ? value.transpose(1, 2) : value).contiguous();
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

void save_activations(const Tape& tape, const std::vector<std::string>& names,
                      const std::string& path) {
  NamedTensors named;
  for (const std::string& name : names) {
    named.tensors.emplace_back(name, as_transformer_lens(name, tape[name].value()));
  }
  write_tensors(path, named);
}

}  // namespace clearhead::console
