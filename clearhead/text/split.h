// Text cut into words, within which byte pairs are merged.
#ifndef CLEARHEAD_TEXT_SPLIT_H_
#define CLEARHEAD_TEXT_SPLIT_H_

#include <functional>
#include <string_view>

namespace clearhead {

/// Calls `word` for each word of `text`, in order; together they are the whole text. GPT-2's rule:
/// an English ending ('s 't 're 've 'm 'll 'd); letters; digits; other characters that are no white
/// space (each of these three with one blank before it, if there is one); white space, of which the
/// last is left to the word that follows. Bytes that are no UTF-8 are words of their own.
///
/// Source: the pattern of encoder.py in the release of Radford et al., "Language models are
/// unsupervised multitask learners" (2019).
void for_each_word(std::string_view text, const std::function<void(std::string_view)>& word);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_SPLIT_H_
