// Models for C: opened, asked, and looked into.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/c/tokens_internal.h"
#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/lens/reading.h"
#include "clearhead/models/beam_search.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/model_file.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/models/texts.h"
#include "clearhead/text/utf8.h"

struct clearhead_model {
  clearhead::ReuseMemory reuse;  // from call to call
  std::string name;
  clearhead::SavedModel saved;
  clearhead_tokenizer tokenizer;
};

struct clearhead_run {
  clearhead::Reading reading;
  std::vector<std::string> names;
};

namespace clearhead::c {
namespace {

constexpr clearhead_model_options kOpening = CLEARHEAD_MODEL_OPTIONS_INIT;
constexpr clearhead_generate_options kGenerating = CLEARHEAD_GENERATE_OPTIONS_INIT;
constexpr clearhead_translate_options kTranslating = CLEARHEAD_TRANSLATE_OPTIONS_INIT;

template <typename Kind>
bool is(const SavedModel& saved) {
  return as_if<Kind>(saved) != nullptr;
}

// Each ability, and how C calls it.
constexpr std::pair<bool (*)(const SavedModel&), clearhead_ability> kAbilities[] = {
    {is<LanguageModel>, CLEARHEAD_LANGUAGE},
    {is<MaskedModel>, CLEARHEAD_MASKED},
    {is<TranslationModel>, CLEARHEAD_TRANSLATION},
    {is<EmbeddingModel>, CLEARHEAD_EMBEDDING},
    {is<ClassificationModel>, CLEARHEAD_CLASSIFICATION}};

// At least one.
std::span<const std::int64_t> some_ids(const std::int64_t* ids, std::int64_t count) {
  const auto given = ids_of(ids, count);
  if (given.empty()) throw Error("ids: a model reads at least one, got none");
  return given;
}

// [T, V], or of a classification model [1, classes].
Tensor logits_of(const SavedModel& saved, const Var& tokens, const Pass& pass) {
  if (const auto* const model = as_if<LanguageModel>(saved)) {
    return model->forward(tokens, pass).value();
  }
  if (const auto* const model = as_if<MaskedModel>(saved)) {
    return model->forward(tokens, {}, pass).value();
  }
  if (const auto* const model = as_if<ClassificationModel>(saved)) {
    return model->classify(tokens, {}, pass).value();
  }
  throw Error(std::string("logits are of a language model, a masked model or a classification ") +
              "model; this one has none of a text alone");
}

// At least one.
std::span<const clearhead_text> some_texts(const clearhead_text* texts, std::int64_t count) {
  if (count < 1) throw Error("texts: expected at least one, got " + std::to_string(count));
  return {&required(texts, "texts"), static_cast<std::size_t>(count)};
}

// Of a text that is too long, its beginning.
std::vector<std::vector<std::int64_t>> beginnings(const SavedModel& saved,
                                                  std::span<const clearhead_text> texts) {
  std::vector<std::vector<std::int64_t>> ids;
  for (const clearhead_text& text : texts) ids.push_back(ids_of_beginning(saved, text_of(text)));
  return ids;
}

// What a classification model knows of classes; null of another.
const TextClassifierConfig* classes_of(const clearhead_model& model) {
  return std::get_if<TextClassifierConfig>(&model.saved.config.network);
}

Index index_of(const std::int64_t* index, std::int64_t rank) { return {index, index + rank}; }

}  // namespace
}  // namespace clearhead::c

using namespace clearhead::c;

clearhead_status clearhead_model_open(const char* path, const clearhead_model_options* options,
                                      clearhead_model** model) {
  return guarded([&] {
    required(model, "model") = nullptr;
    const std::filesystem::path file = &required(path, "path");
    const clearhead_model_options o = members_of(options, kOpening, "options");
    auto opened = std::make_unique<clearhead_model>();
    opened->name = file.filename();
    opened->saved = clearhead::open_model(file, o.keep_bf16 != 0);
    opened->tokenizer.value = opened->saved.tokenizer;
    *model = opened.release();
  });
}

void clearhead_model_free(clearhead_model* model) { delete model; }

clearhead_ability clearhead_model_ability(const clearhead_model* model) {
  const auto* const row = std::ranges::find_if(
      kAbilities, [&](const auto& ability) { return ability.first(model->saved); });
  return row == std::end(kAbilities) ? 0 : row->second;
}

