// What is asked of a policy: a text, a code, or a claim, as words.
#ifndef CLEARHEAD_CLAIMS_CLAUSE_QUERY_H_
#define CLEARHEAD_CLAIMS_CLAUSE_QUERY_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "clearhead/claims/bm25.h"
#include "clearhead/claims/claim.h"
#include "clearhead/claims/code_tables.h"

namespace clearhead::claims {

/// Where a query has a word from.
struct WordSource {
  std::string written;           ///< the word as it stands there
  Code code;                     ///< whose text that is; empty: the query is a text
  bool is_of_neighbour = false;  ///< the text is of a code like it; its own does not have the word
};

/// A question to a policy.
struct ClauseQuery {
  std::string text;  ///< in words, for people and for late interaction
  QueryWords words;  ///< for BM25
  std::map<std::string, WordSource, std::less<>> sources;  ///< of each word
};

/// A text as it is.
ClauseQuery query_of_text(const std::string& text);

/// A code by its description in the user's tables. Where codes that begin alike are alike (HCPCS,
/// CPT, ICD), the descriptions of those neighbours say what the code's own words leave out ("each,
/// binaural"): a word counts 1 if the code has it, plus the share of the codes with the same first
/// three characters that have it, plus that of the same first two. The kind of thing that SNOMED CT
/// adds to its texts, "(procedure)", is no word of them. None if no table has the code.
std::optional<ClauseQuery> query_of_code(const Code& code, const CodeTables& tables);

/// A claim by its codes and diagnoses, each once; a word counts as in the code that has it most.
/// The text has no code numbers. Empty if no table has any of them.
ClauseQuery query_of_claim(const Claim& claim, const CodeTables& tables);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAUSE_QUERY_H_
