// Three files of JSON; what one does not say the next may.
#include <nlohmann/json.hpp>

#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_settings_internal.h"

namespace clearhead {

struct TokenizerSettings::File {
  std::string name;
  nlohmann::json root;

  JsonPlace place() const { return {root, name}; }
};

TokenizerSettings::TokenizerSettings(const std::filesystem::path& folder) {
  for (const char* const name :
       {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}) {
    const std::filesystem::path file = folder / name;
    files_.push_back({file.string(), nlohmann::json::object()});
    if (exists(file)) files_.back().root = parse_json(read_text(file), file.string());
  }
}

TokenizerSettings::~TokenizerSettings() = default;

JsonPlace TokenizerSettings::operator[](std::string_view name) const {
  const JsonPlace place = files_[0].place()[name];
  return place.is_null() ? files_[1].place()[name] : place;
}

std::string TokenizerSettings::token(std::string_view name, const std::string& otherwise) const {
  const JsonPlace place = (*this)[name];
  if (place.is_null() || place.is_text()) return place.text_or(otherwise);
  return place["content"].text();
}

JsonPlace TokenizerSettings::added() const { return files_[2].place(); }

}  // namespace clearhead
