// What the models share: their tokens, and how they are read.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "clearhead/text/token_model_internal.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

std::vector<TokenId> with_ids(const std::vector<std::string>& tokens) {
  std::vector<TokenId> result;
  result.reserve(tokens.size());
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    result.push_back({tokens[id], static_cast<std::int64_t>(id)});
  }
  return result;
}

constexpr PartKind<TokenModel> kKinds[] = {
    {"BPE", make_byte_pair_model},
    {"WordPiece", make_word_piece_model},
    {"Unigram", make_unigram_model},
    {"WordLevel", make_word_level_model},
};

}  // namespace

TokenModel::TokenModel(std::vector<std::string> tokens)
    : tokens_(std::move(tokens)), trie_(with_ids(tokens_)) {}

std::unique_ptr<const TokenModel> make_token_model(const JsonPlace& place) {
  if (place.is_null()) place.fail("expected a model, got null");
  if (!place["type"].is_null()) return make_part(place, kKinds);
  // The first files did not say.
  if (!place["merges"].is_null()) return make_byte_pair_model(place);
  if (place["vocab"].is_list()) return make_unigram_model(place);
  if (!place["max_input_chars_per_word"].is_null()) return make_word_piece_model(place);
  return make_word_level_model(place);
}

std::unordered_map<std::string_view, std::int64_t> ids_by_token(
    const std::vector<std::string>& tokens) {
  std::unordered_map<std::string_view, std::int64_t> ids;
  ids.reserve(tokens.size());
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    ids.emplace(tokens[id], static_cast<std::int64_t>(id));
  }
  return ids;
}

std::vector<std::string> read_vocabulary(const JsonPlace& place) {
  const nlohmann::json& json = place.json();
  if (!json.is_object()) place.fail("expected an object of tokens and their ids");
  const std::int64_t most = largest_id(json.size());
  std::vector<std::string> tokens(json.size());
  std::vector<bool> seen(json.size());
  for (const auto& [token, id] : json.items()) {
    if (!id.is_number_integer() || id < 0 || id > most) {
      place.fail(fmt::format("expected ids 0 to {} for its {} tokens, got {} for {}", most,
                             json.size(), id.dump(), nlohmann::json(token).dump()));
    }
    const auto at = id.get<std::size_t>();
    if (at >= tokens.size()) {
      tokens.resize(at + 1);
      seen.resize(at + 1);
    }
    if (seen[at]) place.fail(fmt::format("two tokens have the id {}", at));
    seen[at] = true;
    tokens[at] = token;
  }
  return tokens;
}

std::int64_t largest_id(std::size_t token_count) {
  constexpr std::int64_t kLeftOut = 1 << 16;
  return std::min<std::int64_t>(static_cast<std::int64_t>(token_count) * 2 + kLeftOut,
                                std::numeric_limits<std::int32_t>::max());
}

std::array<std::int64_t, 256> byte_tokens(const TokenModel& model) {
  std::array<std::int64_t, 256> ids{};
  for (std::size_t byte = 0; byte < ids.size(); ++byte) {
    ids[byte] = model.find(fmt::format("<0x{:02X}>", byte)).value_or(-1);
  }
  return ids;
}

void fail_unknown(std::string_view character) {
  std::string_view rest = character;
  const char32_t code_point = take_code_point(rest);
  if (code_point == kNoCodePoint) {
    throw Error(fmt::format("tokenizer: expected UTF-8, got the byte 0x{:02X}",
                            static_cast<unsigned char>(character.front())));
  }
  throw Error(fmt::format("tokenizer: the character \"{}\" (U+{:04X}) is not in the vocabulary",
                          character, static_cast<std::uint32_t>(code_point)));
}

}  // namespace clearhead
