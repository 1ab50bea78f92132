// Tiny models with random weights, one of each model type and option, calculate what Hugging Face's
// transformers calculate (tools/checkpoint-golden writes the files), and whatever is wrong with a
// folder is said.
#include "clearhead/models/hugging_face.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "clearhead/models/model_file.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/models/model_testing.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path data() { return fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models/data"; }

// Both are in f32, in another order.
constexpr double kNear = 1e-4;
constexpr double kPatternNear = 1e-5;

// A run of a model on a batch of unequal lengths.
struct BatchRun {
  explicit BatchRun(const std::string& name, const Pass& pass = {}, Keep keep = Keep::everything)
      : read(read_hugging_face(data() / name)),
        golden(read_safetensors(data() / name / "golden.safetensors")),
        tape(keep),
        result(batch_result(*read.model, golden, tape, pass)) {}

  void expect(const Tensor& got, const std::string& name, std::int64_t axis, double near) const {
    SCOPED_TRACE(name);
    expect_unpadded(got, golden.at(name), golden.at("lengths"), axis, near);
  }

  HuggingFaceModel read;
  NamedTensors golden;
  Tape tape;
  Tensor result;
};

class HuggingFace : public ::testing::TestWithParam<std::string> {};

TEST_P(HuggingFace, CalculatesWhatTransformersDo) {
  BatchRun run(GetParam());
  expect_result(run.result, run.golden, kNear);
  for (std::int64_t i = 0;; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".", number = std::to_string(i);
    if (run.golden.find("attention." + number) == nullptr) {
      const std::string last = "blocks." + std::to_string(i - 1) + ".hook_normalized_resid_post";
      if (run.tape.contains(last)) {  // else it is normalised once more, for the logits
        run.expect(run.tape[last].value(), "hidden." + number, 1, kNear);
      }
      break;
    }
    run.expect(run.tape[block + "hook_resid_pre"].value(), "hidden." + number, 1, kNear);
    run.expect(run.tape[block + "attn.hook_pattern"].value(), "attention." + number, 2,
               kPatternNear);
  }
}

TEST_P(HuggingFace, CalculatesTheSameFused) {
  const BatchRun run(GetParam(), {.way = AttentionWay::fused}, Keep::nothing);
  expect_result(run.result, run.golden, kNear);
}

