// The table of model types, and how the config of each is read.
//
// Source: the configuration files of Hugging Face's transformers.
#include <algorithm>
#include <cmath>
#include <string>

#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/hugging_face_names_internal.h"

namespace clearhead {

Activation read_activation(ConfigJson& config, const char* name, const std::string& otherwise) {
  return config.choice<Activation>(name, otherwise,
                                   {{"gelu", Activation::gelu},
                                    {"gelu_new", Activation::gelu_tanh},
                                    {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                    {"gelu_fast", Activation::gelu_tanh},
                                    {"relu", Activation::relu},
                                    {"silu", Activation::silu},
                                    {"swish", Activation::silu}});
}

namespace {

// ---- Fields that several types share ----

double yarn_length(double factor, double scale) {
  return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1;
}

void read_yarn(ConfigJson& scaling, RotaryScaling& result) {
  result.beta_fast = scaling.number("beta_fast", 32);
  result.beta_slow = scaling.number("beta_slow", 1);
  const double scale = scaling.number("mscale", 0), all = scaling.number("mscale_all_dim", 0);
  const double length = scale > 0 && all > 0
                            ? yarn_length(result.factor, scale) / yarn_length(result.factor, all)
                            : yarn_length(result.factor, 1);
  result.length_factor = scaling.number("attention_factor", length);
  scaling.require("truncate", true);
}

// Of rope_scaling (or rope_parameters, as newer files call it), which says how rotary positions are
// stretched, and of rope_theta and partial_rotary_factor, which stand there too or beside it.
void read_rotary(ConfigJson& config, TransformerConfig& network) {
  network.rotary_theta = config.positive("rope_theta", 10000);
  double share = config.positive("partial_rotary_factor", 1, 1);
  const char* const name = config.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  std::optional<ConfigJson> scaling = config.object(name);
  config.ignore({"rope_scaling", "original_max_position_embeddings"});
  RotaryScaling& result = network.rotary_scaling;
  if (scaling) {
    network.rotary_theta = scaling->positive("rope_theta", network.rotary_theta);
    share = scaling->positive("partial_rotary_factor", share, 1);
    const char* const kind = scaling->has("rope_type") ? "rope_type" : "type";
    result.kind = scaling->choice<RotaryScalingKind>(kind, "default",
                                                     {{"default", RotaryScalingKind::none},
                                                      {"linear", RotaryScalingKind::linear},
                                                      {"dynamic", RotaryScalingKind::dynamic},
                                                      {"llama3", RotaryScalingKind::llama3},
                                                      {"yarn", RotaryScalingKind::yarn}});
    scaling->ignore({"type", "original_max_position_embeddings"});
    result.factor = scaling->positive("factor", 1, 1e6);
    result.original_length = network.context;
    if (result.kind == RotaryScalingKind::llama3 || result.kind == RotaryScalingKind::yarn) {
      const std::int64_t outer = config.integer("original_max_position_embeddings", 0, kLongest);
      const std::int64_t inner =
          scaling->integer("original_max_position_embeddings", network.context, kLongest);
      result.original_length = outer > 0 ? outer : inner;
    }
    if (result.kind == RotaryScalingKind::llama3) {
      result.low_frequency = scaling->number("low_freq_factor", 1);
      result.high_frequency = scaling->number("high_freq_factor", 4);
    }
    if (result.kind == RotaryScalingKind::yarn) read_yarn(*scaling, result);
    scaling->refuse_others();
    result.validate();
    // Configs that are stretched name either length, the longer one or the one that was learnt.
    const double longer = result.factor * static_cast<double>(result.original_length);
    if (result.kind == RotaryScalingKind::dynamic || result.kind == RotaryScalingKind::yarn) {
      network.context = std::clamp(static_cast<std::int64_t>(longer), network.context, kLongest);
    }
  }
  network.rotary_size =
      static_cast<std::int64_t>(share * static_cast<double>(network.size_of_head()));
}

// Which layers have the window: layer_types names them; else those from `first` on.
void read_windows(ConfigJson& config, TransformerConfig& network, std::int64_t otherwise,
                  bool has_window = true, std::int64_t first = 0) {
  network.window =
      config.is_null("sliding_window") ? 0 : config.integer("sliding_window", otherwise, kLongest);
  network.layer_types = config.texts("layer_types");
  if (!has_window) network.window = 0;
  if (network.window == 0) network.layer_types.clear();
  if (network.window == 0 || !network.layer_types.empty() || first == 0) return;
  for (std::int64_t i = 0; i < network.layers; ++i) {
    network.layer_types.emplace_back(i < first ? kFullAttention : kSlidingAttention);
  }
}

// ---- Decoders like Llama ----

TransformerConfig read_llama_sizes(ConfigJson& config, double epsilon = 1e-6) {
  TransformerConfig network = llama();
  network.vocabulary = config.size("vocab_size");
  network.channels = config.size("hidden_size");
  network.layers = config.size("num_hidden_layers", kMostLayers);
  network.heads = config.size("num_attention_heads", kMostLayers);
  network.kv_heads = config.integer("num_key_value_heads", network.heads, kMostLayers);
  network.hidden = config.size("intermediate_size");
  network.context = config.integer("max_position_embeddings", 2048, kLongest);
  network.head_size = config.integer("head_dim", 0);
  network.norm_epsilon = config.number("rms_norm_eps", epsilon);
  network.activation = read_activation(config, "hidden_act", "silu");
  network.tied_embedding = config.flag("tie_word_embeddings", false);
  return network;
}

TransformerConfig read_llama(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config);
  network.attention_bias = config.flag("attention_bias", false);
  config.require("mlp_bias", false);
  read_rotary(config, network);
  return network;
}

TransformerConfig read_mistral(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config);
  read_rotary(config, network);
  read_windows(config, network, 4096);
  return network;
}

// Qwen 2 and 3: the window is off unless use_sliding_window says otherwise.
void read_qwen_windows(ConfigJson& config, TransformerConfig& network) {
  const bool has_window = config.flag("use_sliding_window", false);
  read_windows(config, network, 4096, has_window, config.integer("max_window_layers", 28));
}

TransformerConfig read_qwen2(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config);
  network.attention_bias = true;
  network.out_bias = false;
  read_rotary(config, network);
  read_qwen_windows(config, network);
  return network;
}

