// A trained network reads a text, and everything that it calculates is kept.
#ifndef CLEARHEAD_APPS_CLI_SEE_READING_H_
#define CLEARHEAD_APPS_CLI_SEE_READING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "apps/console/model_options.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// A text as a model takes it.
struct Tokens {
  std::vector<std::int64_t> ids;
  std::vector<std::string> names;  ///< to show, one each
};

class Reading {
 public:
  /// Opens the model and runs it once on the text, or its last tokens (0: all); a translation model
  /// translates them first. Throws Error if there is no such model, or if they do not fit it.
  Reading(const console::ModelOptions& options, const std::string& text, std::int64_t last = 0);

  /// "shakespeare: decoder, 6 layers × 6 heads, …"
  std::string describe() const;
  bool is_translation() const { return !source.ids.empty(); }
  /// Whether the text is one that the model continues.
  bool goes_on() const { return dynamic_cast<const LanguageModel*>(saved.model.get()) != nullptr; }
  /// A token of the vocabulary, to show.
  std::string token(std::int64_t id) const { return saved.tokenizer->token(id); }

  std::string name;  ///< of the model
  SavedModel saved;
  Tape tape{Keep::everything};
  Tokens source;  ///< what is translated; empty for other models
  Tokens text;    ///< what is read; of a translation model, <s> and the translation
  std::string translation;
  Var probabilities;  ///< [1, T, V]: of each token to come next, or to stand there

 private:
  Pass pass_;
  Var translate_and_read(std::vector<std::int64_t> ids);
};

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_READING_H_
