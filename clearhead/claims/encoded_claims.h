// Claims as tokens, member by member in the order of time: small enough that the history of all
// members is in memory.
#ifndef CLEARHEAD_CLAIMS_ENCODED_CLAIMS_H_
#define CLEARHEAD_CLAIMS_ENCODED_CLAIMS_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/vocabulary.h"

namespace clearhead::claims {

/// A token of ClaimVocabulary, which has fewer than 2^16.
using Token = std::uint16_t;

/// A line as tokens.
struct EncodedLine {
  Token code = 0;           ///< what was done
  Token units = 0;          ///< how many
  Token amount = 0;         ///< for one of them
  Token diagnosis = 0;      ///< the first that it points to; else the claim's first
  std::uint16_t times = 0;  ///< how often the member had this code before
  std::int32_t number = 0;  ///< as the input has it; else its place, from 1
  Money charge = {};        ///< 0 if the input does not say; no part of what the network reads
};

/// A claim as tokens.
struct EncodedClaim {
  std::string id;                                                ///< as the input has it
  std::int64_t input = 0;                                        ///< how many were read before it
  std::int32_t day = 0;                                          ///< of service, since 1970-01-01
  std::uint32_t provider = 0;                                    ///< a hash
  Token type = 0, specialty = 0, place = 0, age = 0, month = 0;  ///< header
  std::vector<Token> diagnoses;                                  ///< the first 48, in their order
  std::vector<EncodedLine> lines;                                ///< in their order
};

/// All claims of one member.
struct MemberClaims {
  std::string id;                    ///< as the input has it
  std::string split;                 ///< train, validation, test (`split_of` the first claim)
  Token sex = 0;                     ///< as the first claim says
  std::vector<EncodedClaim> claims;  ///< by day; those of one day in the order of the input
};

/// The hash of all claims, by which a run notices that they have changed.
std::string hash_of_claims(const std::vector<MemberClaims>& members);

/// Gathers claims by member.
class ClaimEncoder {
 public:
  /// The vocabulary must outlive it.
  explicit ClaimEncoder(const ClaimVocabulary& vocabulary) : vocabulary_(vocabulary) {}

  /// Adds a claim, from any place of the input. One without member or date of service is of a
  /// member of its own, or of day 0.
  void add(const Claim& claim);
  /// The members in the order of the input, each with its claims in the order of time.
  std::vector<MemberClaims> take();

 private:
  const ClaimVocabulary& vocabulary_;
  std::vector<MemberClaims> members_;
  std::unordered_map<std::string, std::size_t> places_;
  std::int64_t claims_ = 0;  // so far
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_ENCODED_CLAIMS_H_
