// Rules that compare a claim with tables: units, pairs, persons, codes.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

constexpr double kLeastExpected = 10;  // members; none where 10 are expected: 1 in 20,000 by chance

// A code that a claim uses, and where.
struct Use {
  const Code& code;
  ItemRole role;
  const Place& place;
  std::int64_t line;  // 0: a diagnosis
  std::optional<Date> day;
  Money amount;
};

std::vector<Use> uses_of(const Claim& claim) {
  std::vector<Use> uses;
  std::int64_t number = 0;
  for (const Line& line : claim.lines) {
    ++number;
    for (const Field<Code>* field : {&line.code, &line.drug, &line.revenue}) {
      if (!*field) continue;
      uses.push_back({**field, ItemRole::procedure, field->place, number, day_of(line, claim),
                      amount_or_0(line)});
    }
  }
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (!diagnosis.code) continue;
    uses.push_back(
        {*diagnosis.code, ItemRole::diagnosis, diagnosis.code.place, 0, claim.from.value, {}});
  }
  return uses;
}

bool is_sex(const Field<std::string>& sex) { return sex && (*sex == "M" || *sex == "F"); }

bool is_within(int age, const PersonRow& row) {
  return (!row.min_age || age >= *row.min_age) && (!row.max_age || age <= *row.max_age);
}

std::string ages_of(const PersonRow& row) {
  if (!row.min_age) return fmt::format("up to {}", *row.max_age);
  if (!row.max_age) return fmt::format("from {}", *row.min_age);
  return fmt::format("from {} to {}", *row.min_age, *row.max_age);
}

// Whether none of the members with a code has the trait, though so many would be expected.
bool is_never(const PairStatistics& learnt, const Item& code, const Item& trait) {
  return learnt.seen(code, trait).members == 0 &&
         learnt.members_expected(code, trait) >= kLeastExpected;
}

// Sex and age of one use of a code.
class PersonRules {
 public:
  PersonRules(const Claim& claim, const Use& use, std::vector<Finding>& findings)
      : claim_(claim), use_(use), age_(age_on(claim.member, use.day)), findings_(findings) {}

  void check(const PersonRow& row) {
    const Field<std::string>& sex = claim_.member.sex;
    if (!row.sex.empty() && is_sex(sex) && *sex != row.sex) {
      add(Rule::sex,
          fmt::format("{} is for {}, the member is {}", to_string(use_.code), row.sex, *sex),
          row.place, sex.place);
    }
    if (age_ && !is_within(*age_, row)) {
      add(Rule::age,
          fmt::format("{} is for ages {}, the member was {}", to_string(use_.code), ages_of(row),
                      *age_),
          row.place, claim_.member.birth_date.place);
    }
  }

  void check(const PairStatistics& learnt) {
    const Item code = {use_.role, use_.code};
    const Field<std::string>& sex = claim_.member.sex;
    if (is_sex(sex) && is_never(learnt, code, {ItemRole::sex, {"", *sex}})) {
      add(Rule::sex, learnt_reason(learnt, code, "of sex " + *sex), std::nullopt, sex.place);
    }
    // A year more or less changes the band: those beside it must be without members too.
    constexpr int kYears = 5;
    if (!age_ || !is_never(learnt, code, age_item(*age_))) return;
    for (const int age : {*age_ - kYears, *age_ + kYears}) {
      if (learnt.seen(code, age_item(std::max(0, age))).members > 0) return;
    }
    add(Rule::age, learnt_reason(learnt, code, fmt::format("about as old as {}", *age_)),
        std::nullopt, claim_.member.birth_date.place);
  }

 private:
  std::string learnt_reason(const PairStatistics& learnt, const Item& code,
                            const std::string& trait) const {
    return fmt::format("of {} members with {} in the claims learnt from, none is {}",
                       learnt.seen(code).members, to_string(use_.code), trait);
  }

  void add(Rule rule, std::string reason, std::optional<Place> row, const Place& of_member) {
    findings_.push_back({rule,
                         false,
                         std::move(reason),
                         std::move(row),
                         {use_.place, of_member},
                         use_.line,
                         use_.amount});
  }

  const Claim& claim_;
  const Use& use_;
  std::optional<int> age_;
  std::vector<Finding>& findings_;
};

}  // namespace

Finding units_finding(const UnitsRow& row, double units, double of_line, Money amount,
                      std::int64_t line, std::string reason, std::vector<Place> places,
                      std::string other_claim) {
  const double share = std::min(1.0, (units - row.most) / of_line);
  const auto cents = static_cast<std::int64_t>(share * static_cast<double>(amount.cents));
  return {Rule::units,       false, std::move(reason), row.place,
          std::move(places), line,  Money{cents},      std::move(other_claim)};
}

void find_units_of_line(const Claim& claim, const CodeTables& tables,
                        std::vector<Finding>& findings) {
  std::int64_t number = 0;
  for (const Line& line : claim.lines) {
    ++number;
    const Field<Code>& code = code_of(line);
    if (!code || !line.units) continue;
    const UnitsRow* row = tables.units_of(*code, day_of(line, claim));
    if (!row || !row->is_of_line || *line.units <= row->most) continue;
    findings.push_back(units_finding(*row, *line.units, *line.units, amount_or_0(line), number,
                                     fmt::format("{} units of {} in a line, at most {}",
                                                 *line.units, to_string(*code), row->most),
                                     {line.units.place}, ""));
  }
}

void find_persons(const Claim& claim, const CodeTables& tables, const PairStatistics* learnt,
                  std::vector<Finding>& findings) {
  for (const Use& use : uses_of(claim)) {
    PersonRules rules(claim, use, findings);
    for (const PersonRow& row : tables.persons_of(use.code)) rules.check(row);
    if (learnt) rules.check(*learnt);
  }
}

void find_codes(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings) {
  for (const Use& use : uses_of(claim)) {
    const CodeRow* row = tables.row_of(use.code, use.day);
    if (!row && tables.lists_codes_like(use.code)) {
      findings.push_back({Rule::unknown_code,
                          true,
                          fmt::format("no table has {}", to_string(use.code)),
                          std::nullopt,
                          {use.place},
                          use.line,
                          use.amount});
    }
    if (!row || row->validity.has(use.day)) continue;
    const auto& [first, last] = row->validity;
    findings.push_back({Rule::code_dates,
                        false,
                        fmt::format("{} on {}: the code is valid{}{}", to_string(use.code),
                                    to_string(*use.day), first ? " from " + to_string(*first) : "",
                                    last ? " until " + to_string(*last) : ""),
                        row->place,
                        {use.place},
                        use.line,
                        use.amount});
  }
}

}  // namespace clearhead::claims
