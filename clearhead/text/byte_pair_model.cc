// Byte pairs: a piece begins as its characters, and the pairs that are merges are merged by rank.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <unordered_map>

#include "clearhead/base/error.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/token_model_internal.h"

namespace clearhead {
namespace {

// Pieces whose tokens one call of `encode` remembers; at most about 10 MB.
constexpr std::size_t kMostRemembered = 100'000;
constexpr std::size_t kLongestRemembered = 64;  // bytes; longer pieces seldom come again

// Merges by their pair, in a table with open addressing that is at most half full.
class MergeTable {
 public:
  struct Rule {
    std::int32_t rank = -1;    // its place among the merges; −1: none
    std::int32_t merged = -1;  // the token that it makes
  };

  explicit MergeTable(std::size_t count) : slots_(std::bit_ceil(count * 2 + 1)) {}

  Rule find(std::int64_t left, std::int64_t right) const {
    return slots_[slot_of(pair_key(left, right))].rule;
  }
  // False if there is one already.
  bool insert(std::int64_t left, std::int64_t right, Rule rule) {
    const std::uint64_t key = pair_key(left, right);
    Slot& slot = slots_[slot_of(key)];
    if (slot.rule.rank >= 0) return false;
    slot = {key, rule};
    return true;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Rule rule = {};
  };

