// Tokenizers as files: Hugging Face's tokenizer.json. Its library gives the same ids and offsets.
#ifndef CLEARHEAD_TEXT_TOKENIZER_FILE_H_
#define CLEARHEAD_TEXT_TOKENIZER_FILE_H_

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Reads a file. `truncation` and `padding` are left to whoever uses it. Throws Error, naming the
/// file and the field, if it is malformed or has a part that is not supported; the message lists
/// those that are.
std::shared_ptr<const Tokenizer> read_tokenizer(const std::filesystem::path& path);

/// The same from the text of a file; `file` is its name in messages.
std::shared_ptr<const Tokenizer> parse_tokenizer(std::string_view text, const std::string& file);

/// Writes `tokenizer` into the file `path`, whole or not at all: a token, or a merge, a line, so
/// that a change of one is a change of one line. The same tokenizer gives the same bytes. Throws
/// Error if it cannot be written, or is Marian's.
void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer);
/// The same to a stream.
void write_tokenizer(std::ostream& stream, const Tokenizer& tokenizer);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_FILE_H_
