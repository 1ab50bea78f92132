// Masks, frames, and the table of the forms of texts.
#include "clearhead/models/texts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

using Ids = std::vector<std::int64_t>;

// What BERT's tokenizers put around a text.
constexpr std::string_view kBertStart = "[CLS]", kBertEnd = "[SEP]";

bool has_special(const Tokenizer& tokenizer, std::string_view name) {
  const std::optional<std::int64_t> id = tokenizer.find(name);
  return id && tokenizer.is_special(*id);
}

Ids plain_ids(std::string text, const Tokenizer& tokenizer) { return tokenizer.encode(text); }

Ids bare_ids(std::string text, const Tokenizer& tokenizer) {
  return tokenizer.encode(text, {.add_special_tokens = false});
}

Ids as_they_are(Ids ids, const Tokenizer&) { return ids; }

// A new ability is a new row.
constexpr TextForm kTextForms[] = {
    {LanguageModel::kAbility, plain_ids, 0, as_they_are},
    {MaskedModel::kAbility, ids_of_masked_text, kFrame, in_frame},
    {EmbeddingModel::kAbility, bare_ids, kFrame, in_frame},
    {ClassificationModel::kAbility, bare_ids, kFrame, in_frame},
    {TranslationModel::kAbility, plain_ids, 1, as_they_are},  // </s>, when it is translated
};

}  // namespace

std::string mask_of(const Tokenizer& tokenizer) {
  if (has_special(tokenizer, kBertMask)) return std::string(kBertMask);
  static_cast<void>(tokenizer.special(kMaskToken));  // or says which there are
  return std::string(kMaskToken);
}

Ids ids_of_masked_text(std::string text, const Tokenizer& tokenizer) {
  const std::string mask = mask_of(tokenizer);
  for (std::size_t at = 0; (at = text.find(kMaskToken, at)) != std::string::npos;) {
    const bool has_blank = tokenizer.takes_bytes() && at > 0 && text[at - 1] == ' ';
    const std::size_t begin = has_blank ? at - 1 : at;
    text.replace(begin, at + kMaskToken.size() - begin, mask);
    at = begin + mask.size();
  }
  return tokenizer.encode(text, {.add_special_tokens = false});
}

Ids in_frame(Ids ids, const Tokenizer& tokenizer) {
  if (tokenizer.has_frame()) return tokenizer.framed(std::move(ids));
  const bool is_bert = has_special(tokenizer, kBertStart);
  ids.insert(ids.begin(), tokenizer.special(is_bert ? kBertStart : kStartToken));
  ids.push_back(tokenizer.special(is_bert ? kBertEnd : kEndToken));
  return ids;
}

Ids first_tokens(const Encoding& encoding, std::int64_t most) {
  if (most == 0 || std::ssize(encoding.ids) <= most) return encoding.ids;
  std::int64_t text = most - std::count(encoding.is_added.begin(), encoding.is_added.end(), true);
  Ids ids;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    if (encoding.is_added[i] || text-- > 0) ids.push_back(encoding.ids[i]);
  }
  return ids;
}

Ids ids_of_beginning(const SavedModel& saved, std::string_view text) {
  const std::int64_t most = saved.longest > 0 ? saved.longest : saved.model->context();
  return first_tokens(saved.tokenizer->encoding(text), most);
}

const TextForm& text_form(const SavedModel& saved) {
  return row_for(row_of(saved.config.family).ability, kTextForms, "reading");
}

Ids ids_to_read(const SavedModel& saved, const std::string& text) {
  const TextForm& form = text_form(saved);
  Ids ids = form.ids(text, *saved.tokenizer);
  if (ids.empty()) throw Error("there is no text to read");
  const std::int64_t context = saved.model->context();
  if (context > 0 && std::ssize(ids) > context - form.beside) {
    throw Error("the text has " + std::to_string(ids.size()) + " tokens, and the model reads " +
                std::to_string(context - form.beside) + " at most");
  }
  return form.whole(std::move(ids), *saved.tokenizer);
}

Prompt prompt_of_chat(const SavedModel& saved, const ChatTemplate& chat,
                      std::span<const ChatMessage> messages) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  Prompt prompt{.ids = tokenizer.encode(chat.text(messages, saved.chat.start, saved.chat.end),
                                        {.add_special_tokens = false}),
                .ends = saved.tokens.ends};
  if (const auto end = tokenizer.find(chat.end_of_turn(saved.chat.end))) {
    prompt.ends.push_back(*end);
  }
  return prompt;
}

}  // namespace clearhead
