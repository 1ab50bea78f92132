// A set of strings with their ids, searched from their beginnings.
#ifndef CLEARHEAD_TEXT_TOKEN_TRIE_INTERNAL_H_
#define CLEARHEAD_TEXT_TOKEN_TRIE_INTERNAL_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// A string and its id, not negative.
struct TokenId {
  std::string_view token;
  std::int64_t id;
};

/// Tokens by their bytes: 12 bytes a node. Threads may share one.
class TokenTrie {
 public:
  /// What stands for no node, and for no id.
  static constexpr std::int32_t kNone = -1;

  TokenTrie() { roots_.fill(kNone); }
  /// Of two equal tokens the last one counts; empty ones are left out. Ids are below 2^31.
  explicit TokenTrie(std::vector<TokenId> tokens);

  /// Whether there is no token.
  bool empty() const { return nodes_.size() < 2; }
  /// The node behind the empty string.
  static constexpr std::int32_t root() { return 0; }
  /// The node that a byte leads to, or kNone.
  std::int32_t next(std::int32_t node, char byte) const {
    const auto label = static_cast<unsigned char>(byte);
    if (node == root()) return roots_[label];
    return child(nodes_[static_cast<std::size_t>(node)], label);
  }
  /// The id of the token that ends at a node, or kNone.
  std::int32_t id_at(std::int32_t node) const { return nodes_[static_cast<std::size_t>(node)].id; }
  /// The id of a whole token, or kNone.
  std::int32_t find(std::string_view token) const;

  /// A token at the beginning of a text.
  struct Match {
    std::int32_t id;   ///< kNone: there is none
    std::size_t size;  ///< in bytes
  };
  /// The longest token that `text` begins with, read from `node` on.
  Match longest(std::string_view text, std::int32_t node = root()) const;

 private:
  struct Node {
    std::int32_t first_child;
    std::int32_t id;
    std::uint16_t child_count;
    std::uint8_t label;  // the byte that leads to it; children come in the order of theirs
  };
  std::int32_t child(const Node& node, unsigned char label) const;

  std::vector<Node> nodes_;
  std::array<std::int32_t, 256> roots_;  // the children of the root by their bytes
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKEN_TRIE_INTERNAL_H_
