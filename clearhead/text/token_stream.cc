// A decoder looks at most at the token before: WordPiece's puts a blank between two, and
// SentencePiece's takes one away before the first. So a token is decoded together with that one.
#include "clearhead/text/token_stream.h"

#include <algorithm>
#include <span>
#include <utility>

#include "clearhead/text/utf8.h"

namespace clearhead {

std::string TokenStream::take(std::int64_t id) {
  const std::int64_t both[] = {last_.value_or(id), id};
  const std::span<const std::int64_t> alone = std::span(both).last(1);
  const std::string text = tokenizer_.decode(alone);
  if (tokenizer_.is_special(id)) return {};  // it stands for no text, wherever it is
  if (last_) {
    const std::string after = tokenizer_.decode(both);
    waiting_ += after.substr(std::min(last_size_, after.size()));
  } else {
    waiting_ += text;
  }
  last_ = id;
  last_size_ = text.size();
  const std::size_t whole = complete_utf8(waiting_);
  std::string shown = replace_invalid_utf8(std::string_view(waiting_).substr(0, whole));
  waiting_.erase(0, whole);
  return shown;
}

std::string TokenStream::end() {
  return replace_invalid_utf8(std::exchange(waiting_, std::string()));
}

}  // namespace clearhead
