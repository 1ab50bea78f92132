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

Var read_on(Reading& reading, std::vector<std::int64_t> ids, const Pass& pass) {
  reading.text = named(std::move(ids), *reading.saved.tokenizer);
  const Var tokens = on_tape(reading.tape, "tokens", reading.text);
  return as<LanguageModel>(reading.saved).forward(tokens, pass);
}

Var read_masked(Reading& reading, std::vector<std::int64_t> ids, const Pass& pass) {
  reading.text = named(std::move(ids), *reading.saved.tokenizer);
  const Var tokens = on_tape(reading.tape, "tokens", reading.text);
  return as<MaskedModel>(reading.saved).forward(tokens, {}, pass);
}

// Once the translation is known, the decoder reads it as a whole: that is the run that is seen.
Var translate_and_read(Reading& reading, std::vector<std::int64_t> ids, const Pass& pass) {
  const TranslationModel& model = as<TranslationModel>(reading.saved);
  const Tokenizer& tokenizer = *reading.saved.tokenizer;
  const std::int64_t start = tokenizer.special(kStartToken), end = tokenizer.special(kEndToken);
  const std::vector<std::vector<std::int64_t>> sources = {ids};
  std::vector<std::int64_t> target =
      translate(model, sources, {.start = start, .end = end, .precision = pass.precision})
          .at(0)
          .at(0)
          .tokens;
  reading.translation = tokenizer.decode(target);
  ids.push_back(end);
  reading.source = named(std::move(ids), tokenizer);
  std::vector<std::int64_t> next = target;
  next.push_back(end);
  target.insert(target.begin(), start);
  if (model.context() > 0 && std::ssize(target) > model.context()) {
    target.pop_back();
    next.pop_back();
  }
  reading.text = named(std::move(target), tokenizer);
  reading.written = named(std::move(next), tokenizer);
  const Memory memory =
      model.encode(on_tape(reading.tape, "source_tokens", reading.source), {}, pass);
  return model.decode(memory, on_tape(reading.tape, "tokens", reading.text), pass);
}

// How models read by what they can do: a new ability is a new row.
struct Reader {
  Ability ability;
  Predicted predicted;
  // Fills in the tokens, and gives the logits, [1, T, V].
  Var (*read)(Reading& reading, std::vector<std::int64_t> ids, const Pass& pass);
};

constexpr Reader kReaders[] = {
    {LanguageModel::kAbility, Predicted::next, read_on},
    {MaskedModel::kAbility, Predicted::hidden, read_masked},
    {TranslationModel::kAbility, Predicted::translation, translate_and_read},
};

}  // namespace

Reading::Reading(std::string given_name, SavedModel model, std::vector<std::int64_t> ids,
                 Precision precision, Tape recorder)
    : name(std::move(given_name)), saved(std::move(model)), tape(std::move(recorder)) {
  const Reader& reader = row_for(row_of(saved.config.family).ability, kReaders, "reading");
  predicted = reader.predicted;
  const Var logits = reader.read(*this, std::move(ids), {.precision = precision});
  probabilities = softmax(logits).named("probabilities");
}

Reading read_with_model(const std::filesystem::path& folder, std::string_view text) {
  SavedModel saved = open_model(folder);
  std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  return Reading(folder.filename(), std::move(saved), std::move(ids), Precision::highest);
}

}  // namespace clearhead
