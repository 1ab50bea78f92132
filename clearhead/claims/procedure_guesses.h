// Guesses which procedure was hidden, from counts alone: what the member had before, and what goes
// with the diagnoses. The baseline of a network that guesses.
#ifndef CLEARHEAD_CLAIMS_PROCEDURE_GUESSES_H_
#define CLEARHEAD_CLAIMS_PROCEDURE_GUESSES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What a guess is made from, beside the share of each code in claims of the type.
enum class GuessBy { history, diagnoses, both };

/// Counts codes of claims that were learnt, and of each member's earlier claims.
class ProcedureGuesses {
 public:
  /// Counts a claim of a member to learn from.
  void learn(const Claim& claim);
  /// Remembers a claim as its member's earlier one; later claims must come later.
  void remember(const Claim& claim);

  /// The place of the line's code, from 1, among the codes ordered by
  ///   s(c) = n_member(c) / (n_member + 1) + Σ_d n(d, c) / (n(d) + 5) + share(c) / 10,
  /// with the member's earlier lines of this type of claim, or the claim's diagnoses d, or both. 0
  /// if it is not among those that any of these knows. Equal codes share the last place.
  std::int64_t rank(const Claim& claim, const Line& hidden, GuessBy by) const;

  /// How often the member had a code in earlier claims of this type, and all its lines.
  std::pair<std::int64_t, std::int64_t> history(const Claim& claim, const Code& code) const;

 private:
  using Counts = std::map<Code, std::int64_t>;
  struct Counted {
    Counts codes;
    std::int64_t lines = 0;

    void add(const Claim& claim);
  };

  static std::string key_of(const Claim& claim);
  const Counted* earlier(const Claim& claim) const;

  std::map<std::optional<ClaimType>, Counted> types_;
  std::map<Code, Counted> diagnoses_;
  std::unordered_map<std::string, Counted> members_;  // by type of claim
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_PROCEDURE_GUESSES_H_
