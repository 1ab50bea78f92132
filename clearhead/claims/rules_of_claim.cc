// Rules that compare a claim with itself: days in their order, sums that agree.
#include <fmt/format.h>

#include <cstdlib>

#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

// Adds a finding if `before` is later than `after`; `words` says what should be.
void expect_order(const Field<Date>& before, const Field<Date>& after, std::string_view words,
                  std::int64_t line, Money amount, std::vector<Finding>& findings) {
  if (!before || !after || *before <= *after) return;
  findings.push_back(
      {Rule::dates,
       false,
       fmt::format("{}: {} is after {}", words, to_string(*before), to_string(*after)),
       std::nullopt,
       {before.place, after.place},
       line,
       amount});
}

Money sum_of(const std::vector<Adjustment>& adjustments) {
  Money sum;
  for (const Adjustment& adjustment : adjustments) {
    sum = sum + adjustment.amount.value.value_or(Money{});
  }
  return sum;
}

// Adds a finding if a total is stated and is not what it should be.
void expect_total(const Field<Money>& stated, Money sum, std::string_view words, std::int64_t line,
                  std::vector<Finding>& findings) {
  if (!stated || *stated == sum) return;
  findings.push_back({Rule::totals,
                      false,
                      fmt::format("{} {}, stated {}", words, to_string(sum), to_string(*stated)),
                      std::nullopt,
                      {stated.place},
                      line,
                      Money{std::abs((*stated - sum).cents)}});
}

// The sum of an amount of all lines; none if one does not have it, or all are 0: some inputs give
// amounts for the claim only.
std::optional<Money> sum_of_lines(const Claim& claim, Field<Money> Line::*amount) {
  Money sum;
  bool is_known = false;
  for (const Line& line : claim.lines) {
    if (!(line.*amount)) return std::nullopt;
    if (is_total(line)) continue;
    sum = sum + *(line.*amount);
    if ((line.*amount)->cents != 0) is_known = true;
  }
  return is_known ? std::optional(sum) : std::nullopt;
}

}  // namespace

void find_dates(const Claim& claim, std::vector<Finding>& findings) {
  const Money all = claim.charge.value.value_or(Money{});
  const Field<Date>& birth = claim.member.birth_date;
  if (birth && claim.from && *claim.from < *birth) {  // whose day is not shown: it tells who
    findings.push_back({Rule::dates,
                        false,
                        "service before birth, on " + to_string(*claim.from),
                        std::nullopt,
                        {birth.place, claim.from.place},
                        0,
                        all});
  }
  expect_order(claim.from, claim.to, "the claim ends before it begins", 0, all, findings);
  std::int64_t number = 0;
  for (const Line& line : claim.lines) {
    ++number;
    const Money amount = amount_or_0(line);
    const Field<Date>& end = line.to ? line.to : line.from;
    expect_order(line.from, line.to, "the line ends before it begins", number, amount, findings);
    expect_order(claim.from, line.from, "the line begins before its claim", number, amount,
                 findings);
    expect_order(end, claim.to, "the line ends after its claim", number, amount, findings);
  }
}

void find_totals(const Claim& claim, std::vector<Finding>& findings) {
  if (const auto sum = sum_of_lines(claim, &Line::charge)) {
    expect_total(claim.charge, *sum, "the lines' charges add up to", 0, findings);
  }
  // Of answers: what is paid is what was charged less what was taken off (X12 835, section 1.10.2).
  // A bill may tell what several other payers paid and took off, which does not add up so.
  if (!claim.status) return;
  const Money of_claim = sum_of(claim.adjustments);
  if (const auto sum = sum_of_lines(claim, &Line::paid)) {
    expect_total(claim.paid, *sum - of_claim, "what the lines and the claim's adjustments pay is",
                 0, findings);
  }
  std::int64_t number = 0;
  for (const Line& line : claim.lines) {
    ++number;
    if (!line.charge || line.adjustments.empty()) continue;
    expect_total(line.paid, *line.charge - sum_of(line.adjustments), "charge less adjustments is",
                 number, findings);
  }
}

}  // namespace clearhead::claims
