// The tokenizer of a model of Hugging Face, whichever files it is in.
#ifndef CLEARHEAD_TEXT_TOKENIZER_FOLDER_H_
#define CLEARHEAD_TEXT_TOKENIZER_FOLDER_H_

#include <filesystem>
#include <memory>
#include <string_view>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Reads tokenizer.json of `folder`, or else the older files (vocab.txt; vocab.json and merges.txt;
/// tokenizer.model, spiece.model, sentencepiece.bpe.model), as transformers make their fast
/// tokenizers of them. What these files mean depends on the model: `tokenizer_class` in
/// tokenizer_config.json says which it is, or else `model_type`, of its config.json.
/// docs/formats.md has the settings that count. Throws Error, naming the file and what to do, if
/// one is missing, malformed, or of a class that is not supported.
std::shared_ptr<const Tokenizer> read_tokenizer_folder(const std::filesystem::path& folder,
                                                       std::string_view model_type);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_FOLDER_H_
