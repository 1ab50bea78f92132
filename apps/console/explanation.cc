// Explanations of single numbers, and the tokens that they are of.
#include "apps/console/explanation.h"

#include <algorithm>

#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/label.h"
#include "clearhead/tape/explain.h"

namespace clearhead::console {
namespace {

std::string quoted(const std::string& token) { return "\"" + plot::visible_label(token) + "\""; }

// `before` and token i of the text that the queries or keys of a value are.
std::string token(const Reading& reading, const char* before, const std::string& name, bool is_key,
                  std::int64_t i) {
  const bool is_cross = name.find("cross_attn.") != std::string::npos;
  const bool of_source =
      name.starts_with("encoder.") || name == "source_tokens" || (is_cross && is_key);
  const std::vector<std::string>& names = (of_source ? reading.source : reading.text).names;
  if (i >= std::ssize(names)) return "";
  return before + quoted(names[static_cast<std::size_t>(i)]);
}

}  // namespace

std::string tokens_of(const Reading& reading, const std::string& name, const Index& at) {
  if (name == "embed.W_E") return " of " + quoted(reading.token(at[0]));
  if (name == "tokens" || name == "source_tokens") {
    return token(reading, " of ", name, false, at[1]);
  }
  if (name == "logits" || name == "probabilities") {
    const char* const where = reading.predicted == Predicted::hidden ? " at " : " after ";
    return token(reading, where, name, false, at[1]) + " for " + quoted(reading.token(at[2]));
  }
  const AttentionStep* const step = find_attention_step(name);
  if (step == nullptr) return at.size() == 3 ? token(reading, " of ", name, false, at[1]) : "";
  std::string text;
  const std::size_t skipped = step->axes.size() - std::min(step->axes.size(), at.size());
  for (std::size_t axis = skipped; axis < step->axes.size(); ++axis) {
    const bool is_key = step->axes[axis] == StepAxis::key;
    if (!is_key && step->axes[axis] != StepAxis::query && step->axes[axis] != StepAxis::token)
      continue;
    const bool looks_at_source = name.find("cross_attn.") != std::string::npos && !is_key;
    const char* before = !text.empty() ? " to " : looks_at_source ? " after " : " of ";
    text += token(reading, before, name, is_key, at[axis - skipped]);
  }
  return text;
}

std::string print_explanation(const Reading& reading, const Numbers& asked, int depth,
                              const std::string& given) {
  const Var var = value_named(reading.tape, asked.name, given);
  return to_string(
      explain(var, asked.place_in(var.shape(), given), depth), 16,
      [&](const Explanation& number) { return tokens_of(reading, number.name, number.index); });
}

}  // namespace clearhead::console