// A text that grows gives what it gives as a whole. Not with dynamic rotary positions, whose angles
// depend on the length.
TEST_P(HuggingFace, GeneratesWithACache) {
  const BatchRun run(GetParam());
  const auto* const model = dynamic_cast<const LanguageModel*>(run.read.model.get());
  if (model == nullptr || GetParam() == "llama-dynamic") GTEST_SKIP();
  Tape tape(Keep::nothing);
  DecodingState state;
  const Tensor& tokens = run.golden.at("tokens");
  for (std::int64_t t = 0; t < tokens.size(1); ++t) {
    const Var one = tape.input("tokens", tokens.slice(1, t, t + 1).contiguous());
    expect_near(model->forward(one, {}, &state).value(), run.result.slice(1, t, t + 1), 1e-5);
  }
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Each, HuggingFace, ::testing::ValuesIn(names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A copy of a folder, to spoil.
struct Copy {
  explicit Copy(const std::string& name) { fs::copy(data() / name, folder.path(), kRecursive); }

  void replace_in_config(const std::string& from, const std::string& to) const {
    std::string text = content(folder / "config.json");
    ASSERT_THAT(text, HasSubstr(from));
    set_content(folder / "config.json", text.replace(text.find(from), from.size(), to));
  }
  void expect_refused(const std::string& part) const {
    expect_error([&] { read_hugging_face(folder.path()); }, part);
  }
  NamedTensors weights() const { return read_safetensors(folder / "model.safetensors"); }
  void set_weights(const NamedTensors& weights) const {
    write_safetensors(folder / "model.safetensors", weights);
  }

  static constexpr fs::copy_options kRecursive =
      fs::copy_options::recursive | fs::copy_options::overwrite_existing;
  TemporaryFolder folder;
};

TEST(HuggingFaceFolder, RefusesOptionsThatItDoesNotKnow) {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& part) {
    SCOPED_TRACE(to);
    const Copy copy("llama-yarn");
    copy.replace_in_config(from, to);
    copy.expect_refused(part);
  };
  refused("\"model_type\"", "\"type\"",
          "config.json: model_type: it is missing; supported are gpt2, llama, mistral");
  refused("\"llama\"", "\"lama\"",
          "config.json: model_type: \"lama\" is not supported; supported are gpt2, llama, mistral");
  refused("LlamaForCausalLM", "LlamaForTokenClassification",
          "config.json: architectures: \"LlamaForTokenClassification\" is not supported; of llama "
          "supported are …ForCausalLM");
  refused("\"hidden_act\": \"silu\"", "\"hidden_act\": \"relu2\"",
          "hidden_act: \"relu2\" is not supported; supported are gelu");
  refused("\"mlp_bias\": false", "\"mlp_bias\": true", "mlp_bias: true is not supported");
  refused("\"mlp_bias\": false", "\"residual_multiplier\": 0.5",
          "residual_multiplier: the option (here 0.5) is not supported");
  refused(
      "\"yarn\"", "\"longrope\"",
      "rope_parameters.rope_type: \"longrope\" is not supported; supported are default, linear");
  refused("\"beta_fast\"", "\"beta_quick\"", "rope_parameters.beta_quick: the option");
  refused("\"hidden_size\": 16", "\"hidden_size\": \"16\"", "hidden_size: expected a whole number");
  refused("\"hidden_size\": 16", "\"hidden_size\": 0",
          "hidden_size: expected a number of at least");
  refused("\"hidden_size\": 16", "\"hiddensize\": 16", "hidden_size: it is missing");
  refused("\"num_attention_heads\": 4", "\"num_attention_heads\": 3",
          "config.json: model: heads 3");
  refused("{", "", "config.json: byte");
}

TEST(HuggingFaceFolder, TakesOptionsThatAreOff) {
  const Copy copy("llama");
  copy.replace_in_config("\"mlp_bias\": false",
                         "\"new_option\": false, \"another\": null, \"some_dropout\": 0.1");
  EXPECT_NO_THROW(read_hugging_face(copy.folder.path()));
}

TEST(HuggingFaceFolder, SaysWhichTensorsAreNotAsTheConfigSays) {
  const Copy copy("llama-linear");
  NamedTensors weights = copy.weights();
  const NamedTensors whole = weights;
  const auto at = [&](const std::string& name) -> std::pair<std::string, Tensor>& {
    return *std::find_if(weights.tensors.begin(), weights.tensors.end(),
                         [&](const auto& tensor) { return tensor.first == name; });
  };
  at("model.layers.1.mlp.up_proj.weight").first = "model.layers.2.mlp.up_proj.weight";
  copy.set_weights(weights);
  copy.expect_refused(
      "model.safetensors: the config asks for tensors that are not there: "
      "model.layers.1.mlp.up_proj.weight");
  weights = whole;
  weights.tensors.emplace_back("model.layers.1.self_attn.q_proj.bias", Tensor({16}));
  copy.set_weights(weights);
  copy.expect_refused(
      "it has tensors that the config does not ask for: model.layers.1.self_attn.q_proj.bias");
  weights = whole;
  at("model.norm.weight").second = Tensor({15});
  copy.set_weights(weights);
  copy.expect_refused("model.norm.weight: the config asks for [16], the file has [15]");
  weights = whole;
  at("lm_head.weight").second = at("lm_head.weight").second.transpose(0, 1).contiguous();
  copy.set_weights(weights);
  copy.expect_refused("lm_head.weight: the config asks for [24, 16]");
}

TEST(HuggingFaceFolder, SaysWhatToDoWithOlderFiles) {
  const Copy copy("llama");
  expect_error([&] { open_model(copy.folder.path()); },
               "there is no tokenizer in it: expected tokenizer.json, or tokenizer.model");
  fs::rename(copy.folder / "model.safetensors", copy.folder / "pytorch_model.bin");
  copy.expect_refused("pytorch_model.bin: expected model.safetensors; this file can run code");
}

TEST(HuggingFaceFolder, SaysWhatToDoWithOtherWeights) {
  const Copy copy("llama");
  const NamedTensors weights = copy.weights();
  NamedTensors wrapped;
  for (const auto& [name, value] : weights.tensors) {
    wrapped.tensors.emplace_back("module." + name, value);
  }
  copy.set_weights(wrapped);
  copy.expect_refused("layers.0.mlp.gate_proj.weight and 16 more; it has others: module.model.");
  copy.folder.write("model.safetensors",
                    "version https://git-lfs.github.com/spec/v1\noid sha256:0");
  copy.expect_refused("it only says where Git LFS keeps the file; `git lfs pull` fetches it");
  fs::remove(copy.folder / "model.safetensors");
  copy.expect_refused("there are no weights in it: expected model.safetensors, or ");
  copy.folder.write("model.onnx", "");
  copy.expect_refused("model.onnx: expected model.safetensors; weights for other programs");
  copy.folder.write("adapter_model.safetensors", "");
  copy.expect_refused("adapter_model.safetensors: expected model.safetensors; this is an adapter");
  copy.replace_in_config("{", "{\"quantization_config\": {\"quant_method\": \"awq\"},");
  copy.expect_refused(
      "config.json: quantization_config: weights quantised by awq are not supported; "
      "take the model as it was before");
}

TEST(HuggingFaceFolder, TakesShards) {
  const Copy copy("llama");
  const NamedTensors weights = copy.weights();
  std::string map;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string shard = "model-" + std::to_string(i) + ".safetensors";
    NamedTensors part;
    for (std::size_t j = i; j < weights.tensors.size(); j += 2) {
      part.tensors.push_back(weights.tensors[j]);
      map += (map.empty() ? "\"" : ", \"") + weights.tensors[j].first + "\": \"" + shard + "\"";
    }
    write_safetensors(copy.folder / shard, part);
  }
  fs::remove(copy.folder / "model.safetensors");
  set_content(copy.folder / "model.safetensors.index.json", "{\"weight_map\": {" + map + "}}");
  const HuggingFaceModel sharded = read_hugging_face(copy.folder.path());
  const HuggingFaceModel plain = read_hugging_face(data() / "llama");
  for (const Parameter& parameter : plain.model->parameters()) {
    expect_near(sharded.model->parameters().at(parameter.name).value(), parameter.value(), 0);
  }
}

