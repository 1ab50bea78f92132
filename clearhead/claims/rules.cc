// All rules of a claim, and the one that remembers: duplicates.
#include "clearhead/claims/rules.h"

#include <fmt/format.h>

#include <array>

#include "clearhead/base/hash.h"
#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::array kNames = {
    "duplicate", "near_duplicate", "units",  "pair",       "sex",
    "age",       "dates",          "totals", "code_dates", "unknown_code"};
constexpr std::size_t kRemembered = 1000;  // lines of a member
constexpr const char* kOtherwise = ", with other modifiers, units, amount or provider";

std::uint64_t service_of(const Code& code, Date day) {
  return hash_of(fmt::format("{}|{}|{}", code.system, code.value, day.time_since_epoch().count()));
}

std::uint64_t details_of(const Line& line, const Claim& claim) {
  std::string text;
  for (const Field<std::string>& modifier : line.modifiers) text += modifier.value.value_or("");
  const auto& provider = line.provider ? line.provider : claim.provider;
  return hash_of(fmt::format("{}|{}|{}|{}", text, line.units.value.value_or(1),
                             amount_or_0(line).cents, provider.value.value_or("")));
}

// Bills that replace or void an earlier one repeat its lines on purpose, as do answers that take
// back what was paid (CLP-02 is 22).
bool repeats_on_purpose(const Claim& claim) {
  return (claim.frequency && (*claim.frequency == "7" || *claim.frequency == "8")) ||
         (claim.status && *claim.status == "22");
}

}  // namespace

const char* to_string(Rule rule) { return kNames[static_cast<std::size_t>(rule)]; }

void Rules::find_duplicates(const Claim& claim, std::vector<Finding>& findings) {
  if (!claim.member.id || repeats_on_purpose(claim)) return;
  Memory& memory = members_[*claim.member.id];
  const auto id = std::make_shared<const std::string>(claim.id.value.value_or(""));
  for (std::size_t i = 0; i < claim.lines.size(); ++i) {
    const Line& line = claim.lines[i];
    const Code* code = code_of(line);
    const auto day = day_of(line, claim);
    if (!code || !day || is_total(line)) continue;
    const Remembered now = {service_of(*code, *day), details_of(line, claim), id, line.place};
    const Remembered* earlier = nullptr;  // the first that is the same, else the first like it
    for (const Remembered& other : memory.lines) {
      if (other.service != now.service) continue;
      if (!earlier || (earlier->details != now.details && other.details == now.details)) {
        earlier = &other;
      }
    }
    if (earlier) {
      const bool is_same = earlier->details == now.details;
      const std::string other = earlier->claim == id ? "" : *earlier->claim;
      findings.push_back(
          {is_same ? Rule::duplicate : Rule::near_duplicate,
           false,
           fmt::format("{} {} on {} stands in {} too{}", code->system, code->value, to_string(*day),
                       other.empty() ? "another line" : "claim " + other,
                       is_same ? "" : kOtherwise),
           std::nullopt,
           {line.place, earlier->place},
           static_cast<std::int64_t>(i) + 1,
           amount_or_0(line),
           other});
    }
    if (memory.lines.size() < kRemembered) {
      memory.lines.push_back(now);
    } else {
      memory.lines[memory.next++ % kRemembered] = now;
    }
  }
}

std::vector<Finding> Rules::check(const Claim& claim) {
  std::vector<Finding> findings;
  find_duplicates(claim, findings);
  find_units(claim, tables_, findings);
  find_pairs(claim, tables_, findings);
  find_persons(claim, tables_, learnt_, findings);
  find_dates(claim, findings);
  find_totals(claim, findings);
  find_codes(claim, tables_, findings);
  return findings;
}

}  // namespace clearhead::claims
