// Counts, and codes in the order of their scores.
#include "clearhead/claims/procedure_guesses.h"

#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {

void ProcedureGuesses::Counted::add(const Claim& claim) {
  for (const Line& line : claim.lines) {
    const Field<Code>& code = code_of(line);
    if (!code) continue;
    ++codes[*code];
    ++lines;
  }
}

std::string ProcedureGuesses::key_of(const Claim& claim) {
  return std::string(claim.type ? to_string(*claim.type) : "") + "|" +
         claim.member.id.value.value_or("");
}

void ProcedureGuesses::learn(const Claim& claim) {
  types_[claim.type.value].add(claim);
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) diagnoses_[*diagnosis.code].add(claim);
  }
}

void ProcedureGuesses::remember(const Claim& claim) {
  if (claim.member.id) members_[key_of(claim)].add(claim);
}

const ProcedureGuesses::Counted* ProcedureGuesses::earlier(const Claim& claim) const {
  const auto found = members_.find(key_of(claim));
  return found == members_.end() ? nullptr : &found->second;
}

std::pair<std::int64_t, std::int64_t> ProcedureGuesses::history(const Claim& claim,
                                                                const Code& code) const {
  const Counted* counted = earlier(claim);
  if (!counted) return {0, 0};
  const auto found = counted->codes.find(code);
  return {found == counted->codes.end() ? 0 : found->second, counted->lines};
}

std::int64_t ProcedureGuesses::rank(const Claim& claim, const Line& hidden, GuessBy by) const {
  std::map<Code, double> scores;
  const auto add = [&](const Counted* counted, double weight, double prior) {
    if (!counted) return;
    for (const auto& [code, count] : counted->codes) {
      scores[code] +=
          weight * static_cast<double>(count) / (static_cast<double>(counted->lines) + prior);
    }
  };
  if (by != GuessBy::diagnoses) add(earlier(claim), 1, 1);
  if (by != GuessBy::history) {
    for (const Diagnosis& diagnosis : claim.diagnoses) {
      const auto found = diagnosis.code ? diagnoses_.find(*diagnosis.code) : diagnoses_.end();
      if (found != diagnoses_.end()) add(&found->second, 1, 5);
    }
  }
  const auto type = types_.find(claim.type.value);
  if (type != types_.end()) add(&type->second, 0.1, 0);
  const Field<Code>& truth = code_of(hidden);
  const auto own = truth ? scores.find(*truth) : scores.end();
  if (own == scores.end()) return 0;
  std::int64_t rank = 0;
  for (const auto& [code, score] : scores) rank += score >= own->second ? 1 : 0;
  return rank;
}

}  // namespace clearhead::claims
