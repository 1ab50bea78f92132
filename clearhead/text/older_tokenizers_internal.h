// Tokenizers in files from before tokenizer.json. Not for use outside this folder.
#ifndef CLEARHEAD_TEXT_OLDER_TOKENIZERS_INTERNAL_H_
#define CLEARHEAD_TEXT_OLDER_TOKENIZERS_INTERNAL_H_

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "clearhead/text/tokenizer.h"
#include "clearhead/text/tokenizer_settings_internal.h"

namespace clearhead {

/// What one is made of.
struct OlderFiles {
  const TokenizerSettings& settings;
  std::filesystem::path folder;
  std::filesystem::path vocabulary;  ///< the file in it
};

/// A kind of tokenizer.
struct OlderTokenizer {
  std::vector<std::string_view> classes;      ///< `tokenizer_class` in tokenizer_config.json
  std::vector<std::string_view> model_types;  ///< that have it where no class is named
  const char* vocabulary;                     ///< the name of its file
  /// Throws Error, naming the file, if one is malformed.
  std::shared_ptr<const Tokenizer> (*make)(const OlderFiles& files);

  /// Whether merges.txt belongs to it.
  bool has_merges() const { return vocabulary == std::string_view("vocab.json"); }
};

/// All that are known.
const std::vector<OlderTokenizer>& older_tokenizers();

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_OLDER_TOKENIZERS_INTERNAL_H_
