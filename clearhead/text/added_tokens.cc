// Names found by a trie, and the white space that belongs to them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "clearhead/base/encoding.h"
#include "clearhead/text/added_tokens_internal.h"
#include "clearhead/text/characters_internal.h"

namespace clearhead {
namespace {

// Where the last character of `text` begins.
std::size_t last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && !begins_code_point(text[at])) --at;
  std::string_view rest = text.substr(at);
  take_character(rest);
  return rest.empty() ? at : text.size() - 1;  // a loose byte
}

char32_t character_at(std::string_view text) { return take_character(text); }

bool ends_with_word(std::string_view text) {
  return !text.empty() && is_word_character(character_at(text.substr(last_character(text))));
}

std::size_t without_blanks_behind(std::string_view text) {
  while (!text.empty()) {
    const std::size_t last = last_character(text);
    if (!is_white_space(character_at(text.substr(last)))) break;
    text = text.substr(0, last);
  }
  return text.size();
}

std::size_t leading_blanks(std::string_view text) {
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); count = text.size() - rest.size()) {
    if (!is_white_space(take_character(rest))) break;
  }
  return count;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const Normalizer* normalizer)
    : tokens_(std::move(tokens)) {
  std::vector<std::string> names(tokens_.size());
  std::vector<TokenId> ids[2];
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    by_id_.emplace(token.id, i);
    by_name_.emplace(token.name, i);
    names[i] = token.name;
    if (token.normalized && normalizer != nullptr) {
      AlignedText name(token.name, {0, token.name.size()}, false);
      normalizer->apply(name);
      names[i] = name.text();
    }
    ids[token.normalized ? 1 : 0].push_back({names[i], static_cast<std::int64_t>(i)});
  }
  for (std::size_t i = 0; i < 2; ++i) names_[i] = TokenTrie(std::move(ids[i]));
}

std::vector<TextPart> AddedTokens::split(std::string_view text, bool normalized) const {
  if (text.empty()) return {};
  const TokenTrie& names = names_[normalized ? 1 : 0];
  if (names.empty()) return {{{0, text.size()}}};
  std::vector<TextPart> parts;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const TokenTrie::Match match = names.longest(text.substr(at));
    if (match.id == TokenTrie::kNone) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(match.id)];
    std::size_t begin = at, end = at + match.size;
    at = end;
    if (token.single_word &&
        (ends_with_word(text.substr(0, begin)) ||
         (end < text.size() && is_word_character(character_at(text.substr(end)))))) {
      continue;
    }
    if (token.left_strip) begin = done + without_blanks_behind(text.substr(done, begin - done));
    if (token.right_strip) end += leading_blanks(text.substr(end));
    if (begin > done) parts.push_back({{done, begin}});
    parts.push_back({{begin, end}, token.id});
    done = end;
    at = std::max(at, done);
  }
  if (done < text.size()) parts.push_back({{done, text.size()}});
  return parts;
}

const AddedToken* AddedTokens::find(std::int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tokens_[found->second];
}

AddedToken read_added_token(const JsonPlace& place, bool special) {
  special = place["special"].flag_or(special);
  return {.name = place["content"].text(),
          .special = special,
          .single_word = place["single_word"].flag_or(false),
          .left_strip = place["lstrip"].flag_or(false),
          .right_strip = place["rstrip"].flag_or(false),
          .normalized = place["normalized"].flag_or(!special)};
}

std::vector<AddedToken> read_added_tokens(const JsonPlace& place, const TokenModel& model) {
  if (place.is_null()) return {};
  const std::vector<JsonPlace> places = place.elements();
  const std::int64_t most = largest_id(model.tokens().size() + places.size());
  std::set<std::int64_t> ids;
  std::set<std::string> names;
  std::vector<AddedToken> tokens;
  for (const JsonPlace& one : places) {
    AddedToken token = read_added_token(one, /*special=*/false);
    token.id = one["id"].integer(0, most);
    if (token.name.empty()) one["content"].fail("expected a name, got an empty one");
    const std::optional<std::int64_t> known = model.find(token.name);
    if (known && *known != token.id) {
      one["id"].fail(fmt::format("expected {}, as in the vocabulary, got {}", *known, token.id));
    }
    const bool taken = token.id < std::ssize(model.tokens()) &&
                       !model.tokens()[static_cast<std::size_t>(token.id)].empty();
    if (!known && taken) {
      one["id"].fail(fmt::format("the vocabulary has another token {}", token.id));
    }
    if (!ids.insert(token.id).second || !names.insert(token.name).second) {
      one.fail("the token is there twice");
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace clearhead
