// Training: networks of each family learn what can be learnt, and what cannot work is said before a
// run begins.
#include "clearhead/train/trainer.h"

#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/models/model_file.h"
#include "tests/testing.h"
#include "tests/train/small_run.h"

namespace clearhead {
namespace {

TEST(Trainer, EveryFamilyLearns) {
  for (const FamilyRow& row : families()) {
    const Family family = row.family;
    if (row.ability == EmbeddingModel::kAbility || row.ability == ClassificationModel::kAbility) {
      continue;  // others have trained those
    }
    const TemporaryFolder folder;
    write_data(folder);
    Trainer trainer(small_recipe(family), folder.path(), folder / "run");
    double first = 0;
    const auto on_step = [&](const StepReport& report) {
      if (report.step == 1) first = report.loss;
    };
    EXPECT_EQ(trainer.training().run(on_step, kSilentEvaluation), Ending::finished);
    ASSERT_EQ(trainer.training().evaluations().size(), 3u);
    // It begins with about the logarithm of the number of characters; counting them gives 0.85 of
    // it.
    EXPECT_LT(trainer.training().evaluations().back().validation, 0.65 * first)
        << static_cast<int>(family);
    EXPECT_EQ(open_model(folder / "run" / "model").model->parameters().count(),
              trainer.model().parameters().count());
  }
}

TEST(Trainer, StopsWhenNothingGetsBetter) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  recipe.training.schedule = {.kind = ScheduleKind::constant, .learning_rate = 0};
  recipe.training.evaluate_every = 2;
  recipe.training.patience = 3;
  Trainer trainer(recipe, folder.path(), folder / "run");
  EXPECT_EQ(trainer.training().run(kSilentStep, kSilentEvaluation), Ending::out_of_patience);
  EXPECT_EQ(trainer.training().step(),
            8);  // the first evaluation is the best; three more are not better
}

// Two batches of different numbers of targets make the step that one batch of both would make.
TEST(Trainer, AccumulationIsTheMeanOverAllTargets) {
  const TemporaryFolder folder;
  write_data(folder);
  set_content(folder / "words.txt", "a b a b a b a\nb\na\n");
  set_content(folder / "backwards.txt", "a b a b a b a\nb\na\n");
  Recipe recipe = small_recipe(Family::encoder_decoder);
  recipe.data.validation = {"words.txt"};
  recipe.data.validation_targets = {"backwards.txt"};
  recipe.training.steps = recipe.training.evaluate_every = 1;
  recipe.training.optimizer = {.kind = OptimizerKind::sgd, .momentum = 0, .clip = 0};
  recipe.training.schedule = {.kind = ScheduleKind::constant, .learning_rate = 1};
  const auto after_one_step = [&](const char* run, std::int64_t batch, std::int64_t accumulation) {
    recipe.training.batch_tokens = batch;
    recipe.training.accumulation = accumulation;
    Trainer trainer(recipe, folder.path(), folder / run);
    StepReport step;
    trainer.training().run([&](const StepReport& report) { step = report; }, kSilentEvaluation);
    EXPECT_EQ(step.tokens, 14 + 2 + 2);  // with their ends
    EXPECT_EQ(step.loss, trainer.training().evaluations().back().loss);
    return std::pair(step.loss,
                     read_checkpoint(folder / run / "checkpoint.safetensors").parameters);
  };
  const auto [loss, one] = after_one_step("one", 64, 1);
  const auto [loss_of_two, two] = after_one_step("two", 20, 2);
  EXPECT_NEAR(loss_of_two, loss, 1e-6);
  for (const auto& [name, value] : one.tensors) {
    const Tensor& other = two.at(name);
    for (std::int64_t i = 0; i < value.count(); ++i) {
      EXPECT_NEAR(other.data<float>()[i], value.data<float>()[i], 1e-5)
          << name;  // roundings of f32
    }
  }
}

TEST(LearnTokenizer, ReadsNothingThatServesToValidate) {
  for (const Family family : {Family::decoder, Family::encoder}) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 40; ++i) text += i < 20 ? "abab\n" : "xyxy\n";
    set_content(folder / "words.txt", text);
    Recipe recipe = small_recipe(family);
    recipe.data.train_share = 0.5;
    recipe.tokenizer = {.kind = TokenizerKind::byte_pairs, .size = 300};
    const auto tokenizer = learn_tokenizer(recipe, folder.path());
    EXPECT_EQ(tokenizer->encode("abab").size(), 1u);
    EXPECT_EQ(tokenizer->encode("xyxy").size(), 4u);
  }
}

