// One run of a network, kept whole on a tape.
#include "apps/cli/see/reading.h"

#include <fmt/format.h>

#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "clearhead/base/error.h"
#include "clearhead/models/beam_search.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::cli {
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

// The last of `ids`, of which the model reads at most `most`; 0: all, or any number.
Sequence last_of(Sequence ids, std::int64_t last, std::int64_t most,
                 const console::ModelOptions& options) {
  if (most > 0 && last > most) {
    throw Error(fmt::format("--last {}: {} reads {} tokens at most", last,
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

Reading::Reading(const console::ModelOptions& options, const std::string& given, std::int64_t last)
    : name(console::model_name(options)),
      saved(console::open_model(options)),
      pass_{.precision = options.precision} {
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::string known = console::readable(given, tokenizer, options, "TEXT");
  const auto last_ids = [&](Sequence ids, std::int64_t beside) {
    return last_of(std::move(ids), last, console::most_tokens(*saved.model, beside), options);
  };
  Var logits;  // [1, T, V]
  if (const auto* masked = dynamic_cast<const MaskedModel*>(saved.model.get())) {
    const Sequence ids = last_ids(console::ids_of_masked_text(known, tokenizer), console::kFrame);
    text = named(console::in_frame(ids, tokenizer), tokenizer);
    logits = masked->forward(on_tape(tape, "tokens", text), {}, pass_);
  } else if (dynamic_cast<const TranslationModel*>(saved.model.get()) != nullptr) {
    logits = translate_and_read(last_ids(tokenizer.encode(known), 1));  // and </s>
  } else {
    text = named(last_ids(tokenizer.encode(known), 0), tokenizer);
    logits = as<LanguageModel>(saved).forward(on_tape(tape, "tokens", text), pass_);
  }
  probabilities = softmax(logits).named("probabilities");
}

// Once the translation is known, the decoder reads it as a whole: that is the run that is seen.
Var Reading::translate_and_read(std::vector<std::int64_t> ids) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  const TranslationModel& model = as<TranslationModel>(saved);
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
      console::with_commas(saved.model->parameters().count()));
}

}  // namespace clearhead::cli
