// A recipe: everything that a trained model depends on, as a JSON file (recipes/*.json). The same
// recipe, data and processor give the same model.
#ifndef CLEARHEAD_TRAIN_RECIPE_H_
#define CLEARHEAD_TRAIN_RECIPE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/models/family.h"
#include "clearhead/train/optimizer.h"
#include "clearhead/train/schedule.h"

namespace clearhead {

/// Files, plain or gzip, relative to the folder of the data. A language model reads them as one
/// text, a masked model line by line, a translation model in pairs of lines.
struct DataConfig {
  std::vector<std::string> train = {};          ///< what is learnt from
  std::vector<std::string> train_targets = {};  ///< of translations: file i belongs to train[i]
  std::vector<std::string> validation = {};     ///< none: the end of the training text
  std::vector<std::string> validation_targets = {};  ///< likewise
  double train_share = 0.9;  ///< of the text; the rest validates, unless there are files for it
};

/// Tokens are characters, or pairs of bytes that were merged.
enum class TokenizerKind { characters, byte_pairs };

/// How text becomes tokens.
struct TokenizerConfig {
  TokenizerKind kind = TokenizerKind::byte_pairs;  ///< which
  std::int64_t size = 8192;                        ///< of the vocabulary of byte pairs
  bool lowercase = false;                          ///< text is put in lower case first
};

/// How a network learns.
struct TrainingConfig {
  std::int64_t steps = 2000;         ///< of the optimiser
  std::int64_t batch = 64;           ///< sequences of a language model
  std::int64_t batch_tokens = 4096;  ///< of the others: the most places of a batch
  std::int64_t accumulation = 1;     ///< batches of one step
  ScheduleConfig schedule = {};      ///< of the learning rate
  OptimizerConfig optimizer = {};    ///< of the weights
  double dropout = 0;                ///< share of activations that are set to 0
  double label_smoothing = 0;        ///< of the targets
  /// The weights that are validated and saved are a running mean over all steps (after Polyak and
  /// Juditsky 1992). At step t the mean keeps min(average, (1 + t)/(10 + t)) of itself, so that the
  /// first weights, which are random, are soon forgotten. 0: the weights of the last step.
  double average = 0;
  Precision precision = Precision::highest;  ///< of products in f32
  std::int64_t evaluate_every = 250;         ///< steps, after each of which a checkpoint is written
  std::int64_t patience = 0;  ///< stop after so many evaluations without a new best; 0: never
  std::int64_t seed = 1337;   ///< of weights, batches and dropout
};

/// Everything that a trained model is a function of.
struct Recipe {
  ModelConfig model = {};          ///< the network
  DataConfig data = {};            ///< the files
  TokenizerConfig tokenizer = {};  ///< how they are read
  TrainingConfig training = {};    ///< how it learns
};

/// Its fields as JSON.
void describe(Fields& fields, Recipe& recipe);
/// Likewise.
void describe(Fields& fields, TrainingConfig& config);

/// Throws Error that names the file and the wrong field, or says what in the model does not fit
/// together.
Recipe read_recipe(const std::filesystem::path& path);
/// The same of JSON that is no file; `name` is how messages call it.
Recipe parse_recipe(const std::string& json, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_RECIPE_H_
