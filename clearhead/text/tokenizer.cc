// What all tokenizers share: special tokens, and ids back to text.
#include "clearhead/text/tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

[[noreturn]] void fail_id(std::int64_t id, std::int64_t size) {
  throw Error(fmt::format("tokenizer: expected ids 0 to {}, got {}", size - 1, id));
}

}  // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary, bool lowercase)
    : vocabulary_(std::move(vocabulary)), lowercase_(lowercase) {
  for (const std::int64_t id : vocabulary_.specials) {
    if (id < 0 || id >= size()) fail_id(id, size());
    const std::string& name = vocabulary_.tokens[static_cast<std::size_t>(id)];
    if (name.empty() || find_invalid_utf8(name) != std::string::npos) {
      throw Error(fmt::format("tokenizer: special token {} has no name that is UTF-8", id));
    }
    if (!specials_.emplace(name, id).second) {
      throw Error(fmt::format("tokenizer: two special tokens are named {}", name));
    }
  }
  for (std::int64_t id = 0; id < size(); ++id) {
    const std::string& token = vocabulary_.tokens[static_cast<std::size_t>(id)];
    if (token.empty()) throw Error(fmt::format("tokenizer: token {} is empty", id));
    const auto special = specials_.find(token);
    if (special != specials_.end() && special->second != id) {
      throw Error(fmt::format("tokenizer: token {} has the name of the special token {}, {}", id,
                              special->second, token));
    }
  }
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> ids;
  for (const TextPart& part : split_at_specials(text, specials_)) {
    if (part.special >= 0) {
      ids.push_back(part.special);
    } else if (lowercase_) {
      append_ids(clearhead::lowercase(part.text), ids);
    } else {
      append_ids(part.text, ids);
    }
  }
  return ids;
}

std::vector<std::string> Tokenizer::unknown_characters(std::string_view text) const {
  std::vector<std::string> unknown;
  std::set<std::string_view> seen;
  visit_characters(text, [&](std::string_view part, bool known) {
    if (!known && seen.insert(part).second) unknown.emplace_back(part);
  });
  return unknown;
}

std::string Tokenizer::replace_unknown(std::string_view text, std::string_view by) const {
  std::string result;
  visit_characters(text, [&](std::string_view part, bool known) { result += known ? part : by; });
  return result;
}

void Tokenizer::visit_characters(std::string_view text,
                                 const std::function<void(std::string_view, bool)>& visit) const {
  const auto all_known = [this](std::string_view characters) {
    while (!characters.empty()) {
      if (!knows(take_code_point(characters))) return false;
    }
    return true;
  };
  for (const TextPart& part : split_at_specials(text, specials_)) {
    if (part.special >= 0) {
      visit(part.text, true);
      continue;
    }
    for (std::string_view rest = part.text; !rest.empty();) {
      const std::string_view before = rest;
      take_code_point(rest);
      const std::string_view character = before.substr(0, before.size() - rest.size());
      // The lower case of one character may be two.
      visit(character, lowercase_ ? all_known(lowercase(character)) : all_known(character));
    }
  }
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids) const {
  std::string text;
  for (const std::int64_t id : ids) {
    if (id < 0 || id >= size()) fail_id(id, size());
    if (!is_special(id)) text += vocabulary_.tokens[static_cast<std::size_t>(id)];
  }
  return text;
}

std::string Tokenizer::token(std::int64_t id) const {
  if (id < 0 || id >= size()) fail_id(id, size());
  std::string shown;
  for (std::string_view rest = vocabulary_.tokens[static_cast<std::size_t>(id)]; !rest.empty();) {
    const auto byte = static_cast<unsigned char>(rest.front());
    const char32_t code_point = take_code_point(rest);
    if (code_point == kNoCodePoint) {
      shown += fmt::format("<0x{:02X}>", byte);
    } else {
      append_code_point(shown, code_point);
    }
  }
  return shown;
}

std::int64_t Tokenizer::special(std::string_view name) const {
  if (const std::optional<std::int64_t> id = find_special(name)) return *id;
  std::vector<std::string> names;
  for (const auto& [known, id] : specials_) names.push_back(known);
  throw Error(fmt::format("tokenizer: expected a special token {}, it has {}", name,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

bool Tokenizer::is_special(std::int64_t id) const {
  return std::find(vocabulary_.specials.begin(), vocabulary_.specials.end(), id) !=
         vocabulary_.specials.end();
}

std::optional<std::int64_t> Tokenizer::find_special(std::string_view name) const {
  const auto found = specials_.find(name);
  if (found == specials_.end()) return std::nullopt;
  return found->second;
}

std::vector<TextPart> split_at_specials(
    std::string_view text, const std::map<std::string, std::int64_t, std::less<>>& specials) {
  // Where each special token comes next; looked for anew only once the text is cut beyond it, so
  // that all of them together read the text once each.
  struct Next {
    std::string_view name;
    std::int64_t id;
    std::size_t at;
  };
  std::vector<Next> next;
  for (const auto& [name, id] : specials) next.push_back({name, id, text.find(name)});
  std::vector<TextPart> parts;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const Next* first = nullptr;
    for (Next& one : next) {
      if (one.at < begin) one.at = text.find(one.name, begin);
      if (one.at == std::string_view::npos) continue;
      const bool better = first == nullptr || one.at < first->at ||
                          (one.at == first->at && one.name.size() > first->name.size());
      if (better) first = &one;
    }
    const std::size_t end = first == nullptr ? text.size() : first->at;
    if (end > begin) parts.push_back({text.substr(begin, end - begin)});
    if (first == nullptr) break;
    parts.push_back({text.substr(end, first->name.size()), first->id});
    begin = end + first->name.size();
  }
  return parts;
}

}  // namespace clearhead
