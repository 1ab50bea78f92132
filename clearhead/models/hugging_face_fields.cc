// Sizes and choices as the config.json of each model type: the inverse of hugging_face_config.cc.
//
// Source: the configuration files of Hugging Face's transformers.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {

const char* written_activation(const TransformerConfig& network, const char* gelu_tanh) {
  switch (network.activation) {
    case Activation::relu:
      return "relu";
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return gelu_tanh;
    case Activation::silu:
      break;
  }
  return "silu";
}

std::int64_t written_hidden(const TransformerConfig& network) {
  return network.hidden == 0 ? 4 * network.channels : network.hidden;
}

namespace {

using Json = nlohmann::ordered_json;

// ---- Fields that several types share ----

std::int64_t kv_heads(const TransformerConfig& network) {
  return network.kv_heads == 0 ? network.heads : network.kv_heads;
}

// In the words that old and new versions of transformers read.
void write_rotary(const TransformerConfig& network, Json& fields) {
  fields["rope_theta"] = network.rotary_theta;
  const RotaryScaling& scaling = network.rotary_scaling;
  Json& written = fields["rope_scaling"];
  switch (scaling.kind) {
    case RotaryScalingKind::none:
      return;
    case RotaryScalingKind::linear:
      written = {{"rope_type", "linear"}, {"factor", scaling.factor}};
      return;
    case RotaryScalingKind::dynamic:  // the config has the length that was learnt
      written = {{"rope_type", "dynamic"}, {"factor", scaling.factor}};
      fields["max_position_embeddings"] = scaling.original_length;
      return;
    case RotaryScalingKind::llama3:
      written = {{"rope_type", "llama3"},
                 {"factor", scaling.factor},
                 {"low_freq_factor", scaling.low_frequency},
                 {"high_freq_factor", scaling.high_frequency},
                 {"original_max_position_embeddings", scaling.original_length}};
      return;
    case RotaryScalingKind::yarn:
      written = {{"rope_type", "yarn"},
                 {"factor", scaling.factor},
                 {"beta_fast", scaling.beta_fast},
                 {"beta_slow", scaling.beta_slow},
                 {"attention_factor", scaling.length_factor},
                 {"original_max_position_embeddings", scaling.original_length}};
      return;
  }
}

Json window(const TransformerConfig& network) {
  return network.window == 0 ? Json() : Json(network.window);
}

// ---- Decoders like Llama ----

Json llama_sizes(const TransformerConfig& network) {
  Json fields = {{"vocab_size", network.vocabulary},
                 {"hidden_size", network.channels},
                 {"num_hidden_layers", network.layers},
                 {"num_attention_heads", network.heads},
                 {"num_key_value_heads", kv_heads(network)},
                 {"head_dim", network.size_of_head()},
                 {"intermediate_size", written_hidden(network)},
                 {"max_position_embeddings", network.context},
                 {"rms_norm_eps", network.norm_epsilon},
                 {"hidden_act", written_activation(network)},
                 {"tie_word_embeddings", network.tied_embedding},
                 {"pad_token_id", nullptr}};  // not that of some other vocabulary
  write_rotary(network, fields);
  return fields;
}

// Layers before the first with a window have none, unless layer_types says more.
void write_qwen_windows(const TransformerConfig& network, Json& fields) {
  fields["use_sliding_window"] = network.window > 0;
  fields["sliding_window"] = window(network);
  fields["max_window_layers"] = network.window > 0 ? 0 : network.layers;
  if (!network.layer_types.empty()) fields["layer_types"] = network.layer_types;
}

// ---- Encoders like BERT ----

Json bert_sizes(const TransformerConfig& network) {
  return {{"vocab_size", network.vocabulary},
          {"hidden_size", network.channels},
          {"num_hidden_layers", network.layers},
          {"num_attention_heads", network.heads},
          {"intermediate_size", written_hidden(network)},
          {"max_position_embeddings", network.context + network.position_offset},
          {"type_vocab_size", std::max<std::int64_t>(1, network.token_types)},
          {"layer_norm_eps", network.norm_epsilon},
          {"hidden_act", written_activation(network)},
          {"tie_word_embeddings", network.tied_embedding}};
}

}  // namespace

Json write_gpt2(const TransformerConfig& network) {
  return {{"vocab_size", network.vocabulary},
          {"n_positions", network.context},
          {"n_embd", network.channels},
          {"n_layer", network.layers},
          {"n_head", network.heads},
          {"n_inner", written_hidden(network)},
          {"activation_function", written_activation(network, "gelu_new")},
          {"layer_norm_epsilon", network.norm_epsilon},
          {"tie_word_embeddings", network.tied_embedding}};
}

Json write_llama(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  fields["attention_bias"] = network.attention_bias;
  fields["mlp_bias"] = false;
  return fields;
}

Json write_mistral(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  fields["sliding_window"] = window(network);
  return fields;
}

Json write_qwen2(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  write_qwen_windows(network, fields);
  return fields;
}

Json write_qwen3(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  fields["attention_bias"] = network.attention_bias;
  write_qwen_windows(network, fields);
  return fields;
}

Json write_phi3(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  fields["partial_rotary_factor"] =
      static_cast<double>(network.turned_size()) / static_cast<double>(network.size_of_head());
  fields["sliding_window"] = window(network);
  return fields;
}

Json write_gemma(const TransformerConfig& network) {
  Json fields = llama_sizes(network);
  fields["hidden_activation"] = written_activation(network);
  fields["attention_bias"] = network.attention_bias;
  return fields;
}

Json write_gemma2(const TransformerConfig& network) {
  Json fields = write_gemma(network);
  const auto cap = [](double bound) { return bound == 0 ? Json() : Json(bound); };
  if (network.score_scale > 1e-3) {  // a whole number, or transformers refuse it
    fields["query_pre_attn_scalar"] = std::llround(1 / std::pow(network.score_scale, 2));
  }
  fields["attn_logit_softcapping"] = cap(network.score_softcap);
  fields["final_logit_softcapping"] = cap(network.logit_softcap);
  fields["sliding_window"] = window(network);
  std::vector<std::string> types = network.layer_types;  // left out, every other layer has it
  types.resize(static_cast<std::size_t>(network.layers), std::string(kSlidingAttention));
  fields["layer_types"] = types;
  return fields;
}

Json write_bert(const TransformerConfig& network) { return bert_sizes(network); }

Json write_roberta(const TransformerConfig& network) {
  Json fields = bert_sizes(network);
  fields["pad_token_id"] = std::max<std::int64_t>(0, network.position_offset - 1);
  return fields;
}

Json write_distilbert(const TransformerConfig& network) {
  return {{"vocab_size", network.vocabulary},
          {"dim", network.channels},
          {"n_layers", network.layers},
          {"n_heads", network.heads},
          {"hidden_dim", written_hidden(network)},
          {"max_position_embeddings", network.context},
          {"activation", written_activation(network)},
          {"tie_word_embeddings", network.tied_embedding}};
}

}  // namespace clearhead
