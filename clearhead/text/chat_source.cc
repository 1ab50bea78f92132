// Of two places for the template the newer one is a file of its own.
#include "clearhead/text/chat_source.h"

#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_settings_internal.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

// A template, or the default one of a list of them.
std::string template_of(const JsonPlace& place) {
  if (!place.is_list()) return place.text_or("");
  for (const JsonPlace& one : place.elements()) {
    if (one["name"].text() == "default") return one["template"].text();
  }
  return {};
}

}  // namespace

ChatSource read_chat_source(const fs::path& folder) {
  const TokenizerSettings settings(folder);
  ChatSource source{.jinja = template_of(settings["chat_template"]),
                    .start = settings.token("bos_token"),
                    .end = settings.token("eos_token")};
  const fs::path own = folder / "chat_template.jinja";
  if (fs::exists(own)) source.jinja = read_text(own);
  return source;
}

}  // namespace clearhead
