// Finds the number of a reading that --explain names, and prints where it comes from, with tokens.
#include "apps/cli/see/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "apps/console/interventions.h"
#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/label.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

// "3,0,2", a part of what was asked.
Index parse_index(std::string_view text, const std::string& asked) {
  Index index;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const auto [stop, fault] = std::from_chars(at, end, index.emplace_back());
    if (fault != std::errc() || (stop != end && *stop != ',')) {
      console::refuse_value("--explain", "T,S, NAME[I,J,…] or NAME:I,J,… with whole numbers",
                            asked);
    }
    if (stop == end) return index;
    at = stop + 1;
  }
}

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
      return token(reading_.goes_on() || reading_.is_translation() ? " after " : " at ", name,
                   false, at[1]) +
             " for " + quoted(reading_.token(at[2]));
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

bool lies_in(const Index& index, const Shape& shape) {
  return std::equal(index.begin(), index.end(), shape.begin(), shape.end(),
                    [](std::int64_t i, std::int64_t size) { return 0 <= i && i < size; });
}

// The query and the key of the large head.
void check_place(const AttentionView& view, const Index& place, const std::string& given) {
  const std::int64_t T = std::ssize(view.query_names), S = std::ssize(view.key_names);
  if (lies_in(place, {T, S})) return;
  throw console::UsageError(
      fmt::format("{}: expected a query of 0 to {} and a key of 0 to {}", given, T - 1, S - 1));
}

}  // namespace

std::string print_explanation(const Reading& reading, const std::optional<AttentionView>& view,
                              const std::string& asked, int depth) {
  const std::string given = "--explain " + asked;
  const bool in_brackets = asked.ends_with(']');
  const std::size_t end_of_name = asked.rfind(in_brackets ? '[' : ':');
  const bool has_name = end_of_name != std::string::npos;
  const std::size_t begin = has_name ? end_of_name + 1 : 0;
  std::string name;
  Index index = parse_index(
      std::string_view(asked).substr(begin, asked.size() - begin - (in_brackets ? 1 : 0)), asked);
  if (has_name) {
    name = asked.substr(0, end_of_name);
  } else if (view && index.size() == 2) {
    check_place(*view, index, given);
    name = view->scope() + steps::kPattern;
    if (reading.tape[name].rank() == 4) index.insert(index.begin(), view->head);
  } else {
    throw console::UsageError(given +
                              (view ? ": expected the query and the key, T,S, of the large head"
                                    : ": " + reading.name + " has no attention") +
                              "; any other number is NAME[I,J,…], whose names --list shows");
  }
  const Var var = console::value_named(reading.tape, name, given);
  const Shape& shape = var.shape();
  if (index.size() + 1 == shape.size() && shape[0] == 1) index.insert(index.begin(), 0);
  if (!lies_in(index, shape)) console::refuse_place(given, name, shape);
  const TokenNames tokens(reading);
  return to_string(explain(var, index, depth), 16,
                   [&](const Explanation& number) { return tokens.of(number); });
}

}  // namespace clearhead::cli
