// SmolLM2-135M-Instruct, a Llama that others have trained, from a GGUF file of 4 bits a number: ids
// and continuation of a text are those on record, which were calculated on the widened weights. The
// file is no part of the shared data: CLEARHEAD_SMOLLM2 names it.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "clearhead/models/generate.h"
#include "clearhead/models/model_file.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

class SmolLm2 : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto golden = shared_path("models/SmolLM2-135M-Instruct/golden.json");
    const char* const file = std::getenv("CLEARHEAD_SMOLLM2");
    if (!golden || file == nullptr) GTEST_SKIP() << "its file, or the record, is not there";
    saved_ = open_model(file);
    golden_ = Json::parse(content(*golden));
    ids_ = golden_["ids"].get<std::vector<std::int64_t>>();
  }

  SavedModel saved_;
  Json golden_;
  std::vector<std::int64_t> ids_;
};

TEST_F(SmolLm2, ContinuesATextAsOnRecord) {
  const auto expected = golden_["greedy_ids"].get<std::vector<std::int64_t>>();
  EXPECT_EQ(saved_.tokenizer->encode(golden_["prompt"].get<std::string>()), ids_);
  const std::vector<std::int64_t> tokens =
      generate(as<LanguageModel>(saved_), ids_,
               {.tokens = std::ssize(expected), .sampling = {.temperature = 0}});
  EXPECT_EQ(tokens, expected);
  EXPECT_EQ(saved_.tokenizer->decode(tokens), golden_["greedy_text"].get<std::string>());
}

// The record has four digits.
TEST_F(SmolLm2, GivesTheLogitsOnRecord) {
  Tape tape(Keep::nothing);
  const Tensor logits =
      as<LanguageModel>(saved_).forward(tape.input("tokens", ids({ids_})), {}).value();
  for (const Json& token : golden_["top5_first"]) {
    EXPECT_NEAR(logits.at({0, std::ssize(ids_) - 1, token[0].get<std::int64_t>()}),
                token[1].get<double>(), 2e-4);
  }
}

}  // namespace
}  // namespace clearhead
