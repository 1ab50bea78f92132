// Settings by name into the vocabulary.
#include "clearhead/models/gguf_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/text/gguf_vocabulary.h"

namespace clearhead {
namespace {

// What `get` makes of a setting; a default value if there is none.
template <typename Get>
auto value_of(const GgufFile& file, std::string_view key, const Get& get) {
  const GgufValue* const value = file.find("tokenizer.ggml." + std::string(key));
  return value == nullptr ? decltype(get(*value)){} : get(*value);
}

std::optional<std::int64_t> id_of(const GgufFile& file, std::string_view key) {
  return value_of(file, key, [](const GgufValue& v) { return std::optional(v.integer()); });
}

std::optional<bool> flag_of(const GgufFile& file, std::string_view key) {
  return value_of(file, key, [](const GgufValue& v) { return std::optional(v.boolean()); });
}

std::vector<std::string> texts_of(const GgufFile& file, std::string_view key) {
  return value_of(file, key, [](const GgufValue& v) { return v.texts(); });
}

std::vector<double> numbers_of(const GgufFile& file, std::string_view key) {
  return value_of(file, key, [](const GgufValue& v) { return v.numbers(); });
}

std::vector<std::int64_t> integers_of(const GgufFile& file, std::string_view key) {
  return value_of(file, key, [](const GgufValue& v) { return v.integers(); });
}

}  // namespace

std::shared_ptr<const Tokenizer> gguf_tokenizer(const GgufFile& file, const std::string& name) {
  GgufVocabulary vocabulary{
      .model = file.at("tokenizer.ggml.model").text(),
      .pre = value_of(file, "pre", [](const GgufValue& v) { return v.text(); }),
      .tokens = file.at("tokenizer.ggml.tokens").texts(),
      .merges = texts_of(file, "merges"),
      .bos_token_id = id_of(file, "bos_token_id"),
      .eos_token_id = id_of(file, "eos_token_id"),
      .unk_token_id = id_of(file, "unknown_token_id"),
      .cls_token_id = id_of(file, "cls_token_id"),
      .sep_token_id = id_of(file, "seperator_token_id"),
      .add_bos_token = flag_of(file, "add_bos_token"),
      .add_eos_token = flag_of(file, "add_eos_token"),
      .add_space_prefix = flag_of(file, "add_space_prefix"),
      .remove_extra_whitespaces = flag_of(file, "remove_extra_whitespaces")};
  // Files are older than this key.
  const bool has_patterns = !vocabulary.pre.empty() && vocabulary.pre != "default";
  const GgufValue* const architecture = file.find("general.architecture");
  const bool is_gpt2 = architecture != nullptr && architecture->text() == "gpt2";
  if (!has_patterns && is_gpt2) vocabulary.pre = "gpt-2";
  for (const double score : numbers_of(file, "scores")) {
    vocabulary.scores.push_back(static_cast<float>(score));
  }
  for (const std::int64_t type : integers_of(file, "token_type")) {
    vocabulary.token_type.push_back(
        static_cast<std::int32_t>(std::clamp<std::int64_t>(type, 0, 7)));
  }
  for (const std::int64_t byte : integers_of(file, "precompiled_charsmap")) {
    vocabulary.precompiled_charsmap += static_cast<char>(byte);
  }
  return make_gguf_tokenizer(std::move(vocabulary), name);
}

}  // namespace clearhead
