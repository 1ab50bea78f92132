// What a folder of Hugging Face says of its tokenizer beside the vocabulary. Not for use outside
// this folder.
#ifndef CLEARHEAD_TEXT_TOKENIZER_SETTINGS_INTERNAL_H_
#define CLEARHEAD_TEXT_TOKENIZER_SETTINGS_INTERNAL_H_

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "clearhead/text/json_place_internal.h"

namespace clearhead {

/// tokenizer_config.json, special_tokens_map.json and added_tokens.json, each of which may be
/// missing.
class TokenizerSettings {
 public:
  /// Throws Error, naming the file, if one is malformed.
  explicit TokenizerSettings(const std::filesystem::path& folder);
  ~TokenizerSettings();

  /// A field of the first of the first two that has it; null if none does.
  JsonPlace operator[](std::string_view name) const;
  /// The name of a special token, such as "bos_token"; `otherwise` if it is not given.
  std::string token(std::string_view name, const std::string& otherwise = {}) const;
  /// The whole of added_tokens.json; null if there is none.
  JsonPlace added() const;

 private:
  struct File;
  std::deque<File> files_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_SETTINGS_INTERNAL_H_
