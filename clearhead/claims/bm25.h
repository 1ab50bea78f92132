// Search for words: which clauses have those of a query, the rare ones above all.
//
// Sources: Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond" (2009),
// equations 3.15 and 3.19 (BM25 and its form for several fields); Harman, "How effective is
// suffixing?" (1991), whose rules for plurals come first here.
#ifndef CLEARHEAD_CLAIMS_BM25_H_
#define CLEARHEAD_CLAIMS_BM25_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clearhead/claims/clauses.h"

namespace clearhead::claims {

/// A word of a text that is searched for.
struct TextWord {
  std::string word;                 ///< in lower case, without its ending
  std::size_t begin = 0, size = 0;  ///< the bytes of the text where it stands
};

/// The words of an English text that are searched for, in its order: in lower case, without words
/// such as "of", and without the endings of plurals and verbs ("hearing aids": hear, aid).
std::vector<TextWord> text_words(std::string_view text);
/// The same without their places.
std::vector<std::string> search_words(std::string_view text);

/// How much each word of a query counts.
using QueryWords = std::map<std::string, double, std::less<>>;

/// Each word of a text, once.
QueryWords query_words(std::string_view text);

/// How much of a clause's score a word makes.
struct WordShare {
  std::string word;  ///< as `search_words` has it
  double share = 0;  ///< of the score
};

/// An index of clauses by words. Three fields count: the clause's text, its first 15 words, twice,
/// since a clause begins with what it is about, and the headings above it.
class Bm25 {
 public:
  /// Reads the clauses once; they need not outlive it.
  explicit Bm25(const std::vector<Clause>& clauses);

  /// The score of each clause: Σ over the words of the query of weight · idf · tf·(k₁ + 1)/(tf +
  /// k₁), where tf counts the word in all fields, relative to their lengths; k₁ = 1.2.
  std::vector<double> scores(const QueryWords& query) const;

  /// The words of the query that clause number `clause` has, the largest share first.
  std::vector<WordShare> shares(const QueryWords& query, std::size_t clause) const;

 private:
  struct Posting {
    std::uint32_t clause;
    float score;
  };

  std::unordered_map<std::string, std::vector<Posting>> postings_;
  std::size_t clauses_ = 0;
};

/// Reciprocal rank fusion of several scores of the same clauses: Σ 1/(60 + rank), where the best
/// has rank 1 and equal ones share the better rank. Scores of 0 have no rank. Source: Cormack,
/// Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
/// methods" (SIGIR 2009).
std::vector<double> fused_by_rank(const std::vector<std::vector<double>>& scores);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_BM25_H_
