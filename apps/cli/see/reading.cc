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
  const auto last_ids = [&](Sequence ids, std::int64_t beside) {
    return last_of(std::move(ids), last, console::most_tokens(*saved.model, beside), options);
  };
  Sequence ids;
  if (as_if<MaskedModel>(saved) != nullptr) {
    ids = last_ids(console::ids_of_masked_text(known, tokenizer), console::kFrame);
    ids = console::in_frame(std::move(ids), tokenizer);
  } else {
    const bool translates = as_if<TranslationModel>(saved) != nullptr;
    ids = last_ids(tokenizer.encode(known), translates ? 1 : 0);  // </s> comes to it
  }
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
