// What all commands have in common that run a trained model.
#ifndef CLEARHEAD_APPS_CLI_MODEL_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_MODEL_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/models/model_file.h"
#include "clearhead/train/data.h"

namespace CLI {
class App;
}

namespace clearhead {

struct ModelOptions {
  std::string model;
  Precision precision = Precision::highest;
  int threads = 0;
};

/// The model, before whatever else is no option.
void add_model(CLI::App& app, ModelOptions& options);
/// --precision and --threads.
void add_calculation(CLI::App& app, ModelOptions& options);

/// Opens the model (find_model.h) and sets the number of threads. Throws UsageError if no model is
/// given, Error if it cannot be read.
SavedModel open_model(const ModelOptions& options, bool keep_bf16 = false);

/// The ids of each line. Throws Error, naming `file` and line, if one has what the vocabulary has
/// not, or more than `most` ids (0: any number).
std::vector<Sequence> ids_of_lines(const std::vector<std::string>& lines,
                                   const Tokenizer& tokenizer, std::int64_t most,
                                   const std::string& file);

/// <s> text </s>, as a masked model is trained on. Where tokens are byte pairs, the blank before a
/// word belongs to it, and so to the mask in its place.
Sequence ids_of_masked_text(std::string text, const Tokenizer& tokenizer);

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_MODEL_OPTIONS_H_
