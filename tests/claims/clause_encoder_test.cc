// Late interaction: its formula, its gradients, its files, and a run that learns.
#include "clearhead/claims/clause_encoder.h"

#include "clearhead/claims/clause_training.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/text/byte_pairs.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

TransformerConfig small_config() {
  TransformerConfig config;
  config.vocabulary = 256;
  config.layers = 1;
  config.heads = 2;
  config.channels = 8;
  config.context = 16;
  config.positions = TransformerPositions::rotary;
  return config;
}

TEST(LateInteraction, IsTheWeightedSumOfTheLargestProducts) {
  Tape tape;
  const Var q = tape.input("q", tensor_of({1, 2, 2}, {1, 0, 0, 1}));
  // The last token of the first passage is padding.
  const Var p = tape.input("p", tensor_of({2, 2, 2}, {0.6, 0.8, 1, 1, 0, -1, 0.5, 0.5}));
  const Var scores = late_interaction(q, tensor_of({1, 2}, {0.25, 0.75}), p,
                                      Tensor::of<std::int64_t>({2}, {1, 2}));
  expect_near(scores.value(), tensor_of({1, 2}, {0.25 * 0.6 + 0.75 * 0.8, 0.5}), 1e-12);
}

TEST(LateInteraction, HasGradientsThroughTheNearestTokens) {
  const Tensor weights = tensor_of({2, 2}, {0.25, 0.75, 1, 0});
  const Tensor lengths = Tensor::of<std::int64_t>({3}, {1, 4, 3});
  check_gradients(
      [&](Tape&, const std::vector<Var>& x) {
        return late_interaction(x[0], weights, x[1], lengths);
      },
      {random_tensor({2, 2, 3}, 1), random_tensor({3, 4, 3}, 2)});
}

TEST(ClauseEncoder, VectorsHaveLengthOneAndPaddingChangesNothing) {
  const ClauseEncoder encoder(small_config(), 3);
  Tape tape(Keep::nothing);
  const Tensor two = encoder.forward(tape, batch_of({{5, 6, 7}, {8}}, 16), {}).value();
  const Tensor one = encoder.forward(tape, batch_of({{8}}, 16), {}).value();
  expect_near(two.slice(0, 1, 2).slice(1, 0, 1), one, 1e-6);
  const Var row = tape.input("row", one);
  EXPECT_NEAR(sum(multiply(row, row)).value().item(), 1, 1e-5);
  expect_error([] { batch_of({{}}, 4); }, "at least one token");
}

TEST(ClauseModel, SurvivesItsFolder) {
  const TemporaryFolder folder;
  const std::vector<std::string_view> texts = {"iron lungs"};
  const Tokenizer tokenizer =
      learn_byte_pairs(texts, {.size = 256, .specials = {}, .lowercase = true});
  const ClauseEncoder encoder(small_config(), 3);
  save_clause_model(folder.path(), tokenizer, encoder);
  const ClauseModel model = open_clause_model(folder.path());
  Tape tape(Keep::nothing);
  const TokenBatch batch = batch_of({{5, 6, 7}}, 16);
  // Weights are kept as bf16, which has 8 bits.
  EXPECT_LT(relative_error(model.encoder->forward(tape, batch, {}).value(),
                           encoder.forward(tape, batch, {}).value()),
            0.02);
  expect_error([] { open_clause_model("nowhere"); }, "nowhere");
}

std::vector<Clause> toy_policy() {
  const char* const things[] = {"beds", "chairs", "lungs",     "shoes", "lenses", "pumps",
                                "aids", "strips", "batteries", "tubes", "braces", "tents"};
  std::vector<Clause> clauses;
  for (const char* const thing : things) {
    for (int i = 0; i < 3; ++i) {
      const std::string number = std::to_string(i);
      clauses.push_back({.id = thing + number,
                         .path = {std::string("Payment for ") + thing + " " + number},
                         .text = std::string("The amount paid for ") + thing + " in year " +
                                 number + " is that of the schedule of " + thing,
                         .place = {}});
    }
  }
  return clauses;
}

ClauseRecipe toy_recipe() {
  ClauseRecipe recipe;
  recipe.network = small_config();
  recipe.tokens = 300;
  recipe.training.steps = 12;
  recipe.training.batch = 8;
  recipe.training.evaluate_every = 6;
  recipe.training.schedule.learning_rate = 1e-2;
  return recipe;
}

TEST(ClauseTrainer, LearnsAndResumes) {
  const TemporaryFolder folder;
  std::vector<double> losses;
  ClauseTrainer trainer(toy_recipe(), toy_policy(), folder / "run");
  trainer.training().run([&](const StepReport& step) { losses.push_back(step.loss); },
                         [](const Evaluation&) {});
  ASSERT_EQ(losses.size(), 12u);
  EXPECT_LT(losses.back(), losses.front());
  EXPECT_EQ(open_clause_model(folder / "run/model").tokenizer->size(), 300);
  EXPECT_EQ(ClauseTrainer(toy_recipe(), toy_policy(), folder / "run").training().step(), 12);
  ClauseRecipe other = toy_recipe();
  other.temperature = 1;
  expect_error([&] { ClauseTrainer(other, toy_policy(), folder / "run"); }, "temperature");
}

TEST(ClauseRecipe, TheCommittedOneCanBeRead) {
  const ClauseRecipe recipe =
      read_clause_recipe(std::string(CLEARHEAD_SOURCE_DIR) + "/recipes/clauses.json");
  EXPECT_GT(recipe.training.steps, 0);
}

TEST(ClauseTrainer, WhatIsHeldOutIsNotRead) {
  const TemporaryFolder folder;
  ClauseRecipe recipe = toy_recipe();
  for (const char* const thing : {"beds", "chairs", "lungs", "shoes", "lenses", "pumps"}) {
    recipe.held_out.push_back(thing);
  }
  expect_error([&] { ClauseTrainer(recipe, {}, folder / "run"); }, "expected at least 16");
  recipe.held_out.push_back("aids");
  expect_error([&] { ClauseTrainer(recipe, toy_policy(), folder / "run2"); }, "expected at least");
}

}  // namespace
}  // namespace clearhead::claims