TransformerConfig read_qwen3(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config);
  if (network.head_size == 0) network.head_size = 128;
  network.attention_bias = config.flag("attention_bias", false);
  network.qk_norm = true;
  read_rotary(config, network);
  read_qwen_windows(config, network);
  return network;
}

TransformerConfig read_phi3(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config, 1e-5);
  read_rotary(config, network);
  if (network.rotary_scaling.kind != RotaryScalingKind::none) {
    config.fail("rope_scaling", "of phi3 it is not supported");
  }
  read_windows(config, network, 0);
  return network;
}

TransformerConfig read_gemma(ConfigJson& config) {
  TransformerConfig network = read_llama_sizes(config);
  network.tied_embedding = config.flag("tie_word_embeddings", true);
  if (network.head_size == 0) network.head_size = 256;
  // Newer files name the approximation of gelu, some in a field of its own; older ones say "gelu".
  const bool is_named = config.has("hidden_activation");
  network.activation =
      read_activation(config, is_named ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");
  if (!is_named && network.activation == Activation::gelu) {
    network.activation = Activation::gelu_tanh;
  }
  network.scale_embedding = true;
  network.attention_bias = config.flag("attention_bias", false);
  read_rotary(config, network);
  return network;
}

TransformerConfig read_gemma2(ConfigJson& config) {
  TransformerConfig network = read_gemma(config);
  network.result_norm = true;
  network.score_scale = 1 / std::sqrt(config.positive("query_pre_attn_scalar", 256));
  const auto cap = [&](const char* name, double otherwise) {
    return config.is_null(name) ? 0 : config.number(name, otherwise);
  };
  network.score_softcap = cap("attn_logit_softcapping", 50);
  network.logit_softcap = cap("final_logit_softcapping", 30);
  read_windows(config, network, 4096);
  if (network.window > 0 && network.layer_types.empty()) {  // every other layer, from the first on
    for (std::int64_t i = 0; i < network.layers; ++i) {
      network.layer_types.emplace_back(i % 2 == 0 ? kSlidingAttention : kFullAttention);
    }
  }
  config.require("use_bidirectional_attention", false);
  return network;
}

// ---- GPT-2 ----

TransformerConfig read_gpt2(ConfigJson& config) {
  TransformerConfig network = gpt2();
  network.vocabulary = config.size("vocab_size");
  network.context = config.size("n_positions");
  network.channels = config.size("n_embd");
  network.layers = config.size("n_layer", kMostLayers);
  network.heads = config.size("n_head", kMostLayers);
  network.hidden = config.integer("n_inner", 0);
  network.activation = read_activation(config, "activation_function", "gelu_new");
  network.norm_epsilon = config.number("layer_norm_epsilon", 1e-5);
  network.tied_embedding = config.flag("tie_word_embeddings", true);
  config.require("scale_attn_weights", true);
  config.require("scale_attn_by_inverse_layer_idx", false);
  config.require("add_cross_attention", false);
  return network;
}

// ---- Encoders like BERT ----

TransformerConfig read_bert(ConfigJson& config) {
  TransformerConfig network = bert();
  network.vocabulary = config.size("vocab_size");
  network.channels = config.size("hidden_size");
  network.layers = config.size("num_hidden_layers", kMostLayers);
  network.heads = config.size("num_attention_heads", kMostLayers);
  network.hidden = config.size("intermediate_size");
  network.context = config.size("max_position_embeddings");
  network.token_types = config.integer("type_vocab_size", 2);
  network.norm_epsilon = config.number("layer_norm_eps", 1e-12);
  network.activation = read_activation(config, "hidden_act", "gelu");
  network.tied_embedding = config.flag("tie_word_embeddings", true);
  config.choice<bool>("position_embedding_type", "absolute", {{"absolute", true}});
  config.require("is_decoder", false);
  config.require("add_cross_attention", false);
  return network;
}

// Positions are counted from behind the id of padding.
TransformerConfig read_roberta(ConfigJson& config) {
  TransformerConfig network = read_bert(config);
  network.position_offset = config.integer("pad_token_id", 1) + 1;
  network.context -= network.position_offset;
  if (network.context < 1) {
    config.fail("max_position_embeddings", "there is none behind pad_token_id");
  }
  return network;
}

TransformerConfig read_distilbert(ConfigJson& config) {
  TransformerConfig network = bert();
  network.vocabulary = config.size("vocab_size");
  network.channels = config.size("dim");
  network.layers = config.size("n_layers", kMostLayers);
  network.heads = config.size("n_heads", kMostLayers);
  network.hidden = config.size("hidden_dim");
  network.context = config.size("max_position_embeddings");
  network.activation = read_activation(config, "activation", "gelu");
  network.tied_embedding = config.flag("tie_word_embeddings", true);
  config.ignore({"sinusoidal_pos_embds"});  // how the table of positions began
  return network;
}

// ---- The table ----

constexpr Architecture kGpt2[] = {{"LMHeadModel", Family::decoder}};
constexpr Architecture kDecoders[] = {{"ForCausalLM", Family::decoder}};
constexpr Architecture kEncoders[] = {{"Model", Family::sentence_encoder},
                                      {"ForMaskedLM", Family::encoder},
                                      {"ForPreTraining", Family::encoder},
                                      {"ForSequenceClassification", Family::text_classifier}};
constexpr Architecture kT5[] = {{"ForConditionalGeneration", Family::encoder_decoder},
                                {"WithLMHeadModel", Family::encoder_decoder}};
constexpr Architecture kBart[] = {{"ForConditionalGeneration", Family::encoder_decoder},
                                  {"BartModel", Family::encoder_decoder}};
constexpr Architecture kMarian[] = {{"MTModel", Family::encoder_decoder}};

constexpr ModelType kModelTypes[] = {
    {"gpt2", "transformer.", kGpt2Names, {}, kGpt2, read_gpt2, "GPT2", write_gpt2},
    {"llama", "model.", kLlamaNames, kLlamaNormNames, kDecoders, read_llama, "Llama", write_llama},
    {"mistral", "model.", kLlamaNames, kLlamaNormNames, kDecoders, read_mistral, "Mistral",
     write_mistral},
    {"qwen2", "model.", kLlamaNames, kLlamaNormNames, kDecoders, read_qwen2, "Qwen2", write_qwen2},
    {"qwen3", "model.", kLlamaNames, kLlamaNormNames, kDecoders, read_qwen3, "Qwen3", write_qwen3},
    {"phi3", "model.", kPhi3Names, kLlamaNormNames, kDecoders, read_phi3, "Phi3", write_phi3},
    {"gemma", "model.", kLlamaNames, kGemmaNormNames, kDecoders, read_gemma, "Gemma", write_gemma},
    {"gemma2", "model.", kLlamaNames, kGemma2NormNames, kDecoders, read_gemma2, "Gemma2",
     write_gemma2},
    {"bert", "bert.", kBertNames, kBertHeadNames, kEncoders, read_bert, "Bert", write_bert},
    {"roberta", "roberta.", kBertNames, kRobertaHeadNames, kEncoders, read_roberta, "Roberta",
     write_roberta},
    {"xlm-roberta", "roberta.", kBertNames, kRobertaHeadNames, kEncoders, read_roberta},
    {"camembert", "roberta.", kBertNames, kRobertaHeadNames, kEncoders, read_roberta},
    {"distilbert",
     "distilbert.",
     kDistilbertNames,
     {},
     kEncoders,
     read_distilbert,
     "DistilBert",
     write_distilbert},
    {"t5", "", kT5Names, {}, kT5, read_t5, "T5", write_t5},
    {"mt5", "", kT5Names, {}, kT5, read_mt5},
    {"bart", "model.", kBartNames, {}, kBart, read_bart, "Bart", write_bart},
    {"marian", "model.", kBartNames, {}, kMarian, read_marian, "Marian", write_bart},
};

}  // namespace

std::span<const ModelType> model_types() { return kModelTypes; }

}  // namespace clearhead
