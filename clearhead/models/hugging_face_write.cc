// Which model type calculates what a network of ours does. Each in turn is written as a config.json
// and read again; what comes back differs where a type cannot express something.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::ordered_json;

// Of each kind only the numbers that have an effect.
RotaryScaling plain(const RotaryScaling& scaling) {
  RotaryScaling plain{.kind = scaling.kind};
  if (scaling.kind == RotaryScalingKind::none) return plain;
  plain.factor = scaling.factor;
  if (scaling.kind != RotaryScalingKind::linear) plain.original_length = scaling.original_length;
  if (scaling.kind == RotaryScalingKind::llama3) {
    plain.low_frequency = scaling.low_frequency;
    plain.high_frequency = scaling.high_frequency;
  }
  if (scaling.kind == RotaryScalingKind::yarn) {
    plain.beta_fast = scaling.beta_fast;
    plain.beta_slow = scaling.beta_slow;
    plain.length_factor = scaling.length_factor;
  }
  return plain;
}

// One spelling of all configs that calculate the same: what is left to defaults is said, and what
// has no effect is as a new config has it.
void make_plain(TransformerConfig& network) {
  const TransformerConfig fresh;
  network.init_std = fresh.init_std;
  network.head_size = network.size_of_head();
  if (network.decoder_layers == 0) network.decoder_layers = network.layers;
  if (network.kv_heads == 0) network.kv_heads = network.heads;
  if (network.hidden == 0) network.hidden = 4 * network.channels;
  network.attention_bias = network.attention_bias || network.bias;
  if (!network.attention_bias) network.out_bias = true;
  if (network.score_scale > 0) network.scale_scores = true;
  if (network.layer_types == std::vector<std::string>(static_cast<std::size_t>(network.layers),
                                                      std::string(kSlidingAttention))) {
    network.layer_types.clear();
  }
  if (network.window == 0) network.layer_types.clear();
  if (network.positions == TransformerPositions::rotary) {
    network.rotary_size = network.turned_size();
    network.rotary_scaling = plain(network.rotary_scaling);
  } else {
    network.rotary_theta = fresh.rotary_theta;
    network.rotary_interleaved = fresh.rotary_interleaved;
    network.rotary_size = fresh.rotary_size;
    network.rotary_scaling = fresh.rotary_scaling;
  }
  if (network.positions != TransformerPositions::learned) network.position_offset = 0;
  if (network.positions != TransformerPositions::sinusoidal) {
    network.sinusoid_order = fresh.sinusoid_order;
  }
  if (network.positions == TransformerPositions::relative) {
    network.context = fresh.context;  // any length does
  } else {
    network.relative_buckets = fresh.relative_buckets;
    network.relative_distance = fresh.relative_distance;
  }
}

TransformerConfig* transformer(ModelConfig& config) {
  return std::visit(
      [](auto& network) -> TransformerConfig* {
        if constexpr (std::is_base_of_v<TransformerConfig, std::decay_t<decltype(network)>>) {
          return &network;
        } else {
          return nullptr;
        }
      },
      config.network);
}

void write_classes(const TextClassifierConfig& config, Json& fields) {
  for (std::size_t i = 0; i < config.labels.size(); ++i) {
    fields["id2label"][std::to_string(i)] = config.labels[i];
    fields["label2id"][config.labels[i]] = i;
  }
  fields["problem_type"] =
      config.exclusive ? "single_label_classification" : "multi_label_classification";
}

std::string text_of(ModelConfig config, const ModelType& type, std::string_view ending) {
  Json fields = {{"architectures", {std::string(type.class_name) + std::string(ending)}},
                 {"model_type", type.name}};
  fields.update(type.write(*transformer(config)));
  if (const auto* classes = std::get_if<TextClassifierConfig>(&config.network)) {
    write_classes(*classes, fields);
  }
  return fields.dump(2);
}

// What a type makes of a config.
struct Attempt {
  WrittenConfig written;
  std::vector<FieldDifference> differences;
};

std::optional<Attempt> attempt(const ModelConfig& config, const ModelType& type) {
  if (type.write == nullptr) return std::nullopt;
  for (const Architecture& architecture : type.architectures) {
    if (architecture.family != config.family) continue;
    Attempt result{{&type, text_of(config, type, architecture.name), {}}, {}};
    ModelConfig& read = result.written.config;
    read = parse_hugging_face(result.written.text, std::string(type.name));
    if (auto* const encoder = std::get_if<SentenceEncoderConfig>(&read.network)) {
      const auto& own = std::get<SentenceEncoderConfig>(config.network);
      encoder->pooling = own.pooling;  // other files than config.json say it
      encoder->normalized = own.normalized;
    }
    ModelConfig plain = read;
    make_plain(*transformer(plain));
    result.differences = different_fields(config, plain);
    return result;
  }
  return std::nullopt;
}

std::string words_of(const std::vector<FieldDifference>& differences) {
  std::string text;
  for (const FieldDifference& difference : differences) {
    text += fmt::format("{}{} ({}, there {})", text.empty() ? "" : ", ", difference.name,
                        difference.first, difference.second);
  }
  return text;
}

}  // namespace

WrittenConfig write_hugging_face(const ModelConfig& config) {
  std::vector<ModelConfig> spellings;
  ModelConfig plain = config;
  if (TransformerConfig* const network = transformer(plain)) {
    make_plain(*network);
    spellings.push_back(plain);
    if (!network->bias && network->norm == NormKind::layer) {
      network->bias = network->attention_bias = network->out_bias = true;
      spellings.push_back(plain);
    }
    if (config.family == Family::encoder_decoder && !network->logit_bias) {
      network->logit_bias = true;
      spellings.push_back(plain);
    }
  }
  std::optional<Attempt> nearest;
  for (const ModelConfig& spelling : spellings) {
    for (const ModelType& type : model_types()) {
      std::optional<Attempt> next = attempt(spelling, type);
      if (!next) continue;
      if (next->differences.empty()) return std::move(next->written);
      if (!nearest || next->differences.size() < nearest->differences.size()) {
        nearest = std::move(next);
      }
    }
  }
  if (!nearest) {
    throw Error(
        fmt::format("model: no model type that is written is {}", row_of(config.family).words));
  }
  throw Error(
      fmt::format("model: no model type calculates what it does; the nearest, {}, differs "
                  "in {}",
                  nearest->written.type->name, words_of(nearest->differences)));
}

}  // namespace clearhead
