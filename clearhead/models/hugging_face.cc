// A folder is read in this order: config.json, which says what it is; the outline of the network;
// the weights, which are compared with it before memory is taken for them.
#include "clearhead/models/hugging_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/tensor/shards.h"
#include "clearhead/text/text_file.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

// What may lie where the weights should, and what to do.
struct OtherWeights {
  const char* name;
  const char* advice;
};
constexpr const char* kPickled =
    "this file can run code when it is opened, so it is not. save_pretrained of transformers "
    "writes the other";
constexpr const char* kAdapter =
    "this is an adapter (LoRA), which changes the weights of a model. merge_and_unload() of peft, "
    "then save_pretrained, writes the changed ones";
constexpr const char* kElsewhere =
    "weights for other programs are not read; most models come with both, so copy it from where "
    "this one comes from";
constexpr OtherWeights kOtherWeights[] = {
    {"pytorch_model.bin", kPickled},
    {"pytorch_model.bin.index.json", kPickled},
    {"adapter_model.safetensors", kAdapter},
    {"adapter_model.bin", kAdapter},
    {"tf_model.h5", kElsewhere},
    {"flax_model.msgpack", kElsewhere},
    {"consolidated.safetensors", kElsewhere},
    {"model.onnx", kElsewhere},
    {"onnx", kElsewhere},
};

const ModelType& type_of(ConfigJson& config) {
  const std::string name = config.text("model_type", "");
  std::string known;
  for (const ModelType& type : model_types()) {
    if (type.name == name) return type;
    known += (known.empty() ? "" : ", ") + std::string(type.name);
  }
  const std::string fault = name.empty() ? "it is missing" : "\"" + name + "\" is not supported";
  config.fail("model_type", fault + "; supported are " + known);
}

// By its last words: "BertForMaskedLM".
Family family_of(ConfigJson& config, const ModelType& type) {
  const std::vector<std::string> names = config.texts("architectures");
  if (names.empty()) return type.architectures.front().family;
  std::string known;
  for (const Architecture& architecture : type.architectures) {
    if (names.front().ends_with(architecture.name)) return architecture.family;
    known += (known.empty() ? "…" : ", …") + std::string(architecture.name);
  }
  config.fail("architectures", fmt::format("\"{}\" is not supported; of {} supported are {}",
                                           names.front(), type.name, known));
}

TextClassifierConfig classifier(ConfigJson& config, const TransformerConfig& network) {
  TextClassifierConfig classifier{network};
  classifier.labels = config.numbered_texts("id2label");
  if (classifier.labels.empty()) classifier.labels = {"LABEL_0", "LABEL_1"};
  const std::string problem = config.text("problem_type", "single_label_classification");
  if (problem == "regression") config.fail("problem_type", "regression is not supported");
  classifier.exclusive = problem != "multi_label_classification";
  classifier.tanh = config.text("model_type", "") != "distilbert";
  return classifier;
}

// The pooling that a file of sentence-transformers describes, by a word or by one flag of several.
Pooling pooling_of(const fs::path& path) {
  ConfigJson config = read_config_json(path);
  config.ignore({"word_embedding_dimension", "embedding_dimension", "include_prompt"});
  const std::pair<const char*, Pooling> kFlags[] = {{"pooling_mode_mean_tokens", Pooling::mean},
                                                    {"pooling_mode_cls_token", Pooling::first},
                                                    {"pooling_mode_lasttoken", Pooling::last}};
  std::vector<Pooling> chosen;
  if (config.has("pooling_mode")) {
    chosen.push_back(config.choice<Pooling>(
        "pooling_mode", "mean",
        {{"mean", Pooling::mean}, {"cls", Pooling::first}, {"lasttoken", Pooling::last}}));
  }
  for (const auto& [name, pooling] : kFlags) {
    if (config.flag(name, false)) chosen.push_back(pooling);
  }
  config.refuse_others();
  if (chosen.size() != 1) {
    config.fail("pooling_mode", "expected one of mean, cls and lasttoken, got " +
                                    std::to_string(chosen.size()) + " of them");
  }
  return chosen.front();
}

