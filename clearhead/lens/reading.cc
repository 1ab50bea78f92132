// One run of a network, kept whole on a tape.
#include "clearhead/lens/reading.h"

#include <utility>
#include <variant>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/sigmoid.h"
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

void take_text(Reading& reading, std::vector<std::int64_t> ids) {
  reading.text = named(std::move(ids), *reading.saved.tokenizer);
}

Var read_on(const Reading& reading, Tape tape, const Pass& pass) {
  return as<LanguageModel>(reading.saved).forward(on_tape(tape, "tokens", reading.text), pass);
}

Var read_masked(const Reading& reading, Tape tape, const Pass& pass) {
  return as<MaskedModel>(reading.saved).forward(on_tape(tape, "tokens", reading.text), {}, pass);
}

// Once the translation is known, the decoder reads it as a whole: that is the run that is seen.
void take_and_translate(Reading& reading, std::vector<std::int64_t> ids) {
  const TranslationModel& model = as<TranslationModel>(reading.saved);
  const Tokenizer& tokenizer = *reading.saved.tokenizer;
  BeamSearchOptions options = search_options(reading.saved);
  options.precision = reading.precision;
  const std::int64_t start = options.start, end = options.end;
  const std::vector<std::vector<std::int64_t>> sources = {ids};
  std::vector<std::int64_t> target = translate(model, sources, options).at(0).at(0).tokens;
  reading.translation = tokenizer.decode(target);
  if (ids.empty() || ids.back() != end) ids.push_back(end);
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
}

Var read_translation(const Reading& reading, Tape tape, const Pass& pass) {
  const TranslationModel& model = as<TranslationModel>(reading.saved);
  const Memory memory = model.encode(on_tape(tape, "source_tokens", reading.source), {}, pass);
  return model.decode(memory, on_tape(tape, "tokens", reading.text), pass);
}

Var read_whole(const Reading& reading, Tape tape, const Pass& pass) {
  return as<EmbeddingModel>(reading.saved).embed(on_tape(tape, "tokens", reading.text), {}, pass);
}

Var read_and_classify(const Reading& reading, Tape tape, const Pass& pass) {
  const Var logits = as<ClassificationModel>(reading.saved)
                         .classify(on_tape(tape, "tokens", reading.text), {}, pass);
  return reshape(logits, {1, 1, logits.size(1)}).named("logits");
}

// Whether only one of the classes, or tokens, is right.
bool is_exclusive(const SavedModel& saved) {
  const auto* const config = std::get_if<TextClassifierConfig>(&saved.config.network);
  return config == nullptr || config->exclusive;
}

// How models read by what they can do: a new ability is a new row.
struct Reader {
  Ability ability;
  Predicted predicted;
  void (*take)(Reading& reading, std::vector<std::int64_t> ids);    // fills in the tokens
  Var (*run)(const Reading& reading, Tape tape, const Pass& pass);  // gives the logits, [1, T, V]
};

constexpr Reader kReaders[] = {
    {LanguageModel::kAbility, Predicted::next, take_text, read_on},
    {MaskedModel::kAbility, Predicted::hidden, take_text, read_masked},
    {TranslationModel::kAbility, Predicted::translation, take_and_translate, read_translation},
    {EmbeddingModel::kAbility, Predicted::vector, take_text, read_whole},
    {ClassificationModel::kAbility, Predicted::label, take_text, read_and_classify},
};

const Reader& reader_of(const SavedModel& saved) {
  return row_for(row_of(saved.config.family).ability, kReaders, "reading");
}

}  // namespace

Reading::Reading(std::string given_name, SavedModel model, std::vector<std::int64_t> ids,
                 Precision products, Tape recorder)
    : name(std::move(given_name)),
      saved(std::move(model)),
      tape(std::move(recorder)),
      precision(products) {
  if (ids.empty()) throw Error("there is no text to read");
  const Reader& reader = reader_of(saved);
  predicted = reader.predicted;
  reader.take(*this, std::move(ids));
  const Var result = run(tape);
  if (predicted == Predicted::vector) {
    embedding = result;
    return;
  }
  logits = result;
  probabilities =
      (is_exclusive(saved) ? softmax_view(logits) : sigmoid(logits)).named("probabilities");
}

Var Reading::run(Tape recorder, AttentionWay way) const {
  return reader_of(saved).run(*this, std::move(recorder), {.precision = precision, .way = way});
}

Var Reading::run_at(std::int64_t place, Tape recorder) const {
  return reader_of(saved).run(*this, std::move(recorder), {.precision = precision, .place = place});
}

Tape Reading::changed_tape(Keep keep) const {
  Tape other(keep);
  if (changes) changes(other);
  return other;
}

std::string Reading::outcome(std::int64_t id) const {
  if (predicted != Predicted::label) return token(id);
  return std::get<TextClassifierConfig>(saved.config.network).labels[static_cast<std::size_t>(id)];
}

Reading read_with_model(const std::filesystem::path& folder, std::string_view text) {
  SavedModel saved = open_model(folder);
  std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  return Reading(folder.filename(), std::move(saved), std::move(ids), Precision::highest);
}

bool is_activation(const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  return last.starts_with("hook_") || last == "tokens" || last == "source_tokens" ||
         last == "logits" || last == "embedding" || last == "probabilities";
}

}  // namespace clearhead
