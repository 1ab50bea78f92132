// The configs of encoder–decoders, read and written.
//
// Source: the configuration files of Hugging Face's transformers.
#include <nlohmann/json.hpp>
#include <string>

#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t decoder_layers(const TransformerConfig& network) {
  return network.decoder_layers == 0 ? network.layers : network.decoder_layers;
}

// ---- T5 and mT5 ----

struct FeedForward {
  bool gated;
  Activation activation;
};

// "gated-gelu" means the approximation.
FeedForward read_feed_forward(ConfigJson& config, const std::string& otherwise) {
  return config.choice<FeedForward>("feed_forward_proj", otherwise,
                                    {{"relu", {false, Activation::relu}},
                                     {"gelu", {false, Activation::gelu}},
                                     {"gelu_new", {false, Activation::gelu_tanh}},
                                     {"silu", {false, Activation::silu}},
                                     {"gated-relu", {true, Activation::relu}},
                                     {"gated-gelu", {true, Activation::gelu_tanh}},
                                     {"gated-gelu_new", {true, Activation::gelu_tanh}},
                                     {"gated-silu", {true, Activation::silu}}});
}

std::string written_feed_forward(const TransformerConfig& network) {
  return network.gated ? std::string("gated-") + written_activation(network, "gelu")
                       : written_activation(network, "gelu_new");
}

// Positions are distances, so no length is too long.
TransformerConfig read_t5_stacks(ConfigJson& config, const std::string& feed_forward) {
  TransformerConfig network = t5();
  network.vocabulary = config.size("vocab_size");
  network.channels = config.size("d_model");
  network.head_size = config.size("d_kv");
  network.hidden = config.size("d_ff");
  network.layers = config.size("num_layers", kMostLayers);
  network.decoder_layers = config.integer("num_decoder_layers", 0, kMostLayers);
  network.heads = config.size("num_heads", kMostLayers);
  network.context = kMostNumbers;
  network.relative_buckets = config.integer("relative_attention_num_buckets", 32);
  network.relative_distance = config.integer("relative_attention_max_distance", 128, kLongest);
  network.norm_epsilon = config.number("layer_norm_epsilon", 1e-6);
  const FeedForward part = read_feed_forward(config, feed_forward);
  network.gated = part.gated;
  network.activation = part.activation;
  config.ignore({"dense_act_fn", "is_gated_act", "n_positions", "d_head"});
  config.require("is_decoder", false);
  return network;
}

// ---- BART and Marian ----

TransformerConfig read_bart_stacks(ConfigJson& config) {
  TransformerConfig network = original_transformer();
  network.vocabulary = config.size("vocab_size");
  network.channels = config.size("d_model");
  network.layers = config.size("encoder_layers", kMostLayers);
  network.decoder_layers = config.size("decoder_layers", kMostLayers);
  network.heads = config.size("encoder_attention_heads", kMostLayers);
  network.hidden = config.size("encoder_ffn_dim");
  const auto require_same = [&](const char* name, std::int64_t of_encoder) {
    if (config.integer(name, of_encoder) == of_encoder) return;
    config.fail(name, "another number than the encoder's is not supported");
  };
  require_same("decoder_attention_heads", network.heads);
  require_same("decoder_ffn_dim", network.hidden);
  network.context = config.size("max_position_embeddings");
  network.activation = read_activation(config, "activation_function", "gelu");
  network.scale_embedding = config.flag("scale_embedding", false);
  network.tied_embedding = config.flag("tie_word_embeddings", true);
  network.logit_bias = true;
  config.require("is_decoder", false);
  // What is left of earlier versions, and repeats what the type says.
  config.ignore({"num_hidden_layers", "normalize_before", "normalize_embedding",
                 "static_position_embeddings", "extra_pos_embeddings", "add_final_layer_norm",
                 "add_bias_logits", "save_step", "encoder_layerdrop", "decoder_layerdrop",
                 "init_std", "force_bos_token_to_be_generated"});
  return network;
}

}  // namespace

// Its first version has one table, and scales what goes to it; version 1.1 says that it has two.
// Newer configs say instead whether there is a scale, and always that there is one table.
TransformerConfig read_t5(ConfigJson& config) {
  TransformerConfig network = read_t5_stacks(config, "relu");
  const bool is_tied = config.flag("tie_word_embeddings", true);
  network.scale_logits = config.flag("scale_decoder_outputs", is_tied);
  network.tied_embedding = is_tied && network.scale_logits;
  return network;
}

TransformerConfig read_mt5(ConfigJson& config) {
  TransformerConfig network = read_t5_stacks(config, "gated-gelu");
  network.tied_embedding = false;
  config.ignore({"tie_word_embeddings", "scale_decoder_outputs"});  // the file says, as of T5
  return network;
}

TransformerConfig read_bart(ConfigJson& config) {
  TransformerConfig network = read_bart_stacks(config);
  network.positions = TransformerPositions::learned;
  network.position_offset = 2;
  network.embedding_norm = true;
  return network;
}

TransformerConfig read_marian(ConfigJson& config) {
  TransformerConfig network = read_bart_stacks(config);
  network.sinusoid_order = SinusoidOrder::halves;
  config.require("share_encoder_decoder_embeddings", true);
  if (config.integer("decoder_vocab_size", network.vocabulary) != network.vocabulary) {
    config.fail("decoder_vocab_size", "another number than vocab_size is not supported");
  }
  return network;
}

Json write_t5(const TransformerConfig& network) {
  return {{"vocab_size", network.vocabulary},
          {"d_model", network.channels},
          {"d_kv", network.size_of_head()},
          {"d_ff", written_hidden(network)},
          {"num_layers", network.layers},
          {"num_decoder_layers", decoder_layers(network)},
          {"num_heads", network.heads},
          {"relative_attention_num_buckets", network.relative_buckets},
          {"relative_attention_max_distance", network.relative_distance},
          {"layer_norm_epsilon", network.norm_epsilon},
          {"feed_forward_proj", written_feed_forward(network)},
          {"tie_word_embeddings", network.tied_embedding}};
}

// Of Marian too.
Json write_bart(const TransformerConfig& network) {
  return {{"vocab_size", network.vocabulary},
          {"d_model", network.channels},
          {"encoder_layers", network.layers},
          {"decoder_layers", decoder_layers(network)},
          {"encoder_attention_heads", network.heads},
          {"decoder_attention_heads", network.heads},
          {"encoder_ffn_dim", written_hidden(network)},
          {"decoder_ffn_dim", written_hidden(network)},
          {"max_position_embeddings", network.context},
          {"activation_function", written_activation(network, "gelu_new")},
          {"scale_embedding", network.scale_embedding},
          {"tie_word_embeddings", network.tied_embedding}};
}

}  // namespace clearhead
