// A model that others have trained, stories260K, a Llama of 260 thousand parameters: with its
// weights our decoder calculates every activation that is on record for it, and continues a text as
// it does.
#include <cmath>

#include "clearhead/models/decoder.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/tokenizer_file.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

constexpr std::int64_t kStart = 1;  // <s>

// As config.json of the model has it.
TransformerConfig stories_config() {
  TransformerConfig config = llama();
  config.vocabulary = 512;
  config.context = 512;
  config.layers = 5;
  config.heads = 8;
  config.kv_heads = 4;
  config.channels = 64;
  config.hidden = 172;
  config.tied_embedding = true;
  return config;
}

// Hugging Face's names as ours; both lay matrices out as [out, in], heads side by side.
std::string our_name(std::string name) {
  const std::pair<const char*, const char*> kParts[] = {
      {"model.embed_tokens.weight", "embed.W_E"},
      {"model.norm.weight", "ln_final.w"},
      {"model.layers.", "blocks."},
      {"input_layernorm.weight", "ln1.w"},
      {"post_attention_layernorm.weight", "ln2.w"},
      {"self_attn.q_proj.weight", "attn.W_Q"},
      {"self_attn.k_proj.weight", "attn.W_K"},
      {"self_attn.v_proj.weight", "attn.W_V"},
      {"self_attn.o_proj.weight", "attn.W_O"},
      {"gate_proj.weight", "W_gate"},
      {"up_proj.weight", "W_in"},
      {"down_proj.weight", "W_out"},
  };
  for (const auto& [theirs, ours] : kParts) {
    const std::size_t at = name.find(theirs);
    if (at != std::string::npos) name.replace(at, std::string(theirs).size(), ours);
  }
  return name;
}

class Stories : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folder = shared_path("models/stories260K");
    if (!folder) GTEST_SKIP() << "the shared data are not there";
    NamedTensors weights = read_safetensors(*folder / "model.safetensors");
    for (auto& [name, value] : weights.tensors) name = our_name(name);
    model_.parameters().load(weights);
  }

  Decoder model_{stories_config(), std::nullopt};
};

TEST_F(Stories, CalculatesWhatIsOnRecord) {
  const auto path = shared_path("conformance/stories260K/hooks.safetensors");
  if (!path) GTEST_SKIP() << "the shared data are not there";
  const NamedTensors hooks = read_safetensors(*path);
  const Tensor& tokens = hooks.at("tokens");
  Tape tape;
  model_.forward(tape.input("tokens", tokens.reshape({1, tokens.count()})), {});
  for (const auto& [name, expected] : hooks.tensors) {
    ASSERT_TRUE(tape.contains(name)) << name;
    Tensor got = tape[name].value();
    got = got.reshape(Shape(got.shape().begin() + 1, got.shape().end()));  // no batch there
    if (got.shape() != expected.shape()) got = got.transpose(0, 1);  // heads before tokens here
    ASSERT_EQ(got.shape(), expected.shape()) << name;
    for (std::int64_t i = 0; i < got.count(); ++i) {
      const Index index = unflatten(i, got.shape());
      const double x = got.at(index), y = expected.at(index);
      if (std::isinf(y) && x == y) continue;  // a masked score
      // f32 in another order than theirs, over 5 layers; the record is exact to 6e-8.
      ASSERT_NEAR(x, y, 1e-5 + 1e-4 * std::abs(y)) << name << " " << to_string(index);
    }
  }
}

TEST_F(Stories, ContinuesATextWithTheLikeliestTokens) {
  const auto folder = *shared_path("models/stories260K");
  std::vector<std::int64_t> tokens;
  std::int64_t next = kStart;
  Tape tape(Keep::nothing);
  DecodingState state;
  while (tokens.size() < 199) {
    const Var logits = model_.forward(tape.input("tokens", ids({{next}})), {}, &state);
    const Tensor scores = logits.value().contiguous();
    const float* s = scores.data<float>();
    next = std::max_element(s, s + scores.count()) - s;
    tokens.push_back(next);
  }
  std::string expected = content(folder / "greedy_200.txt");
  EXPECT_EQ(read_tokenizer(folder / "tokenizer.json")->decode(tokens), expected);
}

}  // namespace
}  // namespace clearhead
