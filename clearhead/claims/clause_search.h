// Finds the clauses that a text or a claim may touch: BM25 goes over all of them; if that is asked
// for, late interaction reads the best of these again, and both ranks are fused.
#ifndef CLEARHEAD_CLAIMS_CLAUSE_SEARCH_H_
#define CLEARHEAD_CLAIMS_CLAUSE_SEARCH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/claims/bm25.h"
#include "clearhead/claims/clause_encoder.h"
#include "clearhead/claims/clause_query.h"
#include "clearhead/claims/clauses.h"
#include "clearhead/claims/passages.h"

namespace clearhead::claims {

/// By what clauses are ranked.
enum class ClauseRanking {
  words,  ///< BM25
  fused,  ///< BM25 and late interaction; needs a model
};

/// A clause that is possibly relevant.
struct FoundClause {
  std::size_t clause = 0;        ///< its number in `ClauseSearch::clauses`
  double score = 0;              ///< BM25's, or fused; the best has the highest
  std::vector<WordShare> words;  ///< that it shares with the query, the largest share first
  std::string quote;             ///< its passage that fits best, as it stands there
  std::size_t begin = 0;         ///< the byte of its text where the quote begins
};

/// A word of a quote that a query has, too.
struct MetWord {
  std::size_t begin = 0, size = 0;  ///< bytes of the quote
  WordShare word;                   ///< of the query, and its share of the clause's score
};
/// All of them, in the order of the quote.
std::vector<MetWord> met_words(const FoundClause& found);

/// Which token of a query met which of a passage.
struct TokenMatch {
  std::vector<std::string> query, passage;  ///< tokens
  std::vector<double> weights;              ///< of the query's, which sum to 1
  Tensor cosines;                           ///< [query, passage]; the maximum of a row is its match
};

/// A policy that can be searched.
class ClauseSearch {
 public:
  /// Without a model, for words alone.
  ClauseSearch(std::vector<Clause> clauses, std::optional<ClauseModel> model);

  /// Up to `most` clauses, the best first; none that shares no word with the query. Throws Error if
  /// a ranking needs a model and there is none.
  std::vector<FoundClause> find(const ClauseQuery& query, std::size_t most,
                                ClauseRanking ranking = ClauseRanking::words) const;

  /// The tokens of a query's text and of the quote of a clause that was found. Throws Error without
  /// a model.
  TokenMatch match(const ClauseQuery& query, const FoundClause& found) const;

  /// Of the policy, in their order.
  const std::vector<Clause>& clauses() const { return clauses_; }

 private:
  std::vector<double> read_again(const ClauseQuery& query,
                                 const std::vector<std::size_t>& passages) const;

  std::vector<Clause> clauses_;
  std::optional<ClauseModel> model_;
  Bm25 index_;
  std::vector<Passage> passages_;   // of all clauses, in their order
  std::vector<std::size_t> first_;  // the first passage of each clause; and their number
  std::optional<Bm25> passage_index_;
  std::optional<TokenWeights> weights_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAUSE_SEARCH_H_