int64_t clearhead_model_vocabulary(const clearhead_model* model) {
  return model->saved.model->vocabulary();
}

int64_t clearhead_model_context(const clearhead_model* model) {
  return model->saved.model->context();
}

const clearhead_tokenizer* clearhead_model_tokenizer(const clearhead_model* model) {
  return &model->tokenizer;
}

clearhead_status clearhead_model_logits(const clearhead_model* model, const int64_t* ids, int64_t T,
                                        clearhead_precision precision, clearhead_tensor** logits) {
  return guarded([&] {
    required(logits, "logits") = nullptr;
    clearhead::Tape tape(clearhead::Keep::nothing);
    const clearhead::Var tokens = tape.input(
        "tokens", clearhead::Tensor::of<std::int64_t>({1, T}, some_ids(ids, T)));  // [1, T]
    const clearhead::Tensor values =
        logits_of(required(model, "model").saved, tokens, {.precision = precision_of(precision)});
    clearhead::Shape shape = values.shape();
    shape.erase(shape.begin());
    *logits = new_tensor(values.reshape(shape));
  });
}

clearhead_status clearhead_model_generate(const clearhead_model* model, const int64_t* ids,
                                          int64_t T, const clearhead_generate_options* options,
                                          int64_t* written, int64_t* count) {
  return guarded([&] {
    required(count, "count") = 0;
    const clearhead_generate_options o = members_of(options, kGenerating, "options");
    std::function<bool(std::int64_t)> take;
    if (o.take != nullptr) take = [&](std::int64_t id) { return o.take(o.user, id) == 0; };
    const auto text = clearhead::generate(
        clearhead::as<clearhead::LanguageModel>(required(model, "model").saved), ids_of(ids, T),
        {.tokens = o.tokens,
         .sampling = {.temperature = o.temperature, .top_k = o.top_k, .top_p = o.top_p},
         .seed = o.seed,
         .precision = precision_of(o.precision)},
        take);
    if (!text.empty()) std::ranges::copy(text, &required(written, "written"));
    *count = std::ssize(text);
  });
}

clearhead_status clearhead_model_embed(const clearhead_model* model, const clearhead_text* texts,
                                       int64_t count, clearhead_precision precision,
                                       clearhead_tensor** vectors) {
  return guarded([&] {
    required(vectors, "vectors") = nullptr;
    const clearhead::SavedModel& saved = required(model, "model").saved;
    const auto& network = clearhead::as<clearhead::EmbeddingModel>(saved);
    *vectors = new_tensor(
        embed_texts(network, beginnings(saved, some_texts(texts, count)), precision_of(precision)));
  });
}

int64_t clearhead_model_classes(const clearhead_model* model) {
  const clearhead::TextClassifierConfig* const classes = classes_of(*model);
  return classes == nullptr ? 0 : std::ssize(classes->labels);
}

const char* clearhead_model_class(const clearhead_model* model, int64_t i) {
  if (i < 0 || i >= clearhead_model_classes(model)) return nullptr;
  return classes_of(*model)->labels[static_cast<std::size_t>(i)].c_str();
}

clearhead_status clearhead_model_classify(const clearhead_model* model, const clearhead_text* texts,
                                          int64_t count, clearhead_precision precision,
                                          clearhead_tensor** probabilities) {
  return guarded([&] {
    required(probabilities, "probabilities") = nullptr;
    const clearhead::SavedModel& saved = required(model, "model").saved;
    const auto& network = clearhead::as<clearhead::ClassificationModel>(saved);
    const clearhead::Tensor logits = classify_texts(
        network, beginnings(saved, some_texts(texts, count)), precision_of(precision));
    *probabilities =
        new_tensor(clearhead::class_probabilities(logits, classes_of(*model)->exclusive));
  });
}