// What modules.json puts behind the network. Without it sentence-transformers takes the mean.
void add_modules(const fs::path& folder, SentenceEncoderConfig& encoder) {
  const fs::path modules = folder / "modules.json";
  if (!fs::exists(modules)) return;
  ConfigJson list("{\"modules\": " + read_text(modules) + "}", modules.string());
  for (ConfigJson& module : list.objects("modules")) {
    const std::string type = module.text("type", "");
    const std::string kind = type.substr(type.rfind('.') + 1);
    if (kind == "Transformer") {
      if (!module.text("path", "").empty()) {
        module.fail("path", "expected the network in the folder itself");
      }
    } else if (kind == "Pooling") {
      encoder.pooling = pooling_of(folder / module.text("path", "1_Pooling") / "config.json");
    } else if (kind == "Normalize") {
      encoder.normalized = true;
    } else {
      module.fail("type", "\"" + type +
                              "\" is not supported; supported are Transformer, Pooling, Normalize");
    }
  }
}

void refuse_quantised(ConfigJson& config) {
  std::optional<ConfigJson> how = config.object("quantization_config");
  if (!how) return;
  config.fail("quantization_config",
              fmt::format("weights quantised by {} are not supported; take the model as it was "
                          "before, in f32, f16 or bf16",
                          how->text("quant_method", "bitsandbytes")));
}

ModelConfig config_of(ConfigJson& config, const ModelType& type) {
  refuse_quantised(config);
  const Family family = family_of(config, type);
  const TransformerConfig network = type.read(config);
  config.refuse_others();
  const bool is_roberta = type.prefix == "roberta.";
  if (family == Family::encoder && is_roberta && network.activation != Activation::gelu) {
    config.fail("hidden_act", "expected gelu, which the part that guesses words has in any case");
  }
  switch (family) {
    case Family::sentence_encoder:
      return {family, SentenceEncoderConfig{network}};
    case Family::text_classifier:
      return {family, classifier(config, network)};
    default:
      return {family, network};
  }
}

// Which of T5's have a table of their own for the scores, only the file says for certain.
void find_tie(const TensorFile& file, const ModelType& type, ModelConfig& config) {
  const bool is_t5 = type.name == "t5" || type.name == "mt5";
  if (!is_t5 || file.find("lm_head.weight") != nullptr) return;
  std::get<TransformerConfig>(config.network).tied_embedding = true;
}

}  // namespace

bool is_hugging_face(std::string_view config) {
  const nlohmann::json root = nlohmann::json::parse(config, nullptr, /*allow_exceptions=*/false);
  return root.is_object() && (root.contains("model_type") || root.contains("architectures"));
}

ModelConfig parse_hugging_face(std::string_view config, const std::string& file) {
  ConfigJson fields(config, file);
  return config_of(fields, type_of(fields));
}

TensorFile open_weights(const fs::path& folder) {
  const fs::path index = folder / "model.safetensors.index.json",
                 one = folder / "model.safetensors";
  if (fs::exists(index)) return open_shards(index);
  if (fs::exists(one)) return open_safetensors(one);
  for (const OtherWeights& other : kOtherWeights) {
    if (!fs::exists(folder / other.name)) continue;
    throw Error(fmt::format("{}: expected model.safetensors; {}", (folder / other.name).string(),
                            other.advice));
  }
  throw Error(folder.string() +
              ": there are no weights in it: expected model.safetensors, or "
              "model.safetensors.index.json and its shards; copy them from where the model comes "
              "from");
}

OpenCheckpoint open_hugging_face(const fs::path& folder, bool keep_bf16) {
  const fs::path file = folder / "config.json";
  ConfigJson config = read_config_json(file);
  const ModelType& type = type_of(config);
  HuggingFaceModel read{.model_type = std::string(type.name),
                        .config = config_of(config, type),
                        .model = nullptr,
                        .tokens = {}};
  read.tokens = read_writing_tokens(folder, config, read.config.family);
  if (auto* const encoder = std::get_if<SentenceEncoderConfig>(&read.config.network)) {
    add_modules(folder, *encoder);
  }
  TensorFile theirs = open_weights(folder);
  find_tie(theirs, type, read.config);
  read.model = naming(file, [&] { return make_model(read.config, /*seed=*/std::nullopt); });
  TensorFile ours =
      naming(theirs.name, [&] { return our_tensors(theirs, type, read.model->parameters()); });
  read.model->parameters().load(ours, keep_bf16);
  return {std::move(read), &type, std::move(theirs), std::move(ours)};
}

HuggingFaceModel read_hugging_face(const fs::path& folder, bool keep_bf16) {
  return std::move(open_hugging_face(folder, keep_bf16).read);
}

}  // namespace clearhead
