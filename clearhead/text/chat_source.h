// What the files of a model say of conversations with it.
#ifndef CLEARHEAD_TEXT_CHAT_SOURCE_H_
#define CLEARHEAD_TEXT_CHAT_SOURCE_H_

#include <filesystem>
#include <string>

namespace clearhead {

/// A chat template as it is stored, and the names that it uses (chat_template.h understands it).
struct ChatSource {
  std::string jinja = {};  ///< the template; empty: there is none
  std::string start = {};  ///< the token that begins a text; empty: none
  std::string end = {};    ///< the token that ends one; empty: none
};

/// That of a folder as Hugging Face's transformers lay it out: chat_template.jinja, or
/// `chat_template` of tokenizer_config.json (of several the one called default), with `bos_token`
/// and `eos_token` of that file or of special_tokens_map.json. All may be missing. Throws Error,
/// naming file and field, for what is malformed.
ChatSource read_chat_source(const std::filesystem::path& folder);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_CHAT_SOURCE_H_
