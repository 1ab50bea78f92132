// Rules that compare a claim with tables: units, pairs, persons, codes.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

constexpr double kLeastExpected = 10;  // members; none where 10 are expected: 1 in 20,000 by chance

// The modifiers that say that services were apart (NCCI Policy Manual, chapter I, section E).
constexpr std::string_view kApart[] = {
    "E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "TA",
    "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "LT", "RT", "LC", "LD", "RC", "LM",
    "RI", "24", "25", "57", "58", "78", "79", "27", "59", "91", "XE", "XS", "XP", "XU"};

bool says_apart(const Line& line) {
  return std::any_of(
      line.modifiers.begin(), line.modifiers.end(), [](const Field<std::string>& modifier) {
        return modifier &&
               std::find(std::begin(kApart), std::end(kApart), *modifier) != std::end(kApart);
      });
}

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

std::string text_of(const Code& code) { return code.system + " " + code.value; }

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
          fmt::format("{} is for {}, the member is {}", text_of(use_.code), row.sex, *sex),
          row.place, sex.place);
    }
    if (age_ && !is_within(*age_, row)) {
      add(Rule::age,
          fmt::format("{} is for ages {}, the member was {}", text_of(use_.code), ages_of(row),
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
                       learnt.seen(code).members, text_of(use_.code), trait);
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

void find_units(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < claim.lines.size(); ++i) {
    const Line& line = claim.lines[i];
    if (!line.code || !line.units) continue;
    const auto day = day_of(line, claim);
    const UnitsRow* row = tables.units_of(*line.code, day);
    if (!row) continue;
    double units = *line.units;
    std::vector<Place> places = {line.units.place};
    for (std::size_t k = 0; k < i && !row->is_of_line; ++k) {  // those before, of the same day
      const Line& other = claim.lines[k];
      if (!other.code || *other.code != *line.code || day_of(other, claim) != day) continue;
      units += other.units.value.value_or(0);
      places.push_back(other.units.place);
    }
    // Said once, of the line that passes the limit.
    if (units <= row->most || (places.size() > 1 && units - *line.units > row->most)) continue;
    const double share = std::min(1.0, (units - row->most) / *line.units);
    const auto cents =
        static_cast<std::int64_t>(share * static_cast<double>(amount_or_0(line).cents));
    findings.push_back({Rule::units, false,
                        fmt::format("{} units of {} {}, at most {}", units, text_of(*line.code),
                                    row->is_of_line ? "in a line" : "on a day", row->most),
                        row->place, places, static_cast<std::int64_t>(i) + 1, Money{cents}});
  }
}

void find_pairs(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings) {
  const auto provider_of = [&](const Line& line) {
    return line.provider ? line.provider.value : claim.provider.value;
  };
  for (const Line& first : claim.lines) {
    for (std::size_t i = 0; i < claim.lines.size(); ++i) {
      const Line& second = claim.lines[i];
      if (!first.code || !second.code) continue;
      const auto rows = tables.pairs_of(first.code->value, second.code->value);
      const auto day = day_of(second, claim);
      if (rows.empty() || day_of(first, claim) != day ||
          provider_of(first) != provider_of(second)) {
        continue;
      }
      const auto row = std::find_if(rows.begin(), rows.end(), [&](const PairRow& each) {
        return each.validity.has(day) &&
               !(each.modifier_may_allow && (says_apart(first) || says_apart(second)));
      });
      if (row == rows.end()) continue;
      findings.push_back(
          {Rule::pair,
           false,
           fmt::format(
               "{} is not paid beside {} on one day{}{}", second.code->value, first.code->value,
               row->modifier_may_allow ? " without a modifier that says they were apart" : "",
               row->rationale.empty() ? "" : ": " + row->rationale),
           row->place,
           {second.code.place, first.code.place},
           static_cast<std::int64_t>(i) + 1,
           amount_or_0(second)});
    }
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
                          fmt::format("no table has {}", text_of(use.code)),
                          std::nullopt,
                          {use.place},
                          use.line,
                          use.amount});
    }
    if (!row || row->validity.has(use.day)) continue;
    const auto& [first, last] = row->validity;
    findings.push_back({Rule::code_dates,
                        false,
                        fmt::format("{} on {}: the code is valid{}{}", text_of(use.code),
                                    to_string(*use.day), first ? " from " + to_string(*first) : "",
                                    last ? " until " + to_string(*last) : ""),
                        row->place,
                        {use.place},
                        use.line,
                        use.amount});
  }
}

}  // namespace clearhead::claims