// As the first checkpoints of BERT, and as a model saved without what stands on it.
TEST(HuggingFaceFolder, TakesOtherNamesOfTheSame) {
  const Copy copy("bert");
  NamedTensors weights = copy.weights();
  for (auto& [name, value] : weights.tensors) {
    const auto replace = [&name = name](const std::string& from, const std::string& to) {
      const std::size_t at = name.find(from);
      if (at != std::string::npos) name.replace(at, from.size(), to);
    };
    replace("LayerNorm.weight", "LayerNorm.gamma");
    replace("LayerNorm.bias", "LayerNorm.beta");
    replace("bert.", "");
  }
  copy.set_weights(weights);
  const HuggingFaceModel renamed = read_hugging_face(copy.folder.path());
  const HuggingFaceModel plain = read_hugging_face(data() / "bert");
  for (const Parameter& parameter : plain.model->parameters()) {
    expect_near(renamed.model->parameters().at(parameter.name).value(), parameter.value(), 0);
  }
}

// Both are one if the tables of tokens are; transformers use the decoder's if they are two.
TEST(HuggingFaceFolder, TakesTheBiasOfADecoderOfItsOwn) {
  for (const char* const names : {"bert cls.predictions", "roberta lm_head"}) {
    const std::string both = names, model = both.substr(0, both.find(' ')),
                      part = both.substr(model.size() + 1);
    const Copy copy(model);
    NamedTensors weights = copy.weights();
    const Tensor own({24});
    weights.tensors.insert(weights.tensors.begin(), {part + ".decoder.bias", own});
    copy.set_weights(weights);
    const HuggingFaceModel read = read_hugging_face(copy.folder.path());
    expect_near(read.model->parameters().at("unembed.b_U").value(), own, 0);
  }
}

// What stands on RoBERTa has gelu whatever the config says, so its stack must have it too.
TEST(HuggingFaceFolder, RefusesAMaskedRobertaWithoutGelu) {
  const Copy copy("roberta");
  copy.replace_in_config("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"");
  copy.expect_refused("config.json: hidden_act: expected gelu");
}

TEST(HuggingFaceFolder, KnowsTheGeluOfGemma) {
  for (const char* const said :
       {"\"gelu\"", "\"gelu\", \"hidden_activation\": null",
        "\"gelu\", \"hidden_activation\": \"gelu_pytorch_tanh\"", "\"gelu_pytorch_tanh\""}) {
    SCOPED_TRACE(said);
    const Copy copy("gemma");
    copy.replace_in_config("\"gelu_pytorch_tanh\"", said);
    const auto network =
        std::get<TransformerConfig>(read_hugging_face(copy.folder.path()).config.network);
    EXPECT_EQ(network.activation, Activation::gelu_tanh);
  }
  const Copy copy("gemma");
  copy.replace_in_config("\"gelu_pytorch_tanh\"", "\"silu\"");
  const auto network =
      std::get<TransformerConfig>(read_hugging_face(copy.folder.path()).config.network);
  EXPECT_EQ(network.activation, Activation::silu);
}

TEST(HuggingFaceFolder, KnowsHowTextsBeginAndEnd) {
  const HuggingFaceModel read = read_hugging_face(data() / "llama");
  EXPECT_EQ(read.model_type, "llama");
  EXPECT_EQ(read.tokens.begin, 1);
  EXPECT_THAT(read.tokens.ends, ::testing::ElementsAre(2));
}

TEST(HuggingFaceFolder, RefusesModulesThatItDoesNotKnow) {
  const Copy copy("bert-sentence");
  const std::string modules = content(copy.folder / "modules.json");
  std::string text = modules;
  set_content(copy.folder / "modules.json",
              text.replace(text.find("models.Normalize"), 16, "models.Dense"));
  copy.expect_refused(
      "modules.json: modules[2].type: \"sentence_transformers.models.Dense\" is not");
  set_content(copy.folder / "modules.json", modules);
  text = content(copy.folder / "1_Pooling/config.json");
  set_content(copy.folder / "1_Pooling/config.json",
              text.replace(text.find("max_tokens\": false"), 18, "max_tokens\": true"));
  copy.expect_refused("1_Pooling/config.json: pooling_mode_max_tokens: the option");
}

}  // namespace
}  // namespace clearhead
