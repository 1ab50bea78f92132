// Recipes: the committed ones can be read, and errors name the field.
#include "clearhead/train/recipe.h"

#include <gtest/gtest.h>

#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Recipe, TheCommittedOnesCanBeRead) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(CLEARHEAD_SOURCE_DIR) + "/recipes")) {
    // The library of claims has networks, and recipes, of its own.
    if (entry.path().extension() != ".json" || entry.path().stem().string().starts_with("cla")) {
      continue;
    }
    EXPECT_GT(read_recipe(entry.path()).training.steps, 0) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 4);
}

// What the error about this recipe says after the file's name.
void expect_refused(const std::string& json, const std::string& says) {
  const TemporaryFolder folder;
  set_content(folder / "recipe.json", json);
  expect_error([&] { read_recipe(folder / "recipe.json"); }, "recipe.json: " + says);
}

TEST(Recipe, ErrorsNameTheField) {
  expect_refused(R"({"data": {"train": ["x"]}, "training": {"stepz": 5}})",
                 "training.stepz: there is no such field; those most like it: steps");
  expect_refused(
      R"({"data": {"train": ["x"]}, "model": {"transformer": {"heads": "six"}}})",
      "model.transformer.heads: expected a whole number between 1 and 1000, got \"six\"");
  expect_refused(R"({"data": {"train": ["x"]}, "training": {"schedule": {"kind": "cosin"}}})",
                 "training.schedule.kind: expected \"constant\"");
  expect_refused(R"({"data": {"train": ["x"]}, "training": {"dropout": 1.5}})",
                 "training.dropout: expected a number between 0.0 and 0.99, got 1.5");
  expect_refused("{", "no JSON at line 1");
  expect_refused("{}", "data.train: expected at least one file");
  expect_refused(R"({"data": {"train": ["x"], "train_targets": ["y"]}})",
                 "data.train_targets: expected 0 files, as the model does not translate");
  expect_refused(R"({"model": {"family": "encoder_decoder"}, "data": {"train": ["x"]}})",
                 "data.train_targets: expected 1 files, as the model translates, got 0");
}

// Whatever numbers do not fit together, the message has the names that a recipe has for them.
TEST(Recipe, ErrorsOfTheModelHaveTheRecipesNames) {
  const auto model = [](const std::string& family, const std::string& fields) {
    return R"({"data": {"train": ["x"]}, "model": {"family": ")" + family + "\", " + fields + "}}";
  };
  expect_refused(model("decoder", R"("transformer": {"heads": 3, "channels": 16})"),
                 "model: channels 16 do not divide into 3 heads");
  expect_refused(model("decoder", R"("transformer": {"head_size": -1})"),
                 "model.transformer.head_size");
  expect_refused(model("decoder", R"("transformer": {"like": "llama", "head_size": 5})"),
                 "model: rotary positions turn pairs of channels, and a head has 5");
  expect_refused(model("decoder", R"("transformer": {"heads": 6, "kv_heads": 4})"),
                 "model: heads 6 are no multiple of kv_heads 4");
  expect_refused(model("decoder", R"("transformer": {"heads": 2, "kv_heads": 4})"),
                 "model: heads 2 are no multiple of kv_heads 4");
  expect_refused(model("decoder", R"("transformer": {"like": "llama", "heads": 2, "channels": 6})"),
                 "model: rotary positions turn pairs of channels, and a head has 3");
  expect_refused(model("encoder", R"("transformer": {"like": "t5", "relative_distance": 16})"),
                 "model: relative_distance 16 must be beyond half");
  expect_refused(model("recurrent", R"("recurrent": {"tied_embedding": true, "hidden": 5})"),
                 "model: with tied_embedding");
  expect_refused(model("recurrent", R"("recurrent": {"bidirectional": true})"),
                 "model: a language model sees only what came before");
}

TEST(Recipe, AModelMayBeLikeAPublishedOne) {
  const TemporaryFolder folder;
  const std::pair<const char*, TransformerConfig> all[] = {{"original", original_transformer()},
                                                           {"bert", bert()},
                                                           {"gpt2", gpt2()},
                                                           {"llama", llama()},
                                                           {"t5", t5()}};
  for (auto [name, config] : all) {
    set_content(folder / "recipe.json",
                R"({"data": {"train": ["x"]},
                    "model": {"transformer": {"layers": 2, "like": ")" +
                    std::string(name) + R"(", "norm_epsilon": 1e-3}}})");
    config.layers = 2;
    config.norm_epsilon = 1e-3;
    const Recipe recipe = read_recipe(folder / "recipe.json");
    EXPECT_TRUE(different_fields(std::get<TransformerConfig>(recipe.model.network), config).empty())
        << name;
  }
}

TEST(Recipe, SaysHowFarGradientsOfARecurrentNetworkReachBack) {
  const TemporaryFolder folder;
  set_content(folder / "recipe.json",
              R"({"data": {"train": ["x"]},
                  "model": {"family": "recurrent", "recurrent": {"context": 32}}})");
  EXPECT_EQ(read_recipe(folder / "recipe.json").model.context(), 32);
}

TEST(Recipe, WhatIsWrittenIsReadBack) {
  Recipe recipe;
  recipe.model.family = Family::encoder;
  recipe.data.train = {"a", "b"};
  recipe.training.schedule.warmup_steps = 17;
  recipe.training.precision = Precision::medium;
  const TemporaryFolder folder;
  set_content(folder / "recipe.json", write_fields(recipe));
  EXPECT_EQ(write_fields(read_recipe(folder / "recipe.json")), write_fields(recipe));
}

}  // namespace
}  // namespace clearhead
