// Two files, of which the newer one has the template alone.
#include "clearhead/text/chat_source.h"

#include <nlohmann/json.hpp>

#include "clearhead/text/json_place_internal.h"
#include "clearhead/text/text_file.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A template, or the default one of a list of them.
std::string template_of(const JsonPlace& place) {
  if (!place.is_list()) return place.text_or("");
  for (const JsonPlace& one : place.elements()) {
    if (one["name"].text() == "default") return one["template"].text();
  }
  return {};
}

// A token, which may be an object with its content.
std::string token_of(const JsonPlace& place) {
  return place.is_null() || place.is_text() ? place.text_or("") : place["content"].text();
}

}  // namespace

ChatSource read_chat_source(const fs::path& folder) {
  ChatSource source;
  for (const char* const name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const fs::path file = folder / name;
    if (!fs::exists(file)) continue;
    const Json root = parse_json(read_text(file), file.string());
    const std::string file_name = file.string();
    const JsonPlace fields(root, file_name);
    if (source.jinja.empty()) source.jinja = template_of(fields["chat_template"]);
    if (source.start.empty()) source.start = token_of(fields["bos_token"]);
    if (source.end.empty()) source.end = token_of(fields["eos_token"]);
  }
  const fs::path own = folder / "chat_template.jinja";
  if (fs::exists(own)) source.jinja = read_text(own);
  return source;
}

}  // namespace clearhead
