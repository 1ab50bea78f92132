// The summary of a model as the terminal shows it.
#ifndef CLEARHEAD_APPS_CLI_TRAIN_SUMMARY_TEXT_H_
#define CLEARHEAD_APPS_CLI_TRAIN_SUMMARY_TEXT_H_

#include <string>

#include "clearhead/models/summary.h"

namespace clearhead::cli {

/// A table with a line for each row (name, shape, numbers, bytes in f32 and in bf16), the total,
/// and the memory of training.
std::string summary_text(const ModelSummary& summary);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_TRAIN_SUMMARY_TEXT_H_
