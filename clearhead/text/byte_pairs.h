// Byte-pair encoding: a word begins as its bytes, and the pairs that were most frequent in the
// training text are merged into longer and longer tokens. Every byte is a token, so that nothing is
// unknown.
//
// Sources: Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword
// units" (ACL 2016), algorithm 1; over bytes, and words cut by a pattern, as in GPT-2 (Radford et
// al., 2019).
#ifndef CLEARHEAD_TEXT_BYTE_PAIRS_H_
#define CLEARHEAD_TEXT_BYTE_PAIRS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Two tokens that become one.
struct Merge {
  std::int64_t left = 0;   ///< id of the first
  std::int64_t right = 0;  ///< id of the second

  bool operator==(const Merge&) const = default;
};

/// What is learnt.
struct BytePairOptions {
  std::int64_t size = 8192;                ///< of the vocabulary, special tokens and bytes included
  std::vector<std::string> specials = {};  ///< names of the special tokens, which have ids 0, 1, …
  bool lowercase = false;                  ///< text is put in lower case first
};

/// Tokens are bytes and what was merged of them.
class BytePairTokenizer : public Tokenizer {
 public:
  /// Learns from `texts`. The vocabulary has the special tokens first, then the 256 bytes, then
  /// merged tokens in the order of their merges. Each time the most frequent pair within words is
  /// merged; among equally frequent ones the pair with the lowest left id, then the lowest right
  /// id. Ends before `size` is reached if no pair occurs twice. Throws Error if `size` is less than
  /// 256 plus the special tokens.
  static BytePairTokenizer learn(std::span<const std::string_view> texts,
                                 const BytePairOptions& options);

  /// `merges` come in order of preference. Throws Error unless every byte is a token, no token
  /// occurs twice, no merge occurs twice, and each merge joins two tokens into a third.
  BytePairTokenizer(Vocabulary vocabulary, std::vector<Merge> merges, bool lowercase);

  /// In order of preference.
  const std::vector<Merge>& merges() const { return merges_; }

 private:
  void append_ids(std::string_view text, std::vector<std::int64_t>& ids) const override;
  bool knows(char32_t /*code_point*/) const override { return true; }
  std::vector<std::int64_t> encode_word(std::string_view word) const;

  struct Rule {
    std::int64_t rank;    // its place among the merges
    std::int64_t merged;  // the token that it makes
  };

  std::vector<Merge> merges_;
  std::vector<std::int64_t> bytes_;                // ids of the 256 bytes
  std::unordered_map<std::uint64_t, Rule> rules_;  // by pair
};

/// A pair of ids as one number, which orders pairs by left id, then right id. Ids are below 2^32.
inline std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_BYTE_PAIRS_H_
