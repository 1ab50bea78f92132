// The rules by pair, and encoding by a queue of the pairs that can be merged.
#include "clearhead/text/byte_pairs.h"

#include <fmt/format.h>

#include <functional>
#include <queue>

#include "clearhead/base/error.h"
#include "clearhead/text/split.h"

namespace clearhead {
namespace {

// Words whose ids one call of `encode` remembers; at most about 10 MB.
constexpr std::size_t kMostRemembered = 100'000;
constexpr std::size_t kLongestRemembered = 64;  // bytes; longer words seldom come again

}  // namespace

BytePairTokenizer::BytePairTokenizer(Vocabulary vocabulary, std::vector<Merge> merges,
                                     bool lowercase)
    : Tokenizer(std::move(vocabulary), lowercase), merges_(std::move(merges)), bytes_(256, -1) {
  const std::vector<std::string>& tokens = this->vocabulary().tokens;
  std::unordered_map<std::string_view, std::int64_t> ids;
  for (std::int64_t id = 0; id < size(); ++id) {
    if (is_special(id)) continue;
    const std::string& bytes = tokens[static_cast<std::size_t>(id)];
    const auto [other, is_new] = ids.emplace(bytes, id);
    if (!is_new) {
      throw Error(
          fmt::format("tokenizer: tokens {} and {} are both \"{}\"", other->second, id, token(id)));
    }
    if (bytes.size() == 1) bytes_[static_cast<unsigned char>(bytes[0])] = id;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (bytes_[byte] >= 0) continue;
    throw Error(fmt::format("tokenizer: the byte 0x{:02X} has no token; all 256 need one", byte));
  }
  rules_.reserve(merges_.size());
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    const auto [left, right] = merges_[i];
    for (const std::int64_t id : {left, right}) {
      if (id < 0 || id >= size() || is_special(id)) {
        throw Error(
            fmt::format("tokenizer: merge {} has the id {}, which is no token of text", i, id));
      }
    }
    const auto found =
        ids.find(tokens[static_cast<std::size_t>(left)] + tokens[static_cast<std::size_t>(right)]);
    const auto names = [&, l = left, r = right] {
      return fmt::format("merge {} (\"{}\", \"{}\")", i, token(l), token(r));
    };
    if (found == ids.end()) {
      throw Error(fmt::format("tokenizer: {} makes a token that is not there", names()));
    }
    const Rule rule{static_cast<std::int64_t>(i), found->second};
    if (!rules_.emplace(pair_key(left, right), rule).second) {
      throw Error(fmt::format("tokenizer: {} is there twice", names()));
    }
  }
}

void BytePairTokenizer::append_ids(std::string_view text, std::vector<std::int64_t>& ids) const {
  std::unordered_map<std::string_view, std::vector<std::int64_t>> remembered;  // views of `text`
  for_each_word(text, [&](std::string_view word) {
    const auto known = remembered.find(word);
    if (known != remembered.end()) {
      ids.insert(ids.end(), known->second.begin(), known->second.end());
      return;
    }
    std::vector<std::int64_t> of_word = encode_word(word);
    ids.insert(ids.end(), of_word.begin(), of_word.end());
    if (word.size() <= kLongestRemembered && remembered.size() < kMostRemembered) {
      remembered.emplace(word, std::move(of_word));
    }
  });
}

// Merges by rank, leftmost first where ranks are equal: O(n log n) for n bytes, since each merge
// takes one symbol away and offers at most two new pairs.
std::vector<std::int64_t> BytePairTokenizer::encode_word(std::string_view word) const {
  struct Symbol {  // a token of the word, in a list
    std::int64_t id;
    std::ptrdiff_t previous;
    std::ptrdiff_t next;
  };
  struct Candidate {
    std::int64_t rank;
    std::ptrdiff_t left;
    std::int64_t left_id, right_id;  // the pair that was there when it was offered
    std::int64_t merged;

    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  const auto length = static_cast<std::ptrdiff_t>(word.size());
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (std::ptrdiff_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
    symbols.push_back({bytes_[byte], i - 1, i + 1 < length ? i + 1 : -1});
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](std::ptrdiff_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const std::int64_t left_id = symbols[left].id, right_id = symbols[symbols[left].next].id;
    const auto rule = rules_.find(pair_key(left_id, right_id));
    if (rule == rules_.end()) return;
    queue.push({rule->second.rank, left, left_id, right_id, rule->second.merged});
  };
  for (std::ptrdiff_t i = 0; i + 1 < length; ++i) offer(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.left];
    // A neighbour may have been merged meanwhile; what was merged away has id −1.
    if (left.id != best.left_id || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    if (right.id != best.right_id) continue;
    left.id = best.merged;
    right.id = -1;
    left.next = right.next;
    if (left.next >= 0) symbols[left.next].previous = best.left;
    offer(left.previous);
    offer(best.left);
  }
  std::vector<std::int64_t> ids;
  for (std::ptrdiff_t i = 0; i >= 0; i = symbols[i].next) ids.push_back(symbols[i].id);
  return ids;
}

}  // namespace clearhead
