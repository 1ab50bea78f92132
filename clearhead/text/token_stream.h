// Text of tokens that come one by one.
#ifndef CLEARHEAD_TEXT_TOKEN_STREAM_H_
#define CLEARHEAD_TEXT_TOKEN_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Decodes a token as soon as it is there, to show. All that it gives, joined, is what `decode`
/// gives for all tokens, with U+FFFD for each byte that is no UTF-8.
class TokenStream {
 public:
  /// The tokenizer must outlive it.
  explicit TokenStream(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// What the next token adds: whole characters. A character whose bytes have not all come waits
  /// for them. Throws Error if there is no such id.
  std::string take(std::int64_t id);
  /// What still waits, at the end.
  std::string end();

 private:
  const Tokenizer& tokenizer_;
  std::optional<std::int64_t> last_ = {};  // token, but for special ones
  std::size_t last_size_ = 0;              // of the text that it alone is decoded to
  std::string waiting_ = {};               // bytes that may be the beginning of a character
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKEN_STREAM_H_
