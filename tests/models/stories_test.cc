// A model that others have trained, stories260K, a Llama of 260 thousand parameters: read from its
// folder, it calculates every activation that is on record for it, and continues a text as it does.
#include <cmath>

#include "clearhead/models/generate.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

class Stories : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = shared_path("models/stories260K");
    if (!folder_) GTEST_SKIP() << "the shared data are not there";
    saved_ = open_model(*folder_);
  }

  std::optional<std::filesystem::path> folder_;
  SavedModel saved_;
};

TEST_F(Stories, CalculatesWhatIsOnRecord) {
  const auto path = shared_path("conformance/stories260K/hooks.safetensors");
  if (!path) GTEST_SKIP() << "the shared data are not there";
  const NamedTensors hooks = read_safetensors(*path);
  const Tensor& tokens = hooks.at("tokens");
  Tape tape;
  as<LanguageModel>(saved_).forward(tape.input("tokens", tokens.reshape({1, tokens.count()})), {});
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
  const std::vector<std::int64_t> nothing = saved_.tokenizer->encode("");  // <s>
  const std::vector<std::int64_t> tokens =
      generate(as<LanguageModel>(saved_), nothing, {.tokens = 199, .sampling = {.temperature = 0}});
  EXPECT_EQ(saved_.tokenizer->decode(tokens), content(*folder_ / "greedy_200.txt"));
}

}  // namespace
}  // namespace clearhead
