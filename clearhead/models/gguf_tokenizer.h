// The tokenizer inside a GGUF file.
#ifndef CLEARHEAD_MODELS_GGUF_TOKENIZER_H_
#define CLEARHEAD_MODELS_GGUF_TOKENIZER_H_

#include <memory>
#include <string>

#include "clearhead/tensor/gguf.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Made of the settings `tokenizer.ggml.…` (text/gguf_vocabulary.h). `name` stands for the file in
/// messages. Throws Error if they are missing, of another type than they should be, or of a kind
/// that is not supported.
std::shared_ptr<const Tokenizer> gguf_tokenizer(const GgufFile& file, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_GGUF_TOKENIZER_H_
