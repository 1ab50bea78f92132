// What a network is asked to learn: to continue a text, to guess hidden words, or to translate. A
// task holds the data, makes batches of them, and says how wrong a model is.
#ifndef CLEARHEAD_TRAIN_TASK_H_
#define CLEARHEAD_TRAIN_TASK_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "clearhead/models/model.h"
#include "clearhead/text/tokenizer.h"
#include "clearhead/train/recipe.h"

namespace clearhead {

/// How wrong a model is on one batch.
struct BatchLoss {
  Var loss;                 ///< the mean cross-entropy of its targets, in nats
  std::int64_t tokens = 0;  ///< targets that count
};

/// What is learnt: batches, and how wrong a model is on them.
class Task {
 public:
  virtual ~Task() = default;
  /// Batch `number` = 0, 1, … of training, which depends on data, seed and number alone.
  virtual BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                          const Pass& pass) const = 0;
  /// The mean cross-entropy of all validation targets, without label smoothing, in nats.
  virtual double validate(const Model& model, Precision precision) const = 0;
};

/// How the files of a recipe are read: as one text, line by line, or in pairs of lines.
enum class DataKind { text, lines, pairs };

/// What models of this family learn from.
DataKind data_kind(Family family);

/// The tokenizer that a recipe asks for, learnt from its training text in the folder `data`. One of
/// characters for DataKind::text has no token for what it does not know, so it reads the validation
/// text, too. Throws Error, naming the file, if a text cannot be read.
std::shared_ptr<const Tokenizer> learn_tokenizer(const Recipe& recipe,
                                                 const std::filesystem::path& data);

/// The config of the recipe's model: a vocabulary of 0 becomes the tokenizer's. Throws Error if it
/// has another.
ModelConfig model_config(const Recipe& recipe, const Tokenizer& tokenizer);

/// The hash of each file of text that the recipe names, in the folder `data`. Throws Error if one
/// cannot be read.
std::map<std::string, std::string> hashes_of_texts(const Recipe& recipe,
                                                   const std::filesystem::path& data);

/// The task for the ability of the recipe's family. Throws Error if the data cannot be read or are
/// too few.
std::unique_ptr<Task> make_task(const Recipe& recipe, const std::filesystem::path& data,
                                std::shared_ptr<const Tokenizer> tokenizer);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TASK_H_
