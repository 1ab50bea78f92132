// The tasks of task.h, made of tokens in memory. Each throws Error if there are too few tokens, or
// if the scores of a batch would not fit into the machine's memory.
#ifndef CLEARHEAD_TRAIN_TASKS_H_
#define CLEARHEAD_TRAIN_TASKS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "clearhead/train/data.h"
#include "clearhead/train/task.h"

namespace clearhead {

/// To continue a text: windows of `context` tokens, of a vocabulary of `vocabulary`.
std::unique_ptr<Task> text_task(Sequence train, Sequence validation, std::int64_t context,
                                std::int64_t vocabulary, const TrainingConfig& training);

/// To guess the hidden words of lines.
std::unique_ptr<Task> masked_task(std::vector<Sequence> train, std::vector<Sequence> validation,
                                  std::shared_ptr<const Tokenizer> tokenizer,
                                  const TrainingConfig& training);

/// Lines and their translations, as many of each.
struct Pairs {
  std::vector<Sequence> sources, targets;  ///< ids of each line
};

/// To translate.
std::unique_ptr<Task> translation_task(Pairs train, Pairs validation,
                                       std::shared_ptr<const Tokenizer> tokenizer,
                                       const TrainingConfig& training);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TASKS_H_
