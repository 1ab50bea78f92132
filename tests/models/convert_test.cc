// A model that is converted calculates the same, and is what transformers would have written.
#include "clearhead/models/convert.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/models/hugging_face.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/tensor/shards.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/tokenizer_file.h"
#include "tests/models/model_testing.h"
#include "tests/surroundings.h"
#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Of both folders with golden models.
fs::path golden(const std::string& name) {
  const fs::path tests = fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models";
  return fs::exists(tests / "data" / name) ? tests / "data" / name
                                           : tests / "translation_data" / name;
}

void write_letters(const fs::path& folder) {
  write_tokenizer(folder / "tokenizer.json", learn_characters("abcdefghijklm .\n"));
}

// `second` may have more.
void expect_same_parameters(const SavedModel& first, const SavedModel& second) {
  for (const Parameter& parameter : first.model->parameters()) {
    SCOPED_TRACE(parameter.name);
    expect_near(second.model->parameters().at(parameter.name).value(), parameter.value(), 0);
  }
}

void expect_same_weights(const fs::path& a, const fs::path& b) {
  const SavedModel first = open_model(a), second = open_model(b);
  expect_same_parameters(first, second);
  EXPECT_EQ(first.tokens.begin, second.tokens.begin);
  EXPECT_EQ(first.tokens.ends, second.tokens.ends);
  EXPECT_EQ(first.tokens.first, second.tokens.first);
  EXPECT_EQ(first.tokens.never, second.tokens.never);
  EXPECT_EQ(first.model->tokens(), second.model->tokens());
}

void expect_same_tensors(const TensorFile& a, const TensorFile& b) {
  EXPECT_EQ(a.entries.size(), b.entries.size());
  for (const TensorFile::Entry& entry : a.entries) {
    SCOPED_TRACE(entry.name);
    expect_same(b.read(entry.name), entry.read());
  }
}

// Each folder of tests/models/data and translation_data.
class Conversions : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    fs::copy(golden(GetParam()), theirs_, fs::copy_options::recursive);
    write_letters(theirs_);
  }

  const TemporaryFolder folder_;
  const fs::path theirs_ = folder_ / "theirs", ours_ = folder_ / "ours", back_ = folder_ / "back";
};

TEST_P(Conversions, ThroughOurLayoutAndBackChangeNoNumber) {
  convert_model(theirs_, ours_, {.layout = ModelLayout::ours, .dtype = DType::f32});
  EXPECT_FALSE(is_hugging_face(content(ours_ / "config.json")));
  expect_same_weights(theirs_, ours_);
  convert_model(ours_, back_);
  EXPECT_TRUE(is_hugging_face(content(back_ / "config.json")));
  expect_same_weights(theirs_, back_);
}

TEST_P(Conversions, WithinTheLayoutOfOthersKeepEveryTensorAndFile) {
  const TensorFile before = open_safetensors(theirs_ / "model.safetensors");
  convert_model(theirs_, back_, {.shard_bytes = 1000});
  expect_same_tensors(before, open_shards(back_ / "model.safetensors.index.json"));
  expect_same_weights(theirs_, back_);
  for (const char* name :
       {"tokenizer.json", "generation_config.json", "modules.json", "1_Pooling/config.json"}) {
    if (!fs::exists(theirs_ / name)) continue;
    EXPECT_EQ(content(back_ / name), content(theirs_ / name)) << name;
  }
}