clearhead_status clearhead_model_fill(const clearhead_model* model, clearhead_text text,
                                      int64_t top, clearhead_precision precision,
                                      clearhead_tensor** ids, clearhead_tensor** probabilities) {
  return guarded([&] {
    required(ids, "ids") = nullptr;
    required(probabilities, "probabilities") = nullptr;
    const clearhead::SavedModel& saved = required(model, "model").saved;
    const auto& network = clearhead::as<clearhead::MaskedModel>(saved);
    const clearhead::Tokenizer& tokenizer = *saved.tokenizer;
    const auto likely =
        fill_masks(network, clearhead::ids_to_read(saved, std::string(text_of(text))),
                   tokenizer.special(clearhead::mask_of(tokenizer)), top, precision_of(precision));
    std::vector<std::int64_t> tokens;
    std::vector<double> shares;
    for (const std::vector<clearhead::LikelyToken>& of_mask : likely) {
      for (const clearhead::LikelyToken& token : of_mask) {
        tokens.push_back(token.token);
        shares.push_back(token.probability);
      }
    }
    const clearhead::Shape shape{std::ssize(likely), std::ssize(likely.front())};
    std::unique_ptr<clearhead_tensor> found(
        new_tensor(clearhead::Tensor::of<std::int64_t>(shape, tokens)));
    *probabilities = new_tensor(clearhead::Tensor::of<double>(shape, shares));
    *ids = found.release();
  });
}

clearhead_status clearhead_model_translate(const clearhead_model* model,
                                           const clearhead_text* texts, int64_t count,
                                           const clearhead_translate_options* options,
                                           clearhead_string** translations) {
  return guarded([&] {
    const clearhead_translate_options o = members_of(options, kTranslating, "options");
    const clearhead::SavedModel& saved = required(model, "model").saved;
    const auto& network = clearhead::as<clearhead::TranslationModel>(saved);
    const std::span<const clearhead_text> given = some_texts(texts, count);
    required(translations, "translations");
    clearhead::BeamSearchOptions search = clearhead::search_options(saved);
    search.beam = o.beam;
    search.length_penalty = o.length_penalty;
    search.precision = precision_of(o.precision);
    std::vector<std::vector<std::int64_t>> sources;
    for (const clearhead_text& text : given) {
      sources.push_back(clearhead::ids_to_read(saved, std::string(text_of(text))));
    }
    std::vector<std::unique_ptr<clearhead_string>> found;
    for (const std::vector<clearhead::Translation>& best : translate(network, sources, search)) {
      found.push_back(std::make_unique<clearhead_string>(clearhead_string{
          clearhead::replace_invalid_utf8(saved.tokenizer->decode(best.front().tokens))}));
    }
    for (std::unique_ptr<clearhead_string>& text : found) *translations++ = text.release();
  });
}

clearhead_status clearhead_model_run(const clearhead_model* model, const int64_t* ids, int64_t T,
                                     clearhead_precision precision, clearhead_run** run) {
  return guarded([&] {
    required(run, "run") = nullptr;
    const clearhead_model& opened = required(model, "model");
    const auto text = some_ids(ids, T);
    auto result = std::make_unique<clearhead_run>(
        clearhead_run{clearhead::Reading(opened.name, opened.saved, {text.begin(), text.end()},
                                         precision_of(precision)),
                      {}});
    result->names = result->reading.tape.names();
    *run = result.release();
  });
}

void clearhead_run_free(clearhead_run* run) { delete run; }

int64_t clearhead_run_count(const clearhead_run* run) { return std::ssize(run->names); }

const char* clearhead_run_name(const clearhead_run* run, int64_t i) {
  if (i < 0 || i >= std::ssize(run->names)) return nullptr;
  return run->names[static_cast<std::size_t>(i)].c_str();
}

clearhead_status clearhead_run_value(const clearhead_run* run, const char* name,
                                     const int64_t* begin, const int64_t* end,
                                     clearhead_tensor** value) {
  return guarded([&] {
    required(value, "value") = nullptr;
    const clearhead::Var found = required(run, "run").reading.tape[&required(name, "name")];
    if ((begin == nullptr) != (end == nullptr)) {
      throw clearhead::Error("begin and end belong together; only one was given");
    }
    *value = new_tensor(
        begin == nullptr ? found.value()
                         : found.tile(index_of(begin, found.rank()), index_of(end, found.rank())));
  });
}

const int64_t* clearhead_run_shape(const clearhead_run* run, const char* name, int32_t* rank) {
  if (!run->reading.tape.contains(name)) return nullptr;
  const clearhead::Shape& shape = run->reading.tape[name].shape();
  *rank = static_cast<int32_t>(shape.size());
  return shape.data();
}
