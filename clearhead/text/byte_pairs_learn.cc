// Learning merges: all different words of the texts lie in one list of symbols; each pair knows how
// often and where it is, and a merge touches only those places.
#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "clearhead/base/error.h"
#include "clearhead/text/added_tokens_internal.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/learned_tokenizer_internal.h"
#include "clearhead/text/split.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

constexpr std::int64_t kBytes = 256;
constexpr std::int64_t kFewest = 2;  // a pair that is there once teaches nothing

using WordCounts = std::unordered_map<std::string, std::int64_t>;

WordCounts count_words(std::span<const std::string_view> texts, const AddedTokens& specials,
                       bool lowercase) {
  WordCounts counts;
  for (const std::string_view text : texts) {
    for (const TextPart& part : specials.split(text, false)) {
      if (part.added >= 0) continue;
      const std::string_view words =
          text.substr(part.range.begin, part.range.end - part.range.begin);
      const std::string lowered = lowercase ? clearhead::lowercase(words) : std::string();
      for_each_word(lowercase ? lowered : words,
                    [&](std::string_view word) { ++counts[std::string(word)]; });
    }
  }
  return counts;
}

class Learner {
 public:
  Learner(const WordCounts& words, std::vector<std::string> specials);

  // Merges the most frequent pair; false if none is there often enough.
  bool step();

  std::vector<std::string> tokens;
  std::vector<Merge> merges;

 private:
  struct Symbol {
    std::int64_t id;              // −1: merged away
    std::int64_t previous, next;  // −1: the word ends
    std::int64_t count;           // how often the word is there
  };
  struct Pair {
    std::int64_t count = 0;
    std::vector<std::int64_t> places;  // of its left symbols; some may have been merged since
  };
  struct Candidate {
    std::int64_t count;
    std::uint64_t key;

    bool operator<(const Candidate& other) const {  // the greatest is merged first
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  void add_word(const std::string& word, std::int64_t count);
  // Counts the pair that begins at `left`, if one does; `sign` −1: no longer.
  void count_pair(std::int64_t left, int sign);
  std::int64_t token_for(std::uint64_t key);
  void merge(std::uint64_t key, std::int64_t merged);

  std::int64_t special_count_;
  std::unordered_map<std::string, std::int64_t> ids_;  // of tokens, special ones too
  std::unordered_set<std::uint64_t> learnt_;
  std::vector<Symbol> symbols_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::vector<std::uint64_t> grown_;  // pairs that the current merge made more frequent
  std::priority_queue<Candidate> queue_;
};

Learner::Learner(const WordCounts& words, std::vector<std::string> specials)
    : tokens(std::move(specials)), special_count_(static_cast<std::int64_t>(tokens.size())) {
  for (int byte = 0; byte < kBytes; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    ids_.emplace(tokens[id], static_cast<std::int64_t>(id));
  }
  for (const auto& [word, count] : words) add_word(word, count);
  for (const auto& [key, pair] : pairs_) queue_.push({pair.count, key});
  grown_.clear();
}

void Learner::add_word(const std::string& word, std::int64_t count) {
  const auto begin = static_cast<std::int64_t>(symbols_.size());
  const auto length = static_cast<std::int64_t>(word.size());
  for (std::int64_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
    symbols_.push_back({special_count_ + byte, i > 0 ? begin + i - 1 : -1,
                        i + 1 < length ? begin + i + 1 : -1, count});
  }
  for (std::int64_t i = 0; i < length; ++i) count_pair(begin + i, +1);
}

void Learner::count_pair(std::int64_t left, int sign) {
  if (left < 0 || symbols_[left].next < 0) return;
  const std::uint64_t key = pair_key(symbols_[left].id, symbols_[symbols_[left].next].id);
  Pair& pair = pairs_[key];
  pair.count += sign * symbols_[left].count;
  if (sign < 0) return;
  pair.places.push_back(left);
  grown_.push_back(key);
}

// The token that a pair makes, which may be there already: "a" + "bc" and "ab" + "c" are the same.
std::int64_t Learner::token_for(std::uint64_t key) {
  const std::string bytes = tokens[key >> 32] + tokens[key & 0xffffffff];
  const auto [found, is_new] = ids_.emplace(bytes, static_cast<std::int64_t>(tokens.size()));
  if (is_new) tokens.push_back(bytes);
  return found->second;
}

bool Learner::step() {
  while (!queue_.empty()) {
    const Candidate best = queue_.top();
    queue_.pop();
    const auto pair = pairs_.find(best.key);
    if (pair == pairs_.end() || pair->second.count < kFewest) continue;
    if (pair->second.count != best.count) {
      // It became less frequent since it was queued; a more frequent one is queued elsewhere.
      if (pair->second.count < best.count) queue_.push({pair->second.count, best.key});
      continue;
    }
    const std::int64_t merged = token_for(best.key);
    if (merged < special_count_) continue;  // text must never become a special token
    if (learnt_.insert(best.key).second) {
      merges.push_back({static_cast<std::int64_t>(best.key >> 32),
                        static_cast<std::int64_t>(best.key & 0xffffffff)});
    }
    merge(best.key, merged);
    return true;
  }
  return false;
}

void Learner::merge(std::uint64_t key, std::int64_t merged) {
  const auto left_id = static_cast<std::int64_t>(key >> 32);
  const auto right_id = static_cast<std::int64_t>(key & 0xffffffff);
  std::vector<std::int64_t> places = std::move(pairs_[key].places);
  std::sort(places.begin(), places.end());  // of "aaa" the left pair is merged, as encoding does
  for (const std::int64_t place : places) {
    Symbol& left = symbols_[place];
    if (left.id != left_id || left.next < 0 || symbols_[left.next].id != right_id) continue;
    Symbol& right = symbols_[left.next];
    count_pair(left.previous, -1);
    count_pair(left.next, -1);
    left.id = merged;
    right.id = -1;
    left.next = right.next;
    if (left.next >= 0) symbols_[left.next].previous = place;
    count_pair(left.previous, +1);
    count_pair(place, +1);
  }
  pairs_.erase(key);
  std::sort(grown_.begin(), grown_.end());
  grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  for (const std::uint64_t grown : grown_) {
    if (const auto pair = pairs_.find(grown); pair != pairs_.end()) {
      queue_.push({pair->second.count, grown});
    }
  }
  grown_.clear();
}

}  // namespace

Tokenizer learn_byte_pairs(std::span<const std::string_view> texts,
                           const BytePairOptions& options) {
  const auto special_count = static_cast<std::int64_t>(options.specials.size());
  if (options.size < special_count + kBytes || options.size > std::int64_t{1} << 24) {
    throw Error(fmt::format(
        "tokenizer: expected a vocabulary of {} (the special tokens and the 256 bytes) to 2^24 "
        "tokens, got {}",
        special_count + kBytes, options.size));
  }
  std::vector<AddedToken> specials;
  for (std::int64_t id = 0; id < special_count; ++id) {
    specials.push_back({.id = id, .name = options.specials[static_cast<std::size_t>(id)]});
  }
  Learner learner(count_words(texts, AddedTokens(std::move(specials), nullptr), options.lowercase),
                  options.specials);
  while (static_cast<std::int64_t>(learner.tokens.size()) < options.size && learner.step()) {
  }
  const std::vector<std::string> tokens(learner.tokens.begin() + special_count,
                                        learner.tokens.end());
  return learned_tokenizer(TokenUnit::bytes, options.specials, tokens, std::move(learner.merges),
                           options.lowercase);
}

}  // namespace clearhead
