// A text becomes what its model takes, within what it can read.
#include "apps/cli/see/reading.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"

namespace clearhead::cli {
namespace {

// The last of `ids`, of which the model reads at most `most`; 0: all, or any number.
Sequence last_of(Sequence ids, std::int64_t last, std::int64_t most,
                 const console::ModelOptions& options) {
  if (most > 0 && last > most) {
    throw console::UsageError(fmt::format("--last {}: {} reads {} tokens at most", last,
                                          console::model_name(options), most));
  }
  if (last > 0 && std::ssize(ids) > last) ids.erase(ids.begin(), ids.end() - last);
  if (ids.empty()) throw Error("nothing is left of the text; there is nothing to see");
  console::check_length(std::ssize(ids), most, options,
                        fmt::format("--last {} reads its end", most));
  return ids;
}

Sequence plain_ids(std::string text, const Tokenizer& tokenizer) { return tokenizer.encode(text); }

Sequence as_they_are(Sequence ids, const Tokenizer&) { return ids; }

// Which tokens a text is for models by what they can do: a new ability is a new row.
struct TextForm {
  Ability ability;
  Sequence (*ids)(std::string text, const Tokenizer& tokenizer);
  std::int64_t beside;  // tokens that come to them
  Sequence (*whole)(Sequence ids, const Tokenizer& tokenizer);
};

constexpr TextForm kTextForms[] = {
    {LanguageModel::kAbility, plain_ids, 0, as_they_are},
    {MaskedModel::kAbility, console::ids_of_masked_text, console::kFrame, console::in_frame},
    {TranslationModel::kAbility, plain_ids, 1, as_they_are},  // </s>, when it is translated
};

std::string sizes(const TransformerConfig& network) {
  return fmt::format("{} × {}, {} channels", console::counted(network.layers, "layer"),
                     console::counted(network.heads, "head"), network.channels);
}

std::string sizes(const RecurrentModelConfig& network) {
  return fmt::format("{}, states of {} numbers", console::counted(network.layers, "layer"),
                     network.hidden);
}

}  // namespace

Reading read(const console::ModelOptions& options, const std::string& text, std::int64_t last,
             Tape tape) {
  SavedModel saved = console::open_model(options);
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::string known = console::readable(text, tokenizer, options, "TEXT");
  const TextForm& form = row_for(row_of(saved.config.family).ability, kTextForms, "reading");
  Sequence ids = last_of(form.ids(known, tokenizer), last,
                         console::most_tokens(*saved.model, form.beside), options);
  ids = form.whole(std::move(ids), tokenizer);
  return {console::model_name(options), std::move(saved), std::move(ids), options.precision,
          std::move(tape)};
}

std::string describe(const Reading& reading) {
  const ModelConfig& config = reading.saved.config;
  return fmt::format("{}, {}: {}, {} parameters", without_controls(reading.name),
                     row_of(config.family).words,
                     std::visit([](const auto& network) { return sizes(network); }, config.network),
                     console::with_commas(reading.saved.model->parameters().count()));
}

}  // namespace clearhead::cli
