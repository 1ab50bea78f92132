// Text cut into words, within which byte pairs are merged.
#ifndef CLEARHEAD_TEXT_SPLIT_H_
#define CLEARHEAD_TEXT_SPLIT_H_

#include <functional>
#include <string_view>

namespace clearhead {

/// Calls `word` for each word of `text`, in order; together they are the whole text. By GPT-2's
/// rule a word is an English ending ('s 't 're 've 'm 'll 'd), or a run of letters, digits, or
/// other characters that are not white space, with the blank before it if there is one; or a run of
/// white space without its last character, which is left to the next word. A byte that is not UTF-8
/// is a word by itself.
///
/// Source: the pattern of encoder.py in the release of Radford et al., "Language models are
/// unsupervised multitask learners" (2019).
void for_each_word(std::string_view text, const std::function<void(std::string_view)>& word);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_SPLIT_H_
