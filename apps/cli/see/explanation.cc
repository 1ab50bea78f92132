// Finds the number of a reading that --explain names, and prints where it comes from, with tokens.
#include "apps/cli/see/explanation.h"

#include <algorithm>

#include "apps/console/usage_error.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/label.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

std::string quoted(const std::string& token) { return "\"" + plot::visible_label(token) + "\""; }

// Says which tokens the numbers of a reading belong to.
class TokenNames {
 public:
  explicit TokenNames(const Reading& reading) : reading_(reading) {}

  /// ` for "the" to "cat"`
  std::string of(const Explanation& number) const {
    const std::string& name = number.name;
    const Index& at = number.index;
    if (name == "embed.W_E") return " of " + quoted(reading_.token(at[0]));
    if (name == "tokens" || name == "source_tokens") return token(" of ", name, false, at[1]);
    if (name == "logits" || name == "probabilities") {
      const char* const where = reading_.predicted == Predicted::hidden ? " at " : " after ";
      return token(where, name, false, at[1]) + " for " + quoted(reading_.token(at[2]));
    }
    const AttentionStep* const step = find_attention_step(name);
    if (step == nullptr) return at.size() == 3 ? token(" of ", name, false, at[1]) : "";
    std::string text;
    const std::size_t skipped = step->axes.size() - std::min(step->axes.size(), at.size());
    for (std::size_t axis = skipped; axis < step->axes.size(); ++axis) {
      const bool is_key = step->axes[axis] == StepAxis::key;
      if (!is_key && step->axes[axis] != StepAxis::query && step->axes[axis] != StepAxis::token)
        continue;
      const bool looks_at_source = name.find("cross_attn.") != std::string::npos && !is_key;
      const char* before = !text.empty() ? " to " : looks_at_source ? " after " : " of ";
      text += token(before, name, is_key, at[axis - skipped]);
    }
    return text;
  }

 private:
  std::string token(const char* before, const std::string& name, bool is_key,
                    std::int64_t i) const {
    const bool is_cross = name.find("cross_attn.") != std::string::npos;
    const bool of_source =
        name.starts_with("encoder.") || name == "source_tokens" || (is_cross && is_key);
    const std::vector<std::string>& names = (of_source ? reading_.source : reading_.text).names;
    if (i >= std::ssize(names)) return "";
    return before + quoted(names[static_cast<std::size_t>(i)]);
  }

  const Reading& reading_;
};

// A query and a key of the large head, as numbers of its pattern.
console::Numbers in_large_head(const Reading& reading, const std::optional<AttentionView>& view,
                               console::Numbers asked, const std::string& given) {
  if (!view || asked.selected.size() != 2) {
    throw console::UsageError(given +
                              (view ? ": expected the query and the key, T,S, of the large head"
                                    : ": " + reading.name + " has no attention") +
                              "; any other number is NAME[INDEX], whose names --list shows");
  }
  asked.name = view->scope() + steps::kPattern;
  if (reading.tape[asked.name].rank() == 4) {
    asked.selected.insert(asked.selected.begin(), view->head);
  }
  return asked;
}

}  // namespace

std::string print_explanation(const Reading& reading, const std::optional<AttentionView>& view,
                              const console::Numbers& asked, int depth) {
  const std::string given = "--explain " + asked.text;
  const console::Numbers number =
      asked.name.empty() ? in_large_head(reading, view, asked, given) : asked;
  const Var var = console::value_named(reading.tape, number.name, given);
  const TokenNames tokens(reading);
  return to_string(explain(var, number.place_in(var.shape(), given), depth), 16,
                   [&](const Explanation& explained) { return tokens.of(explained); });
}

}  // namespace clearhead::cli
