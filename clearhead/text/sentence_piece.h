// Vocabularies of Google's SentencePiece: tokenizer.model.
#ifndef CLEARHEAD_TEXT_SENTENCE_PIECE_H_
#define CLEARHEAD_TEXT_SENTENCE_PIECE_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Reads a file whose model is Unigram or BPE. Control and user-defined symbols become added
/// tokens, found by their names; nothing is put around a text. Written with `write_tokenizer`, it
/// is the tokenizer.json that Hugging Face's library reads; as by that, rules of its normalizer for
/// more than five bytes (Korean letters that are not composed) are left out. Throws Error, naming
/// the file, if it is malformed or of another kind.
std::shared_ptr<const Tokenizer> read_sentence_piece(const std::filesystem::path& path);

/// The same from the bytes of a file; `file` is its name in messages.
std::shared_ptr<const Tokenizer> parse_sentence_piece(std::string_view bytes,
                                                      const std::string& file);

/// The tokenizer of Marian's translators: `source`, a model as above, finds the pieces of a text,
/// and `vocabulary`, an object of tokens and ids (vocab.json), names them, as it does those that
/// translations are made of. A text ends with </s>; >>fr<< and the like are special tokens. It
/// cannot be written as tokenizer.json. Throws Error, naming the file, if one is malformed, or the
/// vocabulary has no </s> or no <unk>.
std::shared_ptr<const Tokenizer> read_marian_tokenizer(const std::filesystem::path& source,
                                                       const std::filesystem::path& vocabulary);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_SENTENCE_PIECE_H_
