// Settings of three files, and the vocabulary, as one list.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/text/named_tokens_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

// What the settings may name; a kind of tokenizer has usual names for some.
constexpr std::string_view kNames[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                       "pad_token", "cls_token", "mask_token"};

AddedToken read(const JsonPlace& place) {
  if (place.is_text()) return {.name = place.text()};
  return read_added_token(place, /*special=*/true);
}

}  // namespace

NamedTokens::NamedTokens(std::vector<std::string> vocabulary) : tokens_(std::move(vocabulary)) {
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    ids_.emplace(tokens_[id], static_cast<std::int64_t>(id));
  }
}

NamedTokens::NamedTokens(std::vector<std::string> vocabulary, const Json& known)
    : NamedTokens(std::move(vocabulary)) {
  for (const Json& one : known) {
    const auto id = one["id"].get<std::int64_t>();
    added_[id] = {
        .id = id, .name = one["content"].get<std::string>(), .special = one["special"].get<bool>()};
  }
}

void NamedTokens::add(const TokenizerSettings& settings, std::vector<NamedToken> named) {
  for (const std::string_view name : kNames) {
    const bool has_usual =
        std::any_of(named.begin(), named.end(), [&](const auto& one) { return one.name == name; });
    if (!has_usual && !settings[name].is_null()) named.push_back({name, ""});
  }
  std::unordered_set<std::string> specials;
  for (const NamedToken& one : named) specials.insert(settings.token(one.name, one.usual));
  add_numbered(settings["added_tokens_decoder"]);
  const JsonPlace numbers = settings.added();
  std::map<std::int64_t, AddedToken> sorted;
  for (const auto& [name, id] : numbers.json().items()) {
    const bool special = specials.contains(name);
    sorted[numbers[name].integer(0, largest_id(tokens_.size()))] = {
        .name = name, .special = special, .normalized = !special};
  }
  for (auto& [id, token] : sorted) add(std::move(token), id);
  for (const NamedToken& one : named) {
    const JsonPlace place = settings[one.name];
    AddedToken token =
        place.is_null() ? AddedToken{.name = one.usual, .left_strip = one.left_strip} : read(place);
    token.special = true;
    add(std::move(token), std::nullopt);
  }
  const JsonPlace more = settings["additional_special_tokens"];
  if (more.is_null()) return;
  for (const JsonPlace& place : more.elements()) add(read(place), std::nullopt);
}

std::int64_t NamedTokens::id(const std::string& name, const std::string& file) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) throw Error(fmt::format("{}: it has no token \"{}\"", file, name));
  return found->second;
}

Json NamedTokens::json() const {
  Json list = Json::array();
  for (const auto& [id, token] : added_) {
    list.push_back(Json{{"id", id},
                        {"content", token.name},
                        {"single_word", token.single_word},
                        {"lstrip", token.left_strip},
                        {"rstrip", token.right_strip},
                        {"normalized", token.normalized},
                        {"special", token.special}});
  }
  return list;
}

// {"32000": {"content": …}}, by id.
void NamedTokens::add_numbered(const JsonPlace& list) {
  if (list.is_null()) return;
  const std::int64_t most = largest_id(tokens_.size());
  std::map<std::int64_t, AddedToken> sorted;
  for (const auto& [number, token] : list.json().items()) {
    const bool is_number = !number.empty() && number.size() < 10 &&
                           number.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoll(number) > most) {
      list.fail(fmt::format("expected ids up to {}, got {}", most, Json(number).dump()));
    }
    sorted[std::stoll(number)] = read(list[number]);
  }
  for (auto& [id, token] : sorted) add(std::move(token), id);
}

void NamedTokens::add(AddedToken token, std::optional<std::int64_t> wished) {
  if (token.name.empty()) return;
  token.id = ids_.emplace(token.name, wished.value_or(std::ssize(tokens_))).first->second;
  const auto id = static_cast<std::size_t>(token.id);
  if (id >= tokens_.size()) tokens_.resize(id + 1);
  if (tokens_[id].empty()) tokens_[id] = token.name;
  added_[token.id] = std::move(token);
}

}  // namespace clearhead
