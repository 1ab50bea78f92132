// Clauses cut into passages, which an encoder reads whole, and how much each token counts.
#ifndef CLEARHEAD_CLAIMS_PASSAGES_H_
#define CLEARHEAD_CLAIMS_PASSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/claims/clauses.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead::claims {

/// The most tokens of a passage.
inline constexpr std::int64_t kPassageTokens = 96;
/// The most tokens of a query.
inline constexpr std::int64_t kQueryTokens = 48;

/// A piece of a clause's text.
struct Passage {
  std::size_t clause = 0;         ///< number of the clause
  std::size_t begin = 0;          ///< byte of the clause's text where it begins
  std::string text;               ///< as it stands there
  std::vector<std::int64_t> ids;  ///< its tokens, at most kPassageTokens
};

/// The texts of all clauses, cut between lines where that is possible, else between words. Without
/// a tokenizer, a word counts as a token, and passages have no ids.
std::vector<Passage> cut_into_passages(const std::vector<Clause>& clauses,
                                       const Tokenizer* tokenizer);

/// The tokens of a text, as they are within a longer one: a blank comes before the first.
std::vector<std::int64_t> text_ids(const Tokenizer& tokenizer, const std::string& text);

/// How much a token of a query counts: its idf among passages, as in BM25.
class TokenWeights {
 public:
  /// For the tokens of a vocabulary of this size.
  TokenWeights(const std::vector<Passage>& passages, std::int64_t vocabulary);
  /// The weights of a query's first kQueryTokens tokens, which sum to 1.
  std::vector<double> of(const std::vector<std::int64_t>& query) const;

 private:
  std::vector<double> idf_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_PASSAGES_H_
