#include "clearhead/models/model_file.h"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/memory.h"
#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/models/recurrent_encoder_decoder.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kWeights = "model.safetensors";

using Make = std::unique_ptr<Model> (*)(const ModelConfig& config, Seed seed, DType dtype);

template <typename Network>
std::unique_ptr<Model> make(const ModelConfig& config, Seed seed, DType dtype) {
  if constexpr (std::is_constructible_v<Network, TransformerConfig>) {
    return std::make_unique<Network>(config.transformer, seed, dtype);
  } else {
    return std::make_unique<Network>(config.recurrent, seed, dtype);
  }
}

struct FamilyRow {
  Family family;
  const char* word;     // in config.json
  const char* ability;  // what it is, and the command for it
  Make make;
};

constexpr const char* kLanguageModel = "a language model (clearhead generate)";
constexpr const char* kMaskedModel = "a masked model (clearhead fill)";
constexpr const char* kTranslationModel = "a translation model (clearhead translate)";

const FamilyRow kFamilies[] = {
    {Family::decoder, "decoder", kLanguageModel, make<Decoder>},
    {Family::encoder, "encoder", kMaskedModel, make<Encoder>},
    {Family::encoder_decoder, "encoder_decoder", kTranslationModel, make<EncoderDecoder>},
    {Family::recurrent, "recurrent", kLanguageModel, make<RecurrentLanguageModel>},
    {Family::recurrent_encoder_decoder, "recurrent_encoder_decoder", kTranslationModel,
     make<RecurrentEncoderDecoder>},
};

const FamilyRow& row_of(Family family) {
  for (const FamilyRow& row : kFamilies) {
    if (row.family == family) return row;
  }
  throw Error("model: there is no such family");
}

// Calls f; its errors begin with the file's name.
template <typename F>
auto naming(const std::filesystem::path& file, const F& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Error(file.string() + ": " + error.what());
  }
}

template <typename Ability>
const Ability& as(const SavedModel& saved, const std::string& wanted) {
  const auto* model = dynamic_cast<const Ability*>(saved.model.get());
  if (model != nullptr) return *model;
  const FamilyRow& row = row_of(saved.config.family);
  throw Error("model: expected " + wanted + ", got " + row.ability + ": its family is " + row.word);
}

}  // namespace

void describe(Fields& fields, ModelConfig& config) {
  std::vector<std::pair<std::string, Family>> families;
  for (const FamilyRow& row : kFamilies) families.emplace_back(row.word, row.family);
  fields.choice("family", config.family, families, "what kind of network");
  if (config.is_recurrent()) {
    fields.group("recurrent", config.recurrent, "its sizes");
  } else {
    fields.group("transformer", config.transformer, "its sizes");
  }
}

std::unique_ptr<Model> make_model(const ModelConfig& config, Seed seed, DType dtype) {
  const FamilyRow& row = row_of(config.family);
  std::unique_ptr<Model> outline = row.make(config, std::nullopt, dtype);
  if (!seed) return outline;
  const auto bytes = static_cast<std::size_t>(outline->parameters().count()) * dtype_size(dtype);
  if (bytes > machine_memory()) {
    throw Error("model: its parameters take " + std::to_string(bytes >> 20) +
                " MiB, and this machine has " + std::to_string(machine_memory() >> 20) +
                "; choose a smaller vocabulary, fewer channels or layers");
  }
  return row.make(config, seed, dtype);
}

void save_model(const std::filesystem::path& folder, const ModelConfig& config,
                const Tokenizer& tokenizer, const Parameters& parameters, DType dtype) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw Error(folder.string() + ": cannot be made: " + failure.message());
  write_file(folder / kConfig, [&](std::ostream& out) { out << write_fields(config); });
  write_tokenizer(folder / kTokenizer, tokenizer);
  NamedTensors weights = parameters.named_tensors();
  for (auto& [name, value] : weights.tensors) value = value.to(dtype);
  write_safetensors(folder / kWeights, weights);
}

SavedModel open_model(const std::filesystem::path& folder, bool keep_bf16) {
  const std::filesystem::path config = folder / kConfig, weights = folder / kWeights;
  SavedModel saved;
  read_fields(read_text(config), config.string(), saved.config);
  saved.tokenizer = read_tokenizer(folder / kTokenizer);
  if (saved.config.vocabulary() != saved.tokenizer->size()) {
    throw Error(folder.string() + ": the model has " + std::to_string(saved.config.vocabulary()) +
                " tokens, its tokenizer " + std::to_string(saved.tokenizer->size()));
  }
  // What is wrong with the weights shows before any memory is taken for them.
  saved.model = naming(config, [&] { return make_model(saved.config, /*seed=*/std::nullopt); });
  const NamedTensors tensors = read_safetensors(weights);
  // A recurrent layer would widen its matrices at each step.
  const bool keeps = keep_bf16 && !saved.config.is_recurrent();
  naming(weights, [&] { saved.model->parameters().load(tensors, keeps); });
  return saved;
}

const LanguageModel& as_language_model(const SavedModel& saved) {
  return as<LanguageModel>(saved, kLanguageModel);
}
const MaskedModel& as_masked_model(const SavedModel& saved) {
  return as<MaskedModel>(saved, kMaskedModel);
}
const TranslationModel& as_translation_model(const SavedModel& saved) {
  return as<TranslationModel>(saved, kTranslationModel);
}

}  // namespace clearhead
