// One run of a network, kept whole on a tape.
#include "clearhead/lens/reading.h"

#include <utility>

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

}  // namespace

Reading::Reading(std::string given_name, SavedModel model, std::vector<std::int64_t> ids,
                 Precision precision, Tape recorder)
    : name(std::move(given_name)), saved(std::move(model)), tape(std::move(recorder)) {
  const Pass pass{.precision = precision};
  Var logits;  // [1, T, V]
  if (const auto* const masked = as_if<MaskedModel>(saved)) {
    logits = read_masked(*masked, std::move(ids), pass);
  } else if (const auto* const translator = as_if<TranslationModel>(saved)) {
    logits = translate_and_read(*translator, std::move(ids), pass);
  } else {
    logits = read_and_go_on(as<LanguageModel>(saved), std::move(ids), pass);
  }
  probabilities = softmax(logits).named("probabilities");
}

Var Reading::read_masked(const MaskedModel& model, std::vector<std::int64_t> ids,
                         const Pass& pass) {
  text = named(std::move(ids), *saved.tokenizer);
  return model.forward(on_tape(tape, "tokens", text), {}, pass);
}

Var Reading::read_and_go_on(const LanguageModel& model, std::vector<std::int64_t> ids,
                            const Pass& pass) {
  text = named(std::move(ids), *saved.tokenizer);
  return model.forward(on_tape(tape, "tokens", text), pass);
}

// Once the translation is known, the decoder reads it as a whole: that is the run that is seen.
Var Reading::translate_and_read(const TranslationModel& model, std::vector<std::int64_t> ids,
                                const Pass& pass) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::int64_t start = tokenizer.special(kStartToken), end = tokenizer.special(kEndToken);
  const std::vector<std::vector<std::int64_t>> sources = {ids};
  std::vector<std::int64_t> target =
      translate(model, sources, {.start = start, .end = end, .precision = pass.precision})
          .at(0)
          .at(0)
          .tokens;
  translation = tokenizer.decode(target);
  ids.push_back(end);
  source = named(std::move(ids), tokenizer);
  std::vector<std::int64_t> next = target;
  next.push_back(end);
  target.insert(target.begin(), start);
  if (model.context() > 0 && std::ssize(target) > model.context()) {
    target.pop_back();
    next.pop_back();
  }
  text = named(std::move(target), tokenizer);
  written = named(std::move(next), tokenizer);
  const Memory memory = model.encode(on_tape(tape, "source_tokens", source), {}, pass);
  return model.decode(memory, on_tape(tape, "tokens", text), pass);
}

Reading read_with_model(const std::filesystem::path& folder, std::string_view text) {
  SavedModel saved = open_model(folder);
  std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  return Reading(folder.filename(), std::move(saved), std::move(ids), Precision::highest);
}

}  // namespace clearhead
