// Files that llama.cpp's own converter made (tools/gguf-model-golden) calculate what transformers
// calculate with the same weights, and whatever is wrong with a file is said.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "clearhead/models/convert.h"
#include "clearhead/models/gguf_rotary_internal.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/gguf_bytes.h"
#include "tests/models/model_testing.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using namespace gguf_bytes;

fs::path data() { return fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models/gguf_data"; }
fs::path gguf_path(const std::string& name) { return data() / (name + ".gguf"); }

class GgufModel : public ::testing::TestWithParam<std::string> {};

TEST_P(GgufModel, CalculatesWhatTransformersDo) {
  const SavedModel saved = open_model(gguf_path(GetParam()));
  const NamedTensors golden = read_safetensors(data() / (GetParam() + ".safetensors"));
  Tape tape;
  expect_result(batch_result(*saved.model, golden, tape), golden, 1e-4);
}

TEST_P(GgufModel, IsConvertedToAFolderOfTheSameModel) {
  const TemporaryFolder folder;
  convert_model(gguf_path(GetParam()), folder / "model");
  const SavedModel file = open_model(gguf_path(GetParam())),
                   converted = open_model(folder / "model");
  for (const Parameter& parameter : file.model->parameters()) {
    SCOPED_TRACE(parameter.name);
    expect_near(converted.model->parameters().at(parameter.name).value(), parameter.value(), 0);
  }
  EXPECT_EQ(converted.tokens.begin, file.tokens.begin);
  EXPECT_EQ(converted.tokens.ends, file.tokens.ends);
  EXPECT_EQ(converted.chat.jinja, file.chat.jinja);
  EXPECT_EQ(converted.chat.start, file.chat.start);
  EXPECT_EQ(converted.chat.end, file.chat.end);
  EXPECT_EQ(converted.tokenizer->encode("a cab"), file.tokenizer->encode("a cab"));
  const NamedTensors golden = read_safetensors(data() / (GetParam() + ".safetensors"));
  Tape tape;
  expect_result(batch_result(*converted.model, golden, tape), golden, 1e-4);
}

std::vector<std::string> gguf_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data())) {
    if (entry.path().extension() == ".gguf") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Each, GgufModel, ::testing::ValuesIn(gguf_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(GgufModelFile, SaysHowTextsBeginAndEnd) {
  const SavedModel saved = open_model(gguf_path("llama"));
  EXPECT_EQ(saved.tokens.begin, 1);
  EXPECT_THAT(saved.tokens.ends, ::testing::ElementsAre(2));
  EXPECT_EQ(saved.chat.jinja, "{{ messages }}");
  EXPECT_EQ(saved.chat.start, "<s>");
  EXPECT_EQ(saved.chat.end, "</s>");
  EXPECT_EQ(saved.tokenizer->encode("a", {.add_special_tokens = false}),
            (std::vector<std::int64_t>{3, 4}));
}

// A file with some bytes replaced by as many others.
class Spoilt {
 public:
  explicit Spoilt(const std::string& name) : bytes_(content(gguf_path(name))) {}

  Spoilt with(const std::string& from, const std::string& to) const {
    Spoilt spoilt = *this;
    const std::size_t at = bytes_.find(from);
    EXPECT_TRUE(at != std::string::npos && from.size() == to.size()) << from;
    spoilt.bytes_.replace(at, from.size(), to);
    return spoilt;
  }
  // The setting, a number of four bytes.
  template <typename T>
  Spoilt with(const std::string& name, std::uint32_t type, T value) const {
    const std::size_t at = bytes_.find(text(name)) + text(name).size();
    return with(bytes_.substr(at - name.size(), name.size() + 8), name + raw(type) + raw(value));
  }
  void expect_refused(const std::string& part) const {
    expect_error([&] { open_model(parse(bytes_)); }, part);
  }

 private:
  std::string bytes_;
};

TEST(GgufModelFile, SaysWhichSettingIsWrong) {
  const Spoilt llama("llama");
  llama.with(raw<std::uint32_t>(kText) + text("llama"), raw<std::uint32_t>(kText) + text("lemma"))
      .expect_refused(
          "x.gguf: general.architecture: \"lemma\" is not supported; supported are llama, qwen2, "
          "qwen3, phi3, gemma, gemma2, gpt2, bert");
  llama.with("general.architecture", "general.architectuur")
      .expect_refused("x.gguf: there is no setting 'general.architecture'; those most like it: ");
  llama.with("llama.block_count", "llama.blocks_____")
      .expect_refused("x.gguf: there is no setting 'llama.block_count'; those most like it: ");
  llama.with("llama.embedding_length", kF32, 16.f)
      .expect_refused("'llama.embedding_length': expected a whole number, got f32");
  llama.with("llama.embedding_length", kU32, 0u)
      .expect_refused("x.gguf: its settings as a config.json: hidden_size: expected a number");
  llama.with("llama.attention.layer_norm_rms_epsilon", kF32, float(kNan))
      .expect_refused("x.gguf: llama.attention.layer_norm_rms_epsilon: expected a finite number");
  llama.with("llama.attention.head_count", kU32, 0u)
      .expect_refused("x.gguf: llama.attention.head_count: expected a number of at least 1");
  llama.with("llama.rope.dimension_count", kU32, 2u)
      .expect_refused("llama.rope.dimension_count: expected the size of a head, 4, got 2");
  llama.with("llama.vocab_size", "llama.hash_count")
      .expect_refused("llama.hash_count: the option (here 24) is not supported; supported are");
  llama.with("llama.vocab_size", "llama.expert_use").expect_refused("llama.expert_use: the option");
  llama.with("tokenizer.ggml.model", "tokenizer.ggml.modul")
      .expect_refused("there is no setting 'tokenizer.ggml.model'");
  Spoilt("llama-bias")
      .with("llama.attention.value_length", kU32, 4u)
      .expect_refused("llama.attention.value_length: expected attention.key_length");
  Spoilt("llama-yarn").with("yarn", "warn").expect_refused("rope_type: \"warn\" is not supported");
  Spoilt("bert-sentence")
      .with("bert.pooling_type", kU32, 4u)
      .expect_refused("bert.pooling_type: expected 1 (mean)");
  Spoilt("bert-sentence")
      .with(text("bert.attention.causal") + raw<std::uint32_t>(kBool) + std::string(1, 0),
            text("bert.attention.causal") + raw<std::uint32_t>(kBool) + std::string(1, 1))
      .expect_refused("bert.attention.causal: expected false");
}

TEST(GgufModelFile, SaysWhichTensorIsWrong) {
  const Spoilt llama("llama");
  llama.with("blk.1.ffn_up.weight", "blk.2.ffn_up.weight")
      .expect_refused(
          "x.gguf: the config asks for tensors that are not there: blk.1.ffn_up.weight");
  llama.with("llama.block_count", kU32, 1u)
      .expect_refused("it has tensors that the config does not ask for: blk.1.attn_k.weight, ");
  llama.with("llama.feed_forward_length", kU32, 24u)
      .expect_refused(
          "x.gguf: blk.0.ffn_down.weight: the config asks for [16, 24], the file has [16, 20]");
  llama.with("token_embd.weight", "token_embt.weight")
      .expect_refused(
          "x.gguf: there is no tensor 'token_embd.weight' among the 20; those most like it: ");
  Spoilt("llama-llama3")
      .with("llama.rope.dimension_count", kU32, 4u)
      .with("rope_freqs.weight" + raw(1u) + raw<std::uint64_t>(2),
            "rope_freqs.weight" + raw(1u) + raw<std::uint64_t>(1))
      .expect_refused("x.gguf: rope_freqs.weight: expected [2] of floating type, got [1] of f32");
  Spoilt("gpt2").with("output_norm.bias", "output_norm.bien").expect_refused("output_norm.bias");
}

// Any file that is cut short is refused.
TEST(GgufModelFile, RefusesTruncatedFiles) {
  const std::string whole = content(gguf_path("llama"));
  for (std::size_t size = 0; size < whole.size() - 32; size += 97) {
    EXPECT_THROW(open_model(parse(whole.substr(0, size))), Error) << size;
  }
}

// The factors of Llama 3.2 (base 500000, 64 numbers a head) and of other choices.
TEST(GgufModelFile, ReadsLlamasChoicesOffTheFactors) {
  for (const auto& [dim, theta, factor, high] : {std::tuple{64, 500000.0, 32.0, 4.0},
                                                 {128, 500000.0, 8.0, 4.0},
                                                 {64, 10000.0, 3.0, 2.0},
                                                 {16, 10000.0, 8.0, 4.0},
                                                 {4, 100.0, 4.0, 4.0},
                                                 {8, 10000.0, 2.0, 1.001},
                                                 {8, 10000.0, 2.0, 1e9},
                                                 {4, 1.1, 2.0, 4.0}}) {
    SCOPED_TRACE(dim);
    const RotaryScaling scaling{.kind = RotaryScalingKind::llama3,
                                .factor = factor,
                                .original_length = 8192,
                                .high_frequency = high};
    std::vector<double> factors;
    for (const double frequency : rotary_frequencies(dim, theta)) {
      const double turns = 8192 * frequency / (2 * std::acos(-1));
      const double share = std::clamp((turns - 1) / (high - 1), 0.0, 1.0);
      factors.push_back(static_cast<float>(1 / (share + (1 - share) / factor)));
    }
    const auto found = scaling_of_factors(factors, theta);
    ASSERT_TRUE(found);
    const RotaryAngles a = scaled_angles(0, 100, dim, theta, *found, DType::f64);
    const RotaryAngles b = scaled_angles(0, 100, dim, theta, scaling, DType::f64);
    expect_near(a.cos, b.cos, 1e-4);
    expect_near(a.sin, b.sin, 1e-4);
  }
  EXPECT_FALSE(scaling_of_factors(std::vector{4.0, 1.5}, 10000));  // slow ones are kept
  EXPECT_FALSE(scaling_of_factors(std::vector{1.0, 2.0, 3.0, 3.1, 4.0}, 10000));
  EXPECT_EQ(scaling_of_factors(std::vector{1.0, 1.0}, 10000)->kind, RotaryScalingKind::none);
  EXPECT_FALSE(scaling_of_factors(std::vector{-1.0, 4.0}, 10000));
  EXPECT_FALSE(scaling_of_factors(std::vector{0.0, kNan}, 10000));
}

}  // namespace
}  // namespace clearhead