std::vector<std::string> names_to_convert() {
  std::vector<std::string> names;
  for (const char* folder : {"data", "translation_data"}) {
    const fs::path path = fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models" / folder;
    for (const auto& entry : fs::directory_iterator(path)) {
      names.push_back(entry.path().filename());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Each, Conversions, ::testing::ValuesIn(names_to_convert()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Model types that no other calculates like: what is written has the names and the bits of the
// file that transformers wrote.
TEST(Conversion, WritesTheTensorsThatTransformersWrite) {
  for (const char* name :
       {"gpt2", "llama", "llama-yarn", "qwen2", "qwen3", "phi3", "gemma", "gemma2", "bert",
        "bert-classifier", "roberta", "roberta-classifier", "distilbert", "distilbert-classifier",
        "t5", "t5-gated", "bart", "bart-scaled", "marian"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const fs::path theirs = folder / "theirs";
    fs::copy(golden(name), theirs, fs::copy_options::recursive);
    write_letters(theirs);
    convert_model(theirs, folder / "ours", {.layout = ModelLayout::ours});
    convert_model(folder / "ours", folder / "back", {.dtype = DType::f16});
    const TensorFile written = open_safetensors(folder / "back" / "model.safetensors");
    EXPECT_EQ(written.metadata.at("format"), "pt");
    expect_same_tensors(open_safetensors(theirs / "model.safetensors"), written);
  }
}

fs::path write_own(const fs::path& folder, TransformerConfig network,
                   Family family = Family::decoder) {
  network.vocabulary = 16;
  network.context = 8;
  network.layers = 2;
  network.heads = 2;
  network.channels = 8;
  const ModelConfig config{family, network};
  const std::vector<std::string> specials = {"<pad>", "<s>", "</s>"};
  save_model(folder, config, learn_characters("abcdefghijkl\n", specials),
             make_model(config, 3)->parameters(), DType::f32);
  return folder;
}

// A decoder like nanoGPT's: no biases.
TEST(Conversion, GivesABiaslessModelBiasesOfZero) {
  const TemporaryFolder folder;
  TransformerConfig network = gpt2();
  network.bias = false;
  const fs::path own = write_own(folder / "own", network);
  EXPECT_EQ(convert_model(own, folder / "theirs").what, "gpt2");
  expect_same_weights(own, folder / "theirs");
  const SavedModel saved = open_model(folder / "theirs");
  for (const Parameter& parameter : saved.model->parameters()) {
    if (parameter.name != "ln_final.b" && parameter.name != "blocks.1.attn.b_Q") continue;
    expect_near(parameter.value(), Tensor(parameter.shape()), 0);
  }
}

// Which leaves the tokens that begin and end a translation to their names.
TEST(Conversion, MakesTranslatorsOfOursOnesOfOthers) {
  const TemporaryFolder folder;
  TransformerConfig like_bart = original_transformer(), like_t5 = t5();
  like_bart.positions = TransformerPositions::learned;
  like_bart.position_offset = 2;
  like_bart.embedding_norm = true;
  for (const auto& [name, network] : {std::pair{"bart", like_bart}, std::pair{"t5", like_t5}}) {
    SCOPED_TRACE(name);
    const fs::path own = write_own(folder / "own" / name, network, Family::encoder_decoder);
    const fs::path theirs = folder / name;
    EXPECT_EQ(convert_model(own, theirs).what, name);
    const SavedModel saved = open_model(theirs);
    expect_same_parameters(open_model(own), saved);
    EXPECT_EQ(saved.tokens.begin, saved.tokenizer->special("<s>"));
    EXPECT_THAT(saved.tokens.ends, ::testing::ElementsAre(saved.tokenizer->special("</s>")));
    EXPECT_THAT(content(theirs / "config.json"), HasSubstr("\"pad_token_id\": 0"));
  }
}

// Whatever kind of tokenizer they are.
TEST(Conversion, KeepsFilesFromBeforeTokenizerJson) {
  const TemporaryFolder folder;
  const fs::path theirs = folder / "theirs";
  fs::copy(golden("llama"), theirs, fs::copy_options::recursive);
  write_letters(theirs);
  const std::vector<std::string> names = {
      "vocab.txt",    "vocab.json", "merges.txt", "tokenizer.model",
      "spiece.model", "source.spm", "target.spm", "sentencepiece.bpe.model"};
  for (const std::string& name : names) set_content(theirs / name, name);
  convert_model(theirs, folder / "same");
  for (const std::string& name : names) EXPECT_EQ(content(folder / "same" / name), name);
}

TEST(Conversion, SaysWhyNoModelTypeFits) {
  const TemporaryFolder folder;
  TransformerConfig network = gpt2();
  network.embedding_norm = true;
  const fs::path own = write_own(folder / "own", network);
  const std::string fault = error_of([&] { convert_model(own, folder / "theirs"); });
  EXPECT_THAT(fault, HasSubstr("the nearest, gpt2, differs in"));
  EXPECT_THAT(fault, HasSubstr("embedding_norm (true, there false)"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"own"});
}

TEST(Conversion, RefusesAFolderThatHasSomethingInIt) {
  const TemporaryFolder folder;
  const fs::path own = write_own(folder / "own", gpt2());
  fs::create_directory(folder / "empty");
  EXPECT_NO_THROW(convert_model(own, folder / "empty"));
  expect_error([&] { convert_model(own, folder / "empty"); }, "there is something already");
  expect_error([&] { convert_model(own, own / "config.json"); }, "there is something already");
}

// The last tensor fails; what was written before it goes.
TEST(Conversion, LeavesNothingHalfWritten) {
  const TemporaryFolder folder;
  const fs::path own = write_own(folder / "own", llama());
  NamedTensors weights = read_safetensors(own / "model.safetensors");
  for (auto& [name, value] : weights.tensors) {
    if (name != "unembed.W_U") continue;
    value = value.clone();
    value.mutable_data<float>()[5] = 1e6f;
  }
  write_safetensors(own / "model.safetensors", weights);
  expect_error([&] { convert_model(own, folder / "small", {.dtype = DType::f16}); },
               "lm_head.weight: 1000000 is beyond the range of f16; choose bf16 or f32");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"own"});
}

TEST(Conversion, SaysHowFarItIs) {
  const TemporaryFolder folder;
  std::vector<std::size_t> steps;
  std::size_t total = 0;
  const Converted converted = convert_model(write_own(folder / "own", gpt2()), folder / "theirs",
                                            {.progress = [&](std::size_t done, std::size_t all) {
                                              steps.push_back(done);
                                              total = all;
                                            }});
  EXPECT_EQ(steps.size(), converted.tensors);
  EXPECT_EQ(steps.back(), converted.bytes);
  EXPECT_EQ(total, converted.bytes);
}

TEST(Conversion, SaysTheTypeOfTheWeights) {
  const TemporaryFolder folder;
  const fs::path own = write_own(folder / "own", llama());
  convert_model(own, folder / "small", {.dtype = DType::bf16});
  EXPECT_THAT(content(folder / "small" / "config.json"),
              HasSubstr("\"torch_dtype\": \"bfloat16\""));
  fs::copy(golden("llama"), folder / "llama");
  write_letters(folder / "llama");
  convert_model(folder / "llama", folder / "wide", {.dtype = DType::f32});
  EXPECT_THAT(content(folder / "wide" / "config.json"), HasSubstr("\"dtype\": \"float32\""));
}

}  // namespace
}  // namespace clearhead
