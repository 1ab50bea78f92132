// Lists the values of a reading (--list) and saves them under TransformerLens's names and axes.
#include "apps/cli/see/saved.h"

#include "apps/console/table.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

// What is calculated from the text, as opposed to what was learnt and to steps without a name.
bool is_activation(const std::string& name) {
  const std::string last = last_part(name);
  return last.starts_with("hook_") || last == "tokens" || last == "source_tokens" ||
         last == "logits" || last == "probabilities";
}

// [B, H, T, D] → [B, T, H, D]
Tensor as_transformer_lens(const std::string& name, const Tensor& value) {
  const AttentionStep* const step = find_attention_step(name);
  const bool is_by_head = value.rank() == 4 && step != nullptr && step->axes.size() == 4 &&
                          step->axes.back() == StepAxis::component;
  return (is_by_head ? value.transpose(1, 2) : value).contiguous();
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

void save_activations(const Tape& tape, const std::string& path) {
  NamedTensors named;
  for (const std::string& name : tape.names()) {
    if (!is_activation(name)) continue;
    named.tensors.emplace_back(name, as_transformer_lens(name, tape[name].value()));
  }
  write_tensors(path, named);
}

}  // namespace clearhead::cli
