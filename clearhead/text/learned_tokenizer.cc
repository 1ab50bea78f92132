// What is learnt, written as tokenizer.json says it, and made as if it had been read.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/learned_tokenizer_internal.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

// Text must never become a special token, nor one token another.
void check_tokens(const std::vector<std::string>& tokens, std::size_t special_count) {
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const std::string& token = tokens[id];
    if (id < special_count && (token.empty() || find_invalid_utf8(token) != std::string::npos)) {
      throw Error(fmt::format("tokenizer: special token {} has no name that is UTF-8", id));
    }
    const auto [other, is_new] = ids.emplace(token, id);
    if (is_new) continue;
    if (id < special_count) {
      throw Error(fmt::format("tokenizer: two special tokens are named {}", token));
    }
    throw Error(fmt::format("tokenizer: token {} has the name of the special token {}, {}", id,
                            other->second, token));
  }
}

Json added_tokens(const std::vector<std::string>& specials) {
  Json list = Json::array();
  for (std::size_t id = 0; id < specials.size(); ++id) {
    list.push_back(Json{{"id", id},
                        {"content", specials[id]},
                        {"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", true}});
  }
  return list;
}

}  // namespace

Tokenizer learned_tokenizer(TokenUnit unit, const std::vector<std::string>& specials,
                            const std::vector<std::string>& tokens, std::vector<Merge> merges,
                            bool lowercase) {
  BytePairParts parts{.tokens = specials, .merges = std::move(merges)};
  for (const std::string& token : tokens) parts.tokens.push_back(token);
  check_tokens(parts.tokens, specials.size());
  const bool bytes = unit == TokenUnit::bytes;
  if (bytes) {
    for (std::size_t id = specials.size(); id < parts.tokens.size(); ++id) {
      parts.tokens[id] = spell_bytes(parts.tokens[id]);
    }
  } else if (std::find(specials.begin(), specials.end(), kUnknownToken) != specials.end()) {
    parts.unknown = std::string(kUnknownToken);
  }
  const Json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
  Json description = {{"version", "1.0"}, {"added_tokens", added_tokens(specials)}};
  description["normalizer"] = lowercase ? Json{{"type", "Lowercase"}} : Json();
  description["pre_tokenizer"] = bytes ? byte_level : Json();
  description["decoder"] = bytes ? byte_level : Json{{"type", "Fuse"}};
  description["model"] = {{"type", "BPE"}, {"fuse_unk", false}, {"byte_fallback", false}};
  if (parts.unknown) description["model"]["unk_token"] = *parts.unknown;
  return make_tokenizer(std::move(description), make_byte_pair_model(std::move(parts)),
                        "tokenizer");
}

}  // namespace clearhead
