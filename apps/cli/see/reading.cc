#include "apps/cli/see/reading.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "clearhead/base/error.h"
#include "clearhead/models/beam_search.h"
#include "clearhead/ops/softmax.h"

namespace clearhead {
namespace {

Tokens named(std::vector<std::int64_t> ids, const Tokenizer& tokenizer) {
  Tokens tokens{std::move(ids), {}};
  for (const std::int64_t id : tokens.ids) tokens.names.push_back(tokenizer.token(id));
  return tokens;
}

Var on_tape(Tape& tape, const char* name, const Tokens& tokens) {
  const std::int64_t T = std::ssize(tokens.ids);
  return tape.input(name, Tensor::of<std::int64_t>({1, T}, tokens.ids));
}

// "shakespeare" of "models/shakespeare/"
std::string folder_name(const std::filesystem::path& model) {
  return (model.has_filename() ? model : model.parent_path()).filename().string();
}

std::string sizes(const TransformerConfig& network) {
  return fmt::format("{} × {}, {} channels", counted(network.layers, "layer"),
                     counted(network.heads, "head"), network.channels);
}

std::string sizes(const RecurrentModelConfig& network) {
  return fmt::format("{}, states of {} numbers", counted(network.layers, "layer"), network.hidden);
}

}  // namespace

Reading::Reading(const ModelOptions& options, const std::string& given)
    : name(folder_name(options.model)),
      saved(open_model(options)),
      pass_{.precision = options.precision} {
  const Tokenizer& tokenizer = *saved.tokenizer;
  Var logits;  // [1, T, V]
  if (const auto* masked = dynamic_cast<const MaskedModel*>(saved.model.get())) {
    text = named(ids_of_masked_text(given, tokenizer), tokenizer);
    logits = masked->forward(on_tape(tape, "tokens", text), {}, pass_);
  } else if (dynamic_cast<const TranslationModel*>(saved.model.get()) != nullptr) {
    logits = translate_and_read(tokenizer.encode(given));
  } else {
    text = named(tokenizer.encode(given), tokenizer);
    logits = as_language_model(saved).forward(on_tape(tape, "tokens", text), pass_);
  }
  probabilities = softmax(logits).named("probabilities");
}

// Once the translation is known, the decoder reads it as a whole: that is the run that is seen.
Var Reading::translate_and_read(std::vector<std::int64_t> ids) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  const TranslationModel& model = as_translation_model(saved);
  const std::int64_t start = tokenizer.special(kStartToken), end = tokenizer.special(kEndToken);
  const std::vector<std::vector<std::int64_t>> sources = {ids};
  std::vector<std::int64_t> target =
      translate(model, sources, {.start = start, .end = end, .precision = pass_.precision})
          .at(0)
          .at(0)
          .tokens;
  translation = tokenizer.decode(target);
  ids.push_back(end);
  source = named(std::move(ids), tokenizer);
  target.insert(target.begin(), start);
  text = named(std::move(target), tokenizer);
  const Memory memory = model.encode(on_tape(tape, "source_tokens", source), {}, pass_);
  return model.decode(memory, on_tape(tape, "tokens", text), pass_);
}

std::string Reading::describe() const {
  return fmt::format(
      "{}, {}: {}, {} parameters", name, row_of(saved.config.family).words,
      std::visit([](const auto& network) { return sizes(network); }, saved.config.network),
      with_commas(saved.model->parameters().count()));
}

}  // namespace clearhead
