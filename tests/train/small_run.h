// For tests of training: a small run.
#ifndef CLEARHEAD_TESTS_TRAIN_SMALL_RUN_H_
#define CLEARHEAD_TESTS_TRAIN_SMALL_RUN_H_

#include <exception>
#include <filesystem>
#include <map>
#include <string>

#include "clearhead/train/trainer.h"
#include "tests/testing.h"

namespace clearhead {

/// Steps and evaluations of which nothing is said.
inline constexpr auto kSilentStep = [](const StepReport&) {};
inline constexpr auto kSilentEvaluation = [](const Evaluation&) {};

/// What a test throws where a run is to be killed.
struct Stop : std::exception {};

/// The files of a run, by name.
inline std::map<std::string, std::string> files_of(const std::filesystem::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
    if (entry.is_regular_file()) {
      files[std::filesystem::relative(entry.path(), run).string()] = content(entry.path());
    }
  }
  return files;
}

/// A few lines written for this, and what they say backwards.
inline void write_data(const TemporaryFolder& folder) {
  std::string words, backwards;
  for (int i = 0; i < 60; ++i) {
    const char a = static_cast<char>('a' + i % 5), b = static_cast<char>('a' + i * 7 % 5);
    words += std::string{a, ' ', b, ' ', a, '\n'};
    backwards += std::string{a, ' ', b, ' ', a, '\n'};
  }
  set_content(folder / "words.txt", words);
  set_content(folder / "backwards.txt", backwards);
}

/// That learns them in no time.
inline Recipe small_recipe(Family family) {
  Recipe recipe;
  recipe.model.family = family;
  if (family == Family::recurrent || family == Family::recurrent_encoder_decoder) {
    recipe.model.network = RecurrentModelConfig{.context = 16, .channels = 16, .hidden = 16};
  } else {
    recipe.model.network =
        TransformerConfig{.context = 16, .layers = 1, .heads = 2, .channels = 16, .init_std = 0};
  }
  recipe.data.train = {"words.txt"};
  if (family == Family::encoder_decoder || family == Family::recurrent_encoder_decoder) {
    recipe.data.train_targets = {"backwards.txt"};
  }
  recipe.tokenizer.kind = TokenizerKind::characters;
  recipe.training.steps = 60;
  recipe.training.batch = 4;
  recipe.training.batch_tokens = 64;
  recipe.training.schedule = {.learning_rate = 1e-2, .warmup_steps = 5};
  recipe.training.evaluate_every = 20;
  return recipe;
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_TRAIN_SMALL_RUN_H_
