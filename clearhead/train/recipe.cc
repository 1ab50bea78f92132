// What each field of a recipe means and may be, and how a file of them is read.
#include "clearhead/train/recipe.h"

#include <limits>
#include <optional>

#include "clearhead/base/error.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/task.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 40;

// By its outline, which takes no memory; the vocabulary may only be known once it is learnt.
void require_possible_model(ModelConfig config) {
  if (config.vocabulary() == 0) config.vocabulary() = 1;
  make_model(config, /*seed=*/std::nullopt);
}

}  // namespace

void describe(Fields& fields, DataConfig& config) {
  fields.texts("train", config.train, "files of text or of lines, relative to the data's folder");
  fields.texts("train_targets", config.train_targets,
               "of a translation model: line i here translates line i there");
  fields.texts("validation", config.validation, "none: the end of the training text");
  fields.texts("validation_targets", config.validation_targets, "likewise");
  fields.number("train_share", config.train_share, {0.01, 0.99},
                "of the text, if there are no files to validate with");
}

void describe(Fields& fields, TokenizerConfig& config) {
  fields.choice(
      "kind", config.kind,
      {{"characters", TokenizerKind::characters}, {"byte_pairs", TokenizerKind::byte_pairs}},
      "what a token is");
  fields.integer("size", config.size, {261, std::int64_t{1} << 20},
                 "byte pairs: tokens of the vocabulary");
  fields.flag("lowercase", config.lowercase, "text is put in lower case");
}

void describe(Fields& fields, TrainingConfig& config) {
  fields.integer("steps", config.steps, {1, kMost}, "how often parameters change");
  fields.integer("batch", config.batch, {1, kMost}, "language models: sequences of a batch");
  fields.integer("batch_tokens", config.batch_tokens, {1, kMost},
                 "other models: the most places of a batch");
  fields.integer("accumulation", config.accumulation, {1, kMost}, "batches of one step");
  fields.group("schedule", config.schedule, "the learning rate");
  fields.group("optimizer", config.optimizer, "how parameters follow their gradients");
  fields.number("dropout", config.dropout, {0, 0.99}, "share of activations set to 0");
  fields.number("label_smoothing", config.label_smoothing, {0, 0.99},
                "share of the target that all tokens have alike");
  fields.number(
      "average", config.average, {0, 0.999999},
      "validate and save a running mean of the weights with this memory; 0: the last ones");
  fields.choice("precision", config.precision, {std::begin(kPrecisions), std::end(kPrecisions)},
                "of matrix products, docs/numerics.md");
  fields.integer("evaluate_every", config.evaluate_every, {1, kMost},
                 "steps, after which the model is validated and a checkpoint written");
  fields.integer("patience", config.patience, {0, kMost},
                 "stop after so many evaluations without a new best; 0: never");
  fields.integer("seed", config.seed, {0, std::numeric_limits<std::int64_t>::max()},
                 "of all random numbers");
}

void describe(Fields& fields, Recipe& recipe) {
  fields.group("model", recipe.model, "the network");
  fields.group("data", recipe.data, "what it learns from");
  fields.group("tokenizer", recipe.tokenizer, "how text becomes tokens");
  fields.group("training", recipe.training, "how it learns");
}

Recipe read_recipe(const std::filesystem::path& path) {
  return parse_recipe(read_text(path), path.string());
}

Recipe parse_recipe(const std::string& json, const std::string& name) {
  Recipe recipe;
  read_fields(json, name, recipe);
  const std::string where = name + ": ";
  try {
    require_possible_model(recipe.model);
  } catch (const Error& error) {
    throw Error(where + error.what());
  }
  if (recipe.data.train.empty()) {
    throw Error(where + "data.train: expected at least one file, got none");
  }
  const bool translates = data_kind(recipe.model.family) == DataKind::pairs;
  const auto require_as_many = [&](const char* name, std::size_t targets, std::size_t sources) {
    const std::size_t expected = translates ? sources : 0;
    if (targets == expected) return;
    throw Error(where + "data." + name + ": expected " + std::to_string(expected) +
                " files, as the model " + (translates ? "translates" : "does not translate") +
                ", got " + std::to_string(targets));
  };
  require_as_many("train_targets", recipe.data.train_targets.size(), recipe.data.train.size());
  require_as_many("validation_targets", recipe.data.validation_targets.size(),
                  recipe.data.validation.size());
  return recipe;
}

}  // namespace clearhead
