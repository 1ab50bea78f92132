// The worklist as one page that opens in any browser, without a network: a ranked table of claims,
// and for each claim what makes it unusual. People decide in it, and save what they decided as a
// table that claims/decisions.h reads.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_PAGE_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_PAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/clauses.h"
#include "clearhead/claims/decisions.h"
#include "clearhead/claims/evidence.h"
#include "clearhead/claims/kind.h"
#include "clearhead/claims/reasons.h"
#include "clearhead/claims/rules.h"

namespace clearhead::cli {

/// What the network would expect in a line.
struct WorklistExpectation {
  claims::Code code;       ///< the most probable
  double probability = 0;  ///< of it
  double score = 0;        ///< of the claim, if it stood there
};

/// A line of a claim.
struct WorklistLine {
  std::int64_t number = 0;                       ///< as in the claim
  claims::Code code;                             ///< what
  std::optional<double> units;                   ///< how many
  std::optional<claims::Money> charge;           ///< for how much
  std::optional<double> change;                  ///< score of the claim less that without the line
  std::optional<WorklistExpectation> expected;   ///< in its place
  std::optional<claims::SimilarClaims> similar;  ///< that were seen in training
  std::vector<claims::Look> looks;               ///< where the network looked
  claims::Place place;                           ///< in the input
};

/// A word of a clause that a word of the claim met.
struct WorklistMeeting {
  std::size_t begin = 0, size = 0;  ///< bytes of the clause's text
  double heat = 0;                  ///< how well they met, from 0 to 1
  std::string word;                 ///< the word of the claim
};

/// A clause that a claim possibly touches.
struct WorklistClauseHit {
  std::size_t clause = 0;                 ///< its place in Worklist::clauses
  std::size_t begin = 0, size = 0;        ///< bytes of its text that are quoted; size 0: all
  std::vector<WorklistMeeting> meetings;  ///< in any order
};

/// How the scores of the claims of a type are spread.
struct WorklistDistribution {
  std::string of;                    ///< of which type
  double from = 0, to = 1;           ///< of the scores
  std::vector<std::int64_t> counts;  ///< of claims that were scored, in bins of equal width
};

/// A claim and what is said about it.
struct WorklistClaim {
  std::string id;                           ///< its number
  std::string member;                       ///< masked, unless the user asked for identifiers
  std::optional<claims::ClaimType> type;    ///< of bill
  std::optional<claims::Date> date;         ///< of service
  std::string specialty;                    ///< of the provider
  std::optional<claims::Money> charge;      ///< in all
  claims::Money at_stake;                   ///< of the charge, on what is unusual
  std::int64_t rank = 0;                    ///< in the queue unusual, from 1; 0: not in it
  double score = 0;                         ///< higher: more unusual
  claims::PerKind kind_scores{};            ///< on the same scale
  std::vector<claims::Reason> reasons;      ///< for the kinds in which it is unusual
  std::vector<WorklistLine> lines;          ///< in the claim's order
  std::vector<claims::Code> diagnoses;      ///< likewise
  std::vector<claims::Finding> findings;    ///< of rules; if there are any, it is in their queue
  std::vector<WorklistClauseHit> clauses;   ///< the likeliest first
  std::optional<std::size_t> distribution;  ///< its place in Worklist::distributions
  std::int64_t as_high = 0;  ///< how many of these score as high or higher, itself included
  claims::Place place;       ///< in the input
  std::vector<claims::ClaimDecision> decisions;  ///< from before, at most one a queue
};

/// All that the page shows.
struct Worklist {
  std::string model;       ///< its name
  std::string model_hash;  ///< of its files
  std::string data_hash;   ///< of the input; decisions kept in the browser belong to it
  std::optional<claims::Date> from, to;  ///< first and last day of service
  std::string ranked_by = "score";       ///< or "stake", or the name of a kind
  std::int64_t scored = 0;               ///< claims, of which some are listed
  std::int64_t refused = 0;              ///< claims that could not be read
  std::int64_t compared = 20000;         ///< normal claims that scores were compared with, at most
  std::array<std::string, claims::kKinds> kinds;    ///< what each kind means, in words
  std::map<claims::Code, std::string> code_texts;   ///< from the user's tables
  std::vector<claims::Clause> clauses;              ///< that claims refer to
  std::vector<WorklistDistribution> distributions;  ///< likewise
  std::vector<WorklistClaim> claims;                ///< in any order
};

/// The page, UTF-8; it loads nothing. The same worklist gives the same bytes. Throws Error if a
/// claim refers to a clause or distribution that is not there, or to bytes outside a clause.
std::string render_worklist(const Worklist& worklist);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_PAGE_H_
