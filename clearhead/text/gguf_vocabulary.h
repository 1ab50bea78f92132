// The vocabulary inside a GGUF file.
#ifndef CLEARHEAD_TEXT_GGUF_VOCABULARY_H_
#define CLEARHEAD_TEXT_GGUF_VOCABULARY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// The keys `tokenizer.ggml.…` that say how text is encoded, under their own names. What a file
/// does not have stays empty.
struct GgufVocabulary {
  std::string model = {};  ///< "llama" (SentencePiece's BPE), "gpt2", "bert" or "t5" (Unigram)
  std::string pre = {};    ///< of gpt2: which model's patterns cut text into words
  std::vector<std::string> tokens = {};  ///< by id
  std::vector<float> scores = {};        ///< of each token; for llama and t5
  /// Of each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 a byte.
  std::vector<std::int32_t> token_type = {};
  std::vector<std::string> merges = {};           ///< "LEFT RIGHT"; for gpt2
  std::string precompiled_charsmap = {};          ///< its bytes; for t5
  std::optional<std::int64_t> bos_token_id = {};  ///< begins a text
  std::optional<std::int64_t> eos_token_id = {};  ///< ends it
  std::optional<std::int64_t> unk_token_id = {};  ///< `unknown_token_id`: what no other stands for
  std::optional<std::int64_t> cls_token_id = {};  ///< begins a text of bert
  std::optional<std::int64_t> sep_token_id = {};  ///< `seperator_token_id`: ends a text of bert
  std::optional<bool> add_bos_token = {};         ///< whether texts get the first of these
  std::optional<bool> add_eos_token = {};         ///< whether they get the second
  std::optional<bool> add_space_prefix = {};      ///< whether texts begin with a blank
  std::optional<bool> remove_extra_whitespaces = {};  ///< whether blanks in a row are one
};

/// The tokenizer that they describe: as Hugging Face's library has it, as far as they tell. Written
/// with `write_tokenizer` it is a tokenizer.json. `file` is the name of the file in messages.
/// Throws Error, naming the key, if lists do not fit together, or if `model` or `pre` is not one of
/// those that are supported.
std::shared_ptr<const Tokenizer> make_gguf_tokenizer(GgufVocabulary vocabulary,
                                                     const std::string& file);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_GGUF_VOCABULARY_H_
