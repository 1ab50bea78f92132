// Places and tokens, as they are named on the command line.
#include "apps/cli/lens/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"

namespace clearhead::cli {
namespace {

// The class of this name.
std::int64_t class_of(const Reading& reading, const char* option, const std::string& name) {
  std::vector<std::string> names;
  for (std::int64_t id = 0; id < reading.logits.size(2); ++id) {
    names.push_back(reading.outcome(id));
    if (names.back() == name) return id;
  }
  console::refuse_value(option, console::alternatives(names), name);
}

// The one token that `text` is for the model, or the class.
std::int64_t token_of(const Reading& reading, const char* option, const std::string& text) {
  if (reading.predicted == Predicted::label) return class_of(reading, option, text);
  const Tokenizer& tokenizer = *reading.saved.tokenizer;
  std::vector<std::int64_t> ids;
  if (tokenizer.unknown_characters(text).empty())
    ids = tokenizer.encode(text, {.add_special_tokens = false});
  if (ids.size() == 1) return ids[0];
  if (const auto id = tokenizer.find(text)) return *id;  // one that begins no word
  std::string parts;
  for (const std::int64_t id : ids) parts += " " + shown_token(reading, id);
  throw console::UsageError(
      ids.empty() ? fmt::format("{} \"{}\": {} has no such token", option, text, reading.name)
                  : fmt::format("{} \"{}\": expected one token, but for {} these are {}:{}", option,
                                text, reading.name, ids.size(), parts));
}

}  // namespace

void add_place(console::OptionGroup& group, std::optional<std::int64_t>& at) {
  group.integer("--at",
                "The token after which (with masks: at which) is predicted, counted from 0 (the "
                "last, or the first mask, if not given)",
                0, [&at](std::int64_t n) { at = n; });
}

void add_target(console::OptionGroup& group, TargetOptions& o) {
  add_place(group, o.at);
  group.text("--token", "TOKEN",
             "The token, or class, whose logit is explained (the likeliest if not given)",
             [&o](const std::string& x) { o.token = x; });
  group.text("--against", "TOKEN",
             "Explain the difference to the logit of this one: why TOKEN, and not that?",
             [&o](const std::string& x) { o.against = x; });
}

std::string shown_token(const Reading& reading, std::int64_t id) {
  return console::label_text({reading.outcome(id)}, 0);
}

std::int64_t place_of(const Reading& reading, std::optional<std::int64_t> at) {
  if (reading.predicted == Predicted::vector) {
    throw console::UsageError(reading.name +
                              " makes a vector of a text and predicts nothing; pattern, norms, "
                              "rollout and zeroing show what it looks at");
  }
  if (reading.predicted == Predicted::label) {
    if (at) throw console::UsageError("--at: a class is that of the whole text; leave it out");
    return 0;
  }
  const std::int64_t T = std::ssize(reading.text.ids);
  if (at) {
    if (*at < T) return *at;
    throw console::UsageError(
        fmt::format("--at {}: there are {}, counted from 0", *at, console::counted(T, "token")));
  }
  if (reading.predicted != Predicted::hidden) return T - 1;
  const std::vector<std::int64_t>& ids = reading.text.ids;
  const Tokenizer& tokenizer = *reading.saved.tokenizer;
  const std::string name = mask_of(tokenizer);
  const auto mask = std::find(ids.begin(), ids.end(), tokenizer.special(name));
  if (mask != ids.end()) return mask - ids.begin();
  throw console::UsageError(
      fmt::format("there is no {} in the text; --at says which token is "
                  "meant",
                  name));
}

std::string place_words(const Reading& reading, std::int64_t place) {
  if (reading.predicted == Predicted::label) return "of the text";
  return fmt::format("{} token {}, {}", reading.predicted == Predicted::hidden ? "at" : "after",
                     place, console::label_text(reading.text.names, place));
}

Target find_target(const Reading& reading, const TargetOptions& o) {
  const std::int64_t place = place_of(reading, o.at);
  Target target{.metric = {.place = place}, .words = {}};
  target.metric.token = o.token.empty() ? likeliest_token(reading.logits, place)
                                        : token_of(reading, "--token", o.token);
  target.words = "the logit of " + shown_token(reading, target.metric.token);
  if (!o.against.empty()) {
    target.metric.other = token_of(reading, "--against", o.against);
    if (*target.metric.other == target.metric.token) {
      throw console::UsageError("--against: " + o.against + " is the token itself");
    }
    target.words += " less that of " + shown_token(reading, *target.metric.other);
  }
  target.words += " " + place_words(reading, place);
  return target;
}

}  // namespace clearhead::cli
