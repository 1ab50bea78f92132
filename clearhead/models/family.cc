// The table of families, and what follows from it.
#include "clearhead/models/family.h"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/models/recurrent_encoder_decoder.h"

namespace clearhead {
namespace {

// What a network is made of, by the name of its part of config.json.
template <typename Config>
constexpr std::string_view kPart = "transformer";
template <>
constexpr std::string_view kPart<RecurrentModelConfig> = "recurrent";

template <typename Config>
void describe_network(Fields& fields, ModelConfig& config) {
  if (!std::holds_alternative<Config>(config.network)) config.network = Config{};
  fields.group(kPart<Config>, std::get<Config>(config.network), "its sizes");
}

template <typename Network, typename Config>
std::unique_ptr<Model> make(const ModelConfig& config, Seed seed, DType dtype) {
  const Config* const network = std::get_if<Config>(&config.network);
  if (network == nullptr) {
    throw Error("model: the family " + std::string(row_of(config.family).name) +
                " is described by a config of its network called " + std::string(kPart<Config>) +
                ", and got another");
  }
  return std::make_unique<Network>(*network, seed, dtype);
}

template <typename Network, typename Config>
constexpr FamilyRow row(Family family, std::string_view name, std::string_view words) {
  return {.family = family,
          .name = name,
          .words = words,
          .ability = Network::kAbility,
          .reads_bf16 = !std::is_same_v<Config, RecurrentModelConfig>,
          .describe = describe_network<Config>,
          .make = make<Network, Config>};
}

constexpr FamilyRow kFamilies[] = {
    row<Decoder, TransformerConfig>(Family::decoder, "decoder", "a decoder"),
    row<Encoder, TransformerConfig>(Family::encoder, "encoder", "an encoder"),
    row<EncoderDecoder, TransformerConfig>(Family::encoder_decoder, "encoder_decoder",
                                           "an encoder-decoder"),
    row<SentenceEncoder, SentenceEncoderConfig>(Family::sentence_encoder, "sentence_encoder",
                                                "a sentence encoder"),
    row<TextClassifier, TextClassifierConfig>(Family::text_classifier, "text_classifier",
                                              "a text classifier"),
    row<RecurrentLanguageModel, RecurrentModelConfig>(Family::recurrent, "recurrent",
                                                      "a recurrent network"),
    row<RecurrentEncoderDecoder, RecurrentModelConfig>(Family::recurrent_encoder_decoder,
                                                       "recurrent_encoder_decoder",
                                                       "a recurrent encoder-decoder"),
};

}  // namespace

std::span<const FamilyRow> families() { return kFamilies; }

const FamilyRow& row_of(Family family) {
  for (const FamilyRow& row : kFamilies) {
    if (row.family == family) return row;
  }
  throw Error("model: there is no such family");
}

void describe(Fields& fields, ModelConfig& config) {
  std::vector<std::pair<std::string, Family>> names;
  for (const FamilyRow& row : kFamilies) names.emplace_back(row.name, row.family);
  fields.choice("family", config.family, names, "what kind of network");
  row_of(config.family).describe(fields, config);
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

std::int64_t parameter_count(const ModelConfig& config) {
  return make_model(config, /*seed=*/std::nullopt)->parameters().count();
}

}  // namespace clearhead
