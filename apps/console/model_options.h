// What all commands that run a trained model have in common.
#ifndef CLEARHEAD_APPS_CONSOLE_MODEL_OPTIONS_H_
#define CLEARHEAD_APPS_CONSOLE_MODEL_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/models/model_file.h"
#include "clearhead/models/texts.h"
#include "clearhead/train/data.h"

namespace CLI {
class App;
}

namespace clearhead::console {

class OptionGroup;

struct ModelOptions {
  std::string model = {};   ///< a folder, or a name
  std::string folder = {};  ///< where it is looked for by name; "": find_model.h says
  std::optional<std::string> replace = {};  ///< stands for characters that the model has not learnt
  Precision precision = Precision::highest;
  int threads = 0;
};

// ---- Options ----

/// The model, before all other positional arguments.
void add_model(CLI::App& app, ModelOptions& options);
/// --models.
void add_model_folder(OptionGroup& group, ModelOptions& options);
/// --replace.
void add_replace(OptionGroup& group, ModelOptions& options);
/// --models, --precision and --threads.
void add_calculation(CLI::App& app, ModelOptions& options);

// ---- The model and its texts ----

/// Opens the model (find_model.h) and sets the number of threads. Throws UsageError if no model is
/// given, Error if it cannot be read.
SavedModel open_model(const ModelOptions& options, bool keep_bf16 = false);

/// "shakespeare" of "models/shakespeare/".
std::string model_name(const ModelOptions& options);

/// `text` as the model can read it: with `replace` instead of characters that it has not learnt. If
/// there are such characters and no `replace`, throws Error that names `where` the text stands, the
/// model and the characters.
std::string readable(const std::string& text, const Tokenizer& tokenizer,
                     const ModelOptions& options, const std::string& where);

/// Throws Error, ending with what to do, if the model reads at most `most` tokens (0: any number)
/// and these are more.
void check_length(std::int64_t tokens, std::int64_t most, const ModelOptions& options,
                  const std::string& advice);

/// What becomes of a line that has more tokens than a model reads.
enum class TooLong {
  refused,
  cut,  ///< its end is left out, and a message says of how many
};

/// The ids of each line, `readable`. Throws Error, naming `file` and line, if the model cannot read
/// one, or if it has more than `most` ids (0: any number) and is not to be cut.
std::vector<Sequence> ids_of_lines(const std::vector<std::string>& lines,
                                   const Tokenizer& tokenizer, const ModelOptions& options,
                                   std::int64_t most, const std::string& file,
                                   TooLong too_long = TooLong::refused);

/// The most tokens of a text that a model with this context reads; 0: any number. `beside`: tokens
/// that are added to the text.
inline std::int64_t most_tokens(const Model& model, std::int64_t beside) {
  return model.context() == 0 ? 0 : model.context() - beside;
}

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_MODEL_OPTIONS_H_
