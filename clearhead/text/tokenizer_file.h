// Tokenizers as files: Hugging Face's tokenizer.json, as far as our tokenizers need it, so that its
// library reads the file and gives the same ids.
#ifndef CLEARHEAD_TEXT_TOKENIZER_FILE_H_
#define CLEARHEAD_TEXT_TOKENIZER_FILE_H_

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Writes `tokenizer`, a BytePairTokenizer or CharacterTokenizer, into the file `path`, whole or
/// not at all. The same tokenizer gives the same bytes. Throws Error if it cannot be written.
///
/// These fields of the format are written: `added_tokens` (the special ones); `normalizer`, null or
/// Lowercase; `model`, BPE with `vocab` and `merges`; `pre_tokenizer` and `decoder`. For byte pairs
/// these two are ByteLevel, and tokens are spelt as GPT-2 does, each byte as a visible character.
/// For characters they are null and Fuse, and there are no merges.
void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer);
/// The same to a stream.
void write_tokenizer(std::ostream& stream, const Tokenizer& tokenizer);

/// Reads what `write_tokenizer` writes. Throws Error, naming the file and the field, if it is
/// malformed or says something else.
std::shared_ptr<const Tokenizer> read_tokenizer(const std::filesystem::path& path);

/// The same from the text of a file; `file` is its name in messages.
std::shared_ptr<const Tokenizer> parse_tokenizer(std::string_view text, const std::string& file);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_FILE_H_
