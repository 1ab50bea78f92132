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
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// What is learnt.
struct BytePairOptions {
  std::int64_t size = 8192;                ///< of the vocabulary, special tokens and bytes included
  std::vector<std::string> specials = {};  ///< names of the special tokens, which have ids 0, 1, …
  bool lowercase = false;                  ///< text is put in lower case first
};

/// Learns from `texts`. The vocabulary has the special tokens first, then the 256 bytes, then
/// merged tokens in the order of their merges. Each time the most frequent pair within words is
/// merged; among equally frequent ones the pair with the lowest left id, then the lowest right id.
/// Ends before `size` is reached if no pair occurs twice. Throws Error if `size` is less than 256
/// plus the special tokens.
Tokenizer learn_byte_pairs(std::span<const std::string_view> texts, const BytePairOptions& options);

/// A pair of ids as one number, which orders pairs by left id, then right id. Ids are below 2^32.
inline std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_BYTE_PAIRS_H_
