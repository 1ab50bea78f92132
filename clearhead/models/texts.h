// Which tokens a text is for a model, by what the model can do.
#ifndef CLEARHEAD_MODELS_TEXTS_H_
#define CLEARHEAD_MODELS_TEXTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/models/model_file.h"
#include "clearhead/text/chat_template.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// How tokenizers of BERT's kind spell the mask.
inline constexpr std::string_view kBertMask = "[MASK]";
/// How a tokenizer spells the mask: kMaskToken, or kBertMask. Throws Error if it has none.
std::string mask_of(const Tokenizer& tokenizer);

/// A text with masks, written as the tokenizer spells them or as <mask>, without `in_frame`. Where
/// tokens stand for bytes, the blank before a word belongs to it, and so to the mask in its place.
std::vector<std::int64_t> ids_of_masked_text(std::string text, const Tokenizer& tokenizer);

/// How many tokens `in_frame` adds at most.
inline constexpr std::int64_t kFrame = 2;
/// What a masked model is trained on: with what the tokenizer's post-processor puts around a text;
/// without one [CLS] ids [SEP], as BERT, if it has these, else <s> ids </s>.
std::vector<std::int64_t> in_frame(std::vector<std::int64_t> ids, const Tokenizer& tokenizer);

/// The first `most` tokens of a text, with all that the tokenizer puts around it; all of them if
/// `most` is 0.
std::vector<std::int64_t> first_tokens(const Encoding& encoding, std::int64_t most);

/// What a model that judges texts as a whole reads of one: all of it, or, if it is too long, its
/// beginning, with all that the tokenizer puts around it.
std::vector<std::int64_t> ids_of_beginning(const SavedModel& saved, std::string_view text);

/// Which tokens a text is for models of one ability.
struct TextForm {
  Ability ability;  ///< whose
  /// The tokens of the text itself.
  std::vector<std::int64_t> (*ids)(std::string text, const Tokenizer& tokenizer);
  std::int64_t beside;  ///< how many come to them
  /// All that the model reads.
  std::vector<std::int64_t> (*whole)(std::vector<std::int64_t> ids, const Tokenizer& tokenizer);
};
/// That of the ability of the model.
const TextForm& text_form(const SavedModel& saved);

/// All that the model reads of a text. Throws Error if there is nothing to read, if there are
/// characters that the model has not learnt, or if it is longer than the model reads.
std::vector<std::int64_t> ids_to_read(const SavedModel& saved, const std::string& text);

/// What a language model continues.
struct Prompt {
  std::vector<std::int64_t> ids;   ///< what it reads
  std::vector<std::int64_t> ends;  ///< each of them ends what it writes
};
/// A conversation as `chat` writes it for the model, whose answer ends with its turn. Throws Error
/// as `ChatTemplate::text` does.
Prompt prompt_of_chat(const SavedModel& saved, const ChatTemplate& chat,
                      std::span<const ChatMessage> messages);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_TEXTS_H_
