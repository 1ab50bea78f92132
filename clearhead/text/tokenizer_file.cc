// tokenizer.json read, and the parts of a tokenizer made of it.
#include "clearhead/text/tokenizer_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {

using Json = nlohmann::json;

Tokenizer make_tokenizer(Json description, std::unique_ptr<const TokenModel> model,
                         const std::string& file) {
  auto parts = std::make_shared<TokenizerParts>();
  const JsonPlace root(description, file);
  parts->model = std::move(model);
  parts->normalizer = make_normalizer(root["normalizer"]);
  parts->pre_tokenizer = make_pre_tokenizer(root["pre_tokenizer"]);
  parts->post_processor = make_post_processor(root["post_processor"]);
  parts->decoder = make_token_decoder(root["decoder"]);
  parts->added =
      AddedTokens(read_added_tokens(root["added_tokens"], *parts->model), parts->normalizer.get());
  parts->size = std::ssize(parts->model->tokens());
  for (const AddedToken& token : parts->added.tokens()) {
    parts->size = std::max(parts->size, token.id + 1);
  }
  parts->takes_bytes = parts->pre_tokenizer != nullptr && parts->pre_tokenizer->spells_bytes() &&
                       parts->decoder != nullptr && parts->decoder->spells_bytes();
  description["model"].erase("vocab");
  description["model"].erase("merges");
  parts->description = description.dump();
  return Tokenizer(std::move(parts));
}

std::shared_ptr<const Tokenizer> parse_tokenizer(std::string_view text, const std::string& file) {
  Json root = parse_json(text, file);
  if (!root.is_object()) throw Error(file + ": expected a JSON object, as tokenizer.json is");
  const JsonPlace place(root, file);
  if (const JsonPlace version = place["version"]; !version.is_null()) {
    if (version.json() != "1.0") version.fail("expected \"1.0\", got " + version.shown());
  }
  std::unique_ptr<const TokenModel> model = make_token_model(place["model"]);
  return std::make_shared<const Tokenizer>(make_tokenizer(std::move(root), std::move(model), file));
}

std::shared_ptr<const Tokenizer> read_tokenizer(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return parse_tokenizer(utf8_text(text, path.string()), path.string());
}

}  // namespace clearhead
