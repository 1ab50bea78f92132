// all-MiniLM-L6-v2, a sentence encoder that others have trained: ids, vectors and attention of
// texts are those on record. Its weights are no part of the shared data: CLEARHEAD_MINILM names a
// folder that has them.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "clearhead/models/model_file.h"
#include "clearhead/models/text_encoder.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

class MiniLm : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto golden = shared_path("models/all-MiniLM-L6-v2/golden.json");
    const char* const folder = std::getenv("CLEARHEAD_MINILM");
    if (!golden || folder == nullptr) GTEST_SKIP() << "its weights, or the record, are not there";
    saved_ = open_model(folder);
    golden_ = Json::parse(content(*golden));
  }

  SavedModel saved_;
  Json golden_;
};

TEST_F(MiniLm, GivesTheVectorsOnRecord) {
  std::vector<std::vector<std::int64_t>> texts;
  for (const Json& one : golden_) {
    texts.push_back(saved_.tokenizer->encode(one["text"].get<std::string>()));
    EXPECT_EQ(Json(texts.back()), one["ids"]);
  }
  const Tensor vectors = embed_texts(as<EmbeddingModel>(saved_), texts);
  for (std::int64_t i = 0; i < vectors.size(0); ++i) {
    const Json& expected = golden_[static_cast<std::size_t>(i)]["embedding"];
    ASSERT_EQ(vectors.size(1), static_cast<std::int64_t>(expected.size()));
    for (std::int64_t c = 0; c < vectors.size(1); ++c) {
      EXPECT_NEAR(vectors.at({i, c}), expected[static_cast<std::size_t>(c)].get<double>(), 1e-5);
    }
  }
}

TEST_F(MiniLm, LooksWhereItLookedOnRecord) {
  for (const Json& one : golden_) {
    Tape tape;
    const auto tokens = saved_.tokenizer->encode(one["text"].get<std::string>());
    as<EmbeddingModel>(saved_).embed(tape.input("tokens", ids({tokens})), {}, {});
    for (const auto& [name, head] : {std::pair{"attention_l0h0", 0}, {"attention_l5h11", 11}}) {
      const std::string block = head == 0 ? "blocks.0" : "blocks.5";
      const Tensor pattern = tape[block + ".attn.hook_pattern"].value();
      for (std::size_t t = 0; t < tokens.size(); ++t) {
        for (std::size_t s = 0; s < tokens.size(); ++s) {
          const double got =
              pattern.at({0, head, static_cast<std::int64_t>(t), static_cast<std::int64_t>(s)});
          EXPECT_NEAR(got, one[name][t][s].get<double>(), 1e-5);
        }
      }
    }
  }
}

}  // namespace
}  // namespace clearhead
