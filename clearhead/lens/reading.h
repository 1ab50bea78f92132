// A trained model reads a text, and everything that it calculates is kept to look at.
#ifndef CLEARHEAD_LENS_READING_H_
#define CLEARHEAD_LENS_READING_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/precision.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// A text as a model takes it.
struct Tokens {
  std::vector<std::int64_t> ids;   ///< of the tokens
  std::vector<std::string> names;  ///< to show, one each
};

/// What a model predicts of a text that it has read.
enum class Predicted {
  next,         ///< the token that comes next
  hidden,       ///< the tokens behind masks
  translation,  ///< another text
  label,        ///< the class of the text
  vector,       ///< nothing: the text becomes a vector
};

/// One run of a network on one text, with everything that it calculated.
class Reading {
 public:
  /// Runs the model `saved`, called `name`, once on the text `ids`, in the form that it is trained
  /// on: for a model that reads a text as a whole with start and end, for a translation model
  /// without. A translation model first translates the text and then reads both. The run is
  /// recorded on `tape`, which keeps everything. Interventions on the tape act on this run, not on
  /// the translating. Throws Error if there are no ids, or more
  /// than the model reads.
  Reading(std::string name, SavedModel saved, std::vector<std::int64_t> ids, Precision precision,
          Tape tape = Tape(Keep::everything));

  /// Whether a source was read too.
  bool is_translation() const { return predicted == Predicted::translation; }
  /// Whether the text is one that the model continues.
  bool goes_on() const { return predicted == Predicted::next; }
  /// The network's run on the same tokens once more, on `tape`: with the interventions of that
  /// tape, and kept as it keeps. → what `logits` is, or of a model that embeds the vector [1, C]
  Var run(Tape tape, AttentionWay way = AttentionWay::automatic) const;
  /// The same for the logits of one place alone, [1, 1, V] (of a class, of the text).
  Var run_at(std::int64_t place, Tape tape) const;
  /// A tape for another run with the same changes.
  Tape changed_tape(Keep keep) const;
  /// A token of the vocabulary, to show; one that only fills the model's table up is "[ID]".
  std::string token(std::int64_t id) const {
    return id < saved.model->tokens() ? saved.tokenizer->token(id) : "[" + std::to_string(id) + "]";
  }

  /// What a logit is of, to show: a token, or a class.
  std::string outcome(std::int64_t id) const;

  std::string name;                       ///< of the model
  SavedModel saved;                       ///< the model that read
  Tape tape;                              ///< the record of the run
  Predicted predicted = Predicted::next;  ///< by the model's ability
  Tokens source;                          ///< what is translated; empty for other models
  Tokens text;  ///< what is read; of a translation model, <s> and the translation
  /// Of a translation model, what it writes after each token of `text`: the translation and </s>.
  /// Of a translation as long as the model's context the last token is written, but not read.
  Tokens written;
  std::string translation;                   ///< as text; empty for other models
  Precision precision = Precision::highest;  ///< of the run
  /// Interventions that the tape had, for tapes of other runs of the same.
  std::function<void(Tape&)> changes = {};
  /// [1, T, V]: of each token to come next, or to stand there; of more than 256 MiB a computed
  /// view. Of a classification model [1, 1, classes]; of an embedding model undefined.
  Var logits;
  /// The same after the softmax, or, of classes that do not exclude each other, 1 / (1 + exp(−x)).
  Var probabilities;
  Var embedding;  ///< [1, C], of an embedding model; else undefined
};

/// The model in `folder`, called as the folder is, reads `text` in Precision::highest. Throws Error
/// as `open_model`, the model's tokenizer and `Reading` do.
Reading read_with_model(const std::filesystem::path& folder, std::string_view text);

/// Whether this is what a network calculated from the text, as opposed to what it learnt and to
/// steps without a name: the tokens, each hook_…, the predictions.
bool is_activation(const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_READING_H_