// Lines and both sides of pairs have <unk> for what was not in the training text.
TEST(LearnTokenizer, OfCharactersReadsWhatValidatesOnlyWhereThereIsNoUnknownToken) {
  const TemporaryFolder folder;
  set_content(folder / "words.txt", "ab\nab\n");
  set_content(folder / "backwards.txt", "cd\ncd\n");
  set_content(folder / "held_out.txt", "x\n");
  set_content(folder / "held_out_backwards.txt", "y\n");
  const auto learnt = [&](Family family, const std::vector<std::string>& validation) {
    Recipe recipe = small_recipe(family);
    recipe.data.validation = validation;
    if (!validation.empty() && !recipe.data.train_targets.empty()) {
      recipe.data.validation_targets = {"held_out_backwards.txt"};
    }
    recipe.data.train_share = 0.5;
    return learn_tokenizer(recipe, folder.path());
  };
  for (const Family family : {Family::encoder, Family::encoder_decoder}) {
    const auto tokenizer = learnt(family, {"held_out.txt"});
    const std::vector<std::int64_t> unknown = {tokenizer->special(kUnknownToken)};
    EXPECT_EQ(tokenizer->encode("x"), unknown);
    EXPECT_EQ(tokenizer->encode("y"), unknown);
    EXPECT_NE(tokenizer->encode("a"), unknown);
  }
  EXPECT_EQ(learnt(Family::decoder, {"held_out.txt"})->encode("x").size(), 1u);
  set_content(folder / "words.txt", "ab\nxb\n");  // the second line validates
  const auto tokenizer = learnt(Family::encoder, {});
  EXPECT_EQ(tokenizer->encode("x")[0], tokenizer->special(kUnknownToken));
}

// Lines that the model does not read are not counted out of the numbers of others.
TEST(Trainer, NamesALineThatNoBatchHolds) {
  for (const Family family : {Family::encoder, Family::encoder_decoder}) {
    const TemporaryFolder folder;
    const std::string text = std::string(40, 'a') + "\n\nab\nabababab\n";
    for (const char* name : {"words.txt", "backwards.txt"}) set_content(folder / name, text);
    Recipe recipe = small_recipe(family);
    recipe.training.batch_tokens = 6;
    recipe.data.validation = {"words.txt"};
    if (family == Family::encoder_decoder) recipe.data.validation_targets = {"words.txt"};
    expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
                 "data.train: line 4 (counted through all its files) has ");
  }
}

TEST(Trainer, NamesWhatIsMissing) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  recipe.data.train = {"none.txt"};
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); }, "none.txt");
  recipe = small_recipe(Family::decoder);
  std::get<TransformerConfig>(recipe.model.network).context = 400;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); }, "shorter context");
  recipe = small_recipe(Family::decoder);
  std::get<TransformerConfig>(recipe.model.network).heads = 3;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); }, "3 heads");
  set_content(folder / "file", "");
  expect_error(
      [&] { Trainer(small_recipe(Family::decoder), folder.path(), folder / "file" / "run"); },
      "cannot make this folder");
}

TEST(Trainer, FindsBeforehandThatTheRunCannotBeWritten) {
  for (const char* name :
       {"recipe.json", "tokenizer.json", "checkpoint.safetensors", "curves.csv"}) {
    const TemporaryFolder folder;
    write_data(folder);
    std::filesystem::create_directories(folder / "run" / name / "in the way");
    expect_error([&] { Trainer(small_recipe(Family::decoder), folder.path(), folder / "run"); },
                 std::string(name) + ": cannot write: it is a folder");
  }
  const TemporaryFolder folder;
  write_data(folder);
  std::filesystem::create_directories(folder / "run");
  set_content(folder / "run" / "model", "");
  expect_error([&] { Trainer(small_recipe(Family::decoder), folder.path(), folder / "run"); },
               "config.json: cannot write: Not a directory");
}

// Before anything is allocated, whatever the machine.
TEST(Trainer, RefusesWhatFitsNoMemory) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  recipe.training.batch = std::int64_t{1} << 40;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
               "training.batch: the scores");
  recipe = small_recipe(Family::decoder);
  std::get<TransformerConfig>(recipe.model.network).channels = 1 << 20;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); }, "to train it takes");
}

TEST(Trainer, RefusesDataThatLeaveNothingToValidateWith) {
  const TemporaryFolder folder;
  write_data(folder);
  set_content(folder / "long.txt", "a b a b a b a b a b a b a\n");
  for (const Family family : {Family::encoder, Family::encoder_decoder}) {
    Recipe recipe = small_recipe(family);
    recipe.data.validation = {"long.txt"};
    if (family == Family::encoder_decoder) recipe.data.validation_targets = {"long.txt"};
    expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
                 "no line to validate with");
  }
}

// A batch of blank lines only would have a mean loss of nothing.
TEST(Trainer, BlankLinesAreLeftOut) {
  const TemporaryFolder folder;
  write_data(folder);
  set_content(folder / "words.txt", std::string(100, '\n') + content(folder / "words.txt"));
  Recipe recipe = small_recipe(Family::encoder);
  recipe.data.validation = {"words.txt"};
  Trainer trainer(recipe, folder.path(), folder / "run");
  const auto on_step = [](const StepReport& report) { EXPECT_TRUE(std::isfinite(report.loss)); };
  EXPECT_EQ(trainer.training().run(on_step, kSilentEvaluation), Ending::finished);
}

// One step of such a length that the next loss is infinite.
TEST(Trainer, AModelThatDivergedIsNotSaved) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  std::get<TransformerConfig>(recipe.model.network).norm = NormKind::rms;
  recipe.training.schedule = {.kind = ScheduleKind::constant, .learning_rate = 1e38};
  recipe.training.evaluate_every = 1;
  Trainer trainer(recipe, folder.path(), folder / "run");
  expect_error([&] { trainer.training().run(kSilentStep, kSilentEvaluation); },
               "validation loss is not finite");
  EXPECT_FALSE(std::filesystem::exists(folder / "run" / "model"));
  EXPECT_FALSE(std::filesystem::exists(folder / "run" / "checkpoint.safetensors"));
}

}  // namespace
}  // namespace clearhead