  // That of the key, or the free one where it belongs.
  std::size_t slot_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::uint64_t hash = key * 0x9e3779b97f4a7c15u;  // 2^64 divided by the golden ratio
    hash ^= hash >> 32;
    std::size_t at = static_cast<std::size_t>(hash) & mask;
    while (slots_[at].rule.rank >= 0 && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

// A token of a piece that is being merged, in a list.
struct Symbol {
  std::int64_t id;  // −1: merged into the one before
  std::int32_t size;
  std::int32_t previous, next;  // −1: none
};

class BytePairModel : public TokenModel {
 public:
  explicit BytePairModel(BytePairParts parts);

  const char* type() const override { return "BPE"; }
  void encode(std::string_view text, const std::vector<TextRange>& pieces,
              std::vector<PlacedToken>& tokens) const override;
  bool knows(std::string_view piece) const override;
  std::vector<Merge> merges() const override { return merges_; }

 private:
  std::int32_t symbol_of(std::string_view character, bool first, bool last) const;
  bool has_bytes(std::string_view character) const;
  void append_symbols(std::string_view piece, std::vector<Symbol>& symbols) const;
  void merge(std::vector<Symbol>& symbols) const;

  BytePairParts parts_;  // without tokens and merges
  std::vector<Merge> merges_;
  MergeTable rules_;
  std::array<std::int64_t, 256> bytes_{};
  std::int64_t unknown_ = -1;
};

BytePairModel::BytePairModel(BytePairParts parts)
    : TokenModel(std::move(parts.tokens)),
      parts_(std::move(parts)),
      merges_(std::move(parts_.merges)),
      rules_(merges_.size()) {
  if (parts_.byte_fallback) bytes_ = byte_tokens(*this);
  if (parts_.unknown) unknown_ = find(*parts_.unknown).value_or(-1);
  const auto token = [&](std::int64_t id) { return tokens()[static_cast<std::size_t>(id)]; };
  const std::size_t prefix = parts_.continuing_prefix.size();
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    const auto& [left, right] = merges_[i];
    const auto fail = [&, left = left, right = right](std::string_view fault) {
      throw Error(fmt::format("merge {} (\"{}\", \"{}\") {}", i, token(left), token(right), fault));
    };
    if (token(right).size() < prefix) fail("has a second that is shorter than the prefix");
    const std::optional<std::int64_t> made = find(token(left) + token(right).substr(prefix));
    if (!made) fail("makes a token that is not there");
    const MergeTable::Rule rule{static_cast<std::int32_t>(i), static_cast<std::int32_t>(*made)};
    if (!rules_.insert(left, right, rule)) fail("is there twice");
  }
}

void BytePairModel::encode(std::string_view text, const std::vector<TextRange>& pieces,
                           std::vector<PlacedToken>& tokens) const {
  // Tokens of pieces, as places in `tokens` and where they begin.
  struct Known {
    std::size_t first, count, begin;
  };
  std::unordered_map<std::string_view, Known> remembered;
  std::vector<Symbol> symbols;
  for (const TextRange range : pieces) {
    const std::string_view piece = text.substr(range.begin, range.end - range.begin);
    if (const auto known = remembered.find(piece); known != remembered.end()) {
      const auto [first, count, begin] = known->second;
      for (std::size_t i = first; i < first + count; ++i) {
        const PlacedToken one = tokens[i];
        tokens.push_back(
            {one.id, {one.range.begin - begin + range.begin, one.range.end - begin + range.begin}});
      }
      continue;
    }
    const std::size_t first = tokens.size();
    const std::int32_t whole = parts_.ignore_merges ? trie().find(piece) : TokenTrie::kNone;
    if (whole != TokenTrie::kNone) {
      tokens.push_back({whole, range});
    } else {
      symbols.clear();
      append_symbols(piece, symbols);
      merge(symbols);
      std::size_t begin = range.begin;
      for (const Symbol& symbol : symbols) {
        if (symbol.id < 0) continue;
        const std::size_t end = std::min(range.end, begin + static_cast<std::size_t>(symbol.size));
        tokens.push_back({symbol.id, {begin, end}});
        begin = end;
      }
    }
    if (piece.size() <= kLongestRemembered && remembered.size() < kMostRemembered) {
      remembered.emplace(piece, Known{first, tokens.size() - first, range.begin});
    }
  }
}

bool BytePairModel::knows(std::string_view piece) const {
  if (unknown_ >= 0) return true;
  while (!piece.empty()) {
    const std::string_view before = piece;
    take_character(piece);
    const std::string_view character = before.substr(0, before.size() - piece.size());
    if (symbol_of(character, true, piece.empty()) < 0 && !has_bytes(character)) return false;
  }
  return true;
}

std::int32_t BytePairModel::symbol_of(std::string_view character, bool first, bool last) const {
  const bool prefix = !first && !parts_.continuing_prefix.empty();
  const bool suffix = last && !parts_.end_suffix.empty();
  if (!prefix && !suffix) return trie().find(character);
  return trie().find(fmt::format("{}{}{}", prefix ? parts_.continuing_prefix : "", character,
                                 suffix ? parts_.end_suffix : ""));
}

bool BytePairModel::has_bytes(std::string_view character) const {
  return parts_.byte_fallback && std::all_of(character.begin(), character.end(), [&](char byte) {
           return bytes_[static_cast<unsigned char>(byte)] >= 0;
         });
}

void BytePairModel::append_symbols(std::string_view piece, std::vector<Symbol>& symbols) const {
  bool before_is_unknown = false;
  const auto add = [&](std::int64_t id, std::size_t size) {
    const auto at = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({id, static_cast<std::int32_t>(size), at - 1, at + 1});
  };
  for (std::string_view rest = piece; !rest.empty();) {
    const std::string_view before = rest;
    take_character(rest);
    const std::string_view character = before.substr(0, before.size() - rest.size());
    const std::int32_t id = symbol_of(character, before.size() == piece.size(), rest.empty());
    const bool is_unknown = id < 0 && !has_bytes(character);
    if (id >= 0) {
      add(id, character.size());
    } else if (!is_unknown) {
      for (const char byte : character) add(bytes_[static_cast<unsigned char>(byte)], 1);
    } else if (unknown_ < 0) {
      fail_unknown(character);
    } else if (before_is_unknown && parts_.fuse_unknown) {
      symbols.back().size += static_cast<std::int32_t>(character.size());
    } else {
      add(unknown_, character.size());
    }
    before_is_unknown = is_unknown;
  }
  if (!symbols.empty()) symbols.back().next = -1;
}

// Merges by rank, leftmost first where ranks are equal: O(n log n) for n symbols, since each merge
// takes one away and offers at most two new pairs.
void BytePairModel::merge(std::vector<Symbol>& symbols) const {
  struct Candidate {
    std::int32_t rank, merged;
    std::int32_t left;
    std::int64_t left_id, right_id;  // the pair that was there when it was offered

    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  if (merges_.empty()) return;
  std::vector<Candidate> offers;
  offers.reserve(symbols.size() * 2);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>{},
                                                                               std::move(offers));
  const auto offer = [&](std::int32_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const std::int64_t left_id = symbols[left].id, right_id = symbols[symbols[left].next].id;
    const MergeTable::Rule rule = rules_.find(left_id, right_id);
    if (rule.rank >= 0) queue.push({rule.rank, rule.merged, left, left_id, right_id});
  };
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) offer(static_cast<std::int32_t>(i));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.left];
    // A neighbour may have been merged meanwhile.
    if (left.id != best.left_id || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    if (right.id != best.right_id) continue;
    left.id = best.merged;
    left.size += right.size;
    right.id = -1;
    left.next = right.next;
    if (left.next >= 0) symbols[left.next].previous = best.left;
    offer(left.previous);
    offer(best.left);
  }
}

// "LEFT RIGHT", as old files have them (a blank within a token is spelt otherwise), or a list of
// both.
std::pair<std::string, std::string> read_merge(const JsonPlace& place) {
  std::string left, right;
  if (place.is_text()) {
    const std::string text = place.text();
    const std::size_t blank = text.find(' ');
    if (blank != std::string::npos) {
      left = text.substr(0, blank);
      right = text.substr(blank + 1);
    }
  } else if (const nlohmann::json& both = place.json(); both.is_array() && both.size() == 2) {
    // Not by places: a list has 100,000 of these tokens.
    if (both[0].is_string() && both[1].is_string()) {
      left = both[0].get<std::string>();
      right = both[1].get<std::string>();
    }
  }
  if (left.empty() || right.empty()) {
    place.fail("expected two tokens, as \"LEFT RIGHT\" or [\"LEFT\", \"RIGHT\"]");
  }
  return {std::move(left), std::move(right)};
}

std::vector<Merge> read_merges(const JsonPlace& place, const std::vector<std::string>& tokens) {
  const std::unordered_map<std::string_view, std::int64_t> ids = ids_by_token(tokens);
  std::vector<Merge> merges;
  for (const JsonPlace& one : place.elements()) {
    const auto [left, right] = read_merge(one);
    const auto id_of = [&](const std::string& token) {
      const auto found = ids.find(token);
      if (found == ids.end()) one.fail(fmt::format("\"{}\" is not in /model/vocab", token));
      return found->second;
    };
    merges.push_back({id_of(left), id_of(right)});
  }
  return merges;
}

}  // namespace

std::unique_ptr<const TokenModel> make_byte_pair_model(BytePairParts parts) {
  return std::make_unique<BytePairModel>(std::move(parts));
}

std::unique_ptr<const TokenModel> make_byte_pair_model(const JsonPlace& place) {
  if (const JsonPlace dropout = place["dropout"]; !dropout.is_null() && dropout.number() != 0) {
    dropout.fail("expected null: one text has one sequence of tokens here");
  }
  BytePairParts parts;
  parts.tokens = read_vocabulary(place["vocab"]);
  parts.merges = read_merges(place["merges"], parts.tokens);
  if (const JsonPlace unknown = place["unk_token"]; !unknown.is_null()) {
    parts.unknown = unknown.text();
  }
  parts.fuse_unknown = place["fuse_unk"].flag_or(false);
  parts.byte_fallback = place["byte_fallback"].flag_or(false);
  parts.ignore_merges = place["ignore_merges"].flag_or(false);
  parts.continuing_prefix = place["continuing_subword_prefix"].text_or("");
  parts.end_suffix = place["end_of_word_suffix"].text_or("");
  try {
    return make_byte_pair_model(std::move(parts));
  } catch (const Error& error) {
    place.fail(error.what());
  }
}

}  // namespace clearhead
