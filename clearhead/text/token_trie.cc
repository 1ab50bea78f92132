// Built level by level from the sorted tokens, so that the children of a node lie side by side.
#include <algorithm>

#include "clearhead/text/token_trie_internal.h"

namespace clearhead {

TokenTrie::TokenTrie(std::vector<TokenId> tokens) {
  std::erase_if(tokens, [](const TokenId& one) { return one.token.empty(); });
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const TokenId& a, const TokenId& b) { return a.token < b.token; });
  struct Range {  // of the tokens behind a node
    std::size_t begin, end, depth;
  };
  std::vector<Range> ranges{{0, tokens.size(), 0}};
  nodes_.push_back({0, kNone, 0, 0});
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    auto [begin, end, depth] = ranges[node];
    for (; begin < end && tokens[begin].token.size() == depth; ++begin) {
      nodes_[node].id = static_cast<std::int32_t>(tokens[begin].id);
    }
    nodes_[node].first_child = static_cast<std::int32_t>(nodes_.size());
    while (begin < end) {
      const auto label = static_cast<unsigned char>(tokens[begin].token[depth]);
      std::size_t after = begin + 1;
      while (after < end && static_cast<unsigned char>(tokens[after].token[depth]) == label) {
        ++after;
      }
      nodes_.push_back({0, kNone, 0, label});
      ranges.push_back({begin, after, depth + 1});
      ++nodes_[node].child_count;
      begin = after;
    }
  }
  roots_.fill(kNone);
  const Node& top = nodes_.front();
  for (std::int32_t i = 0; i < top.child_count; ++i) {
    roots_[nodes_[static_cast<std::size_t>(top.first_child + i)].label] = top.first_child + i;
  }
}

std::int32_t TokenTrie::child(const Node& node, unsigned char label) const {
  const auto begin = nodes_.begin() + node.first_child, end = begin + node.child_count;
  const auto found = std::lower_bound(
      begin, end, label, [](const Node& one, unsigned char byte) { return one.label < byte; });
  if (found == end || found->label != label) return kNone;
  return static_cast<std::int32_t>(found - nodes_.begin());
}

std::int32_t TokenTrie::find(std::string_view token) const {
  std::int32_t node = root();
  for (const char byte : token) {
    node = next(node, byte);
    if (node == kNone) return kNone;
  }
  return token.empty() ? kNone : id_at(node);
}

TokenTrie::Match TokenTrie::longest(std::string_view text, std::int32_t node) const {
  Match match{kNone, 0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    node = next(node, text[i]);
    if (node == kNone) break;
    if (id_at(node) != kNone) match = {id_at(node), i + 1};
  }
  return match;
}

}  // namespace clearhead
