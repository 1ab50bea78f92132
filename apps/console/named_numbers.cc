// The one reader of NAME[INDEX], and what it selects in a value.
#include "apps/console/named_numbers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/close_names.h"
#include "clearhead/base/parse_number.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead::console {
namespace {

// Whether the first axis of a value is a batch of one, which an index may leave out. A mask may
// have fewer axes than the scores; it has no batch then.
bool has_batch_of_one(const std::string& name, const Shape& shape) {
  if (shape.empty() || shape[0] != 1) return false;
  const AttentionStep* const step = find_attention_step(name);
  if (step == nullptr) return true;
  return step->axes[0] == StepAxis::batch &&
         (step->axes.size() == shape.size() || step->name != steps::kAttnMask);
}

// One place of an index; false if it is none.
bool parse_position(const std::string& text, Selection& to) {
  to.emplace_back();
  if (text == ":" || text == "*") return true;
  to.back() = parse_number<std::int64_t>(text);
  return to.back().has_value();
}

// "0,:,-1"; nothing if it is not of that form.
std::optional<Selection> parse_index(const std::string& text) {
  Selection selected;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (!parse_position(text.substr(begin, end - begin), selected)) return std::nullopt;
    begin = end + 1;
  }
  return selected;
}

// "head 0 to 3, query 0 to 4", or "the shape [3, 5]" if it is not known what the axes count. What
// an index may leave out is left out.
std::string places_of(const std::string& name, const Shape& shape) {
  const AttentionStep* const step = find_attention_step(name);
  if (step == nullptr || step->axes.size() != shape.size()) return "the shape " + to_string(shape);
  std::vector<std::string> places;
  for (std::size_t i = has_batch_of_one(name, shape) ? 1 : 0; i < shape.size(); ++i) {
    if (step->axes[i] == StepAxis::one) continue;
    places.push_back(std::string(axis_words(step->axes[i]).one) +
                     (shape[i] == 1 ? " 0" : fmt::format(" 0 to {}", shape[i] - 1)));
  }
  return fmt::format("{}", fmt::join(places, ", "));
}

}  // namespace

Selection Numbers::in(const Shape& shape, const std::string& given) const {
  Selection places = selected;
  if (!places.empty() && places.size() < shape.size() && has_batch_of_one(name, shape)) {
    places.insert(places.begin(), std::nullopt);
  }
  bool fits = places.size() <= shape.size();
  for (std::size_t axis = 0; fits && axis < places.size(); ++axis) {
    if (!places[axis]) continue;
    if (*places[axis] < 0) *places[axis] += shape[axis];
    fits = 0 <= *places[axis] && *places[axis] < shape[axis];
  }
  if (fits) return places;
  throw UsageError(fmt::format("{}: there is no such place in {}, which has {}", given, name,
                               places_of(name, shape)));
}

Index Numbers::place_in(const Shape& shape, const std::string& given) const {
  Selection places = in(shape, given);
  places.resize(shape.size());
  Index place;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (!places[axis] && shape[axis] != 1) {
      throw UsageError(fmt::format("{}: expected the place of one number in {}, which has {}",
                                   given, name, places_of(name, shape)));
    }
    place.push_back(places[axis].value_or(0));
  }
  return place;
}

std::optional<Numbers> numbers_of(const std::string& text) {
  const std::size_t bracket = text.find('[');
  Numbers numbers{text, text.substr(0, bracket), {}};
  if (numbers.name.empty()) return std::nullopt;
  if (bracket == std::string::npos) return numbers;
  if (text.back() != ']') return std::nullopt;
  const auto selected = parse_index(text.substr(bracket + 1, text.size() - bracket - 2));
  if (!selected) return std::nullopt;
  numbers.selected = *selected;
  return numbers;
}

Numbers parse_numbers(const std::string& option, const std::string& text) {
  const std::optional<Numbers> numbers = numbers_of(text);
  if (!numbers) refuse_value(option, "NAME or NAME[INDEX], such as hook_z[0,2]", text);
  return *numbers;
}

Numbers parse_place(const std::string& option, const std::string& text, const std::string& name) {
  if (const auto selected = parse_index(text)) return {text, name, *selected};
  const std::optional<Numbers> numbers = numbers_of(text);
  if (!numbers || numbers->selected.empty()) {
    refuse_value(option, "NAME[INDEX], such as hook_z[0,2,1], or INDEX alone", text);
  }
  return *numbers;
}

std::string place_text(const std::string& name, const Shape& shape, Index place) {
  if (has_batch_of_one(name, shape) && place.size() > 1) place.erase(place.begin());
  return fmt::format("{}[{}]", name, fmt::join(place, ","));
}

Var value_named(const Tape& tape, const std::string& name, const std::string& given) {
  if (!tape.contains(name)) refuse_name(given, name, tape);
  return tape[name];
}

void refuse_name(const std::string& given, const std::string& name, const Tape& tape) {
  throw UsageError(fmt::format("{}: nothing that is calculated here is called {}{}", given, name,
                               those_like(name, tape.names())));
}

}  // namespace clearhead::console
