// The parts of a tokenizer.
#ifndef CLEARHEAD_TEXT_TOKENIZER_PARTS_INTERNAL_H_
#define CLEARHEAD_TEXT_TOKENIZER_PARTS_INTERNAL_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "clearhead/text/added_tokens_internal.h"
#include "clearhead/text/normalizer_internal.h"
#include "clearhead/text/post_processor_internal.h"
#include "clearhead/text/pre_tokenizer_internal.h"
#include "clearhead/text/token_decoder_internal.h"
#include "clearhead/text/token_model_internal.h"

namespace clearhead {

/// What a tokenizer is made of; all but the model may be missing.
struct TokenizerParts {
  AddedTokens added = {};
  std::unique_ptr<const Normalizer> normalizer = {};
  std::unique_ptr<const PreTokenizer> pre_tokenizer = {};
  std::unique_ptr<const TokenModel> model = {};
  std::unique_ptr<const PostProcessor> post_processor = {};
  std::unique_ptr<const TokenDecoder> decoder = {};
  std::int64_t size = 0;     ///< one more than the largest id
  bool takes_bytes = false;  ///< tokens are bytes in their spelling (byte_spelling.h)
  /// tokenizer.json without the vocabulary and the merges of its model.
  std::string description = {};
};

/// A tokenizer by its description, which is the JSON of tokenizer.json, and its model. `file` is
/// the name of the file in messages.
Tokenizer make_tokenizer(nlohmann::json description, std::unique_ptr<const TokenModel> model,
                         const std::string& file);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_PARTS_INTERNAL_H_
