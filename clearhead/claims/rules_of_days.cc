// Rules that compare a line with the others of its member's day, in this claim and in those before
// it: duplicates, units of a day, pairs.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "clearhead/base/hash.h"
#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

constexpr const char* kOtherwise = ", with other modifiers, units, amount or provider";

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

SeenLine seen_line(const Line& line, const Claim& claim, const Place& place) {
  const std::string provider = (line.provider ? line.provider : claim.provider).value.value_or("");
  std::string modifiers;
  for (const Field<std::string>& modifier : line.modifiers)
    modifiers += modifier.value.value_or("");
  return {.claim = nullptr,
          .number = 0,
          .code = nullptr,
          .details = hash_of(fmt::format("{}|{}|{}|{}", modifiers, line.units.value.value_or(1),
                                         amount_or_0(line).cents, provider)),
          .provider = provider.empty() ? 0 : hash_of(provider),
          .units = line.units.value.value_or(0),
          .amount = amount_or_0(line),
          .is_apart = says_apart(line),
          .place = place};
}

// Bills that replace or void an earlier one repeat its lines on purpose, as do answers that take
// back what was paid (CLP-02 is 22).
bool repeats_on_purpose(const Claim& claim) {
  return (claim.frequency && (*claim.frequency == "7" || *claim.frequency == "8")) ||
         (claim.status && *claim.status == "22");
}

// One line, beside those of its day that came before it.
class LineRules {
 public:
  LineRules(const CodeTables& tables, const SeenLine& now, std::optional<Date> day,
            std::vector<const SeenLine*> before, std::vector<Finding>& findings)
      : tables_(tables), now_(now), day_(day), before_(std::move(before)), findings_(findings) {}

  // The first that is the same, else the first like it.
  void find_duplicate() {
    const SeenLine* earlier = nullptr;
    for (const SeenLine* other : before_) {
      if (other->code != now_.code) continue;
      if (!earlier || (earlier->details != now_.details && other->details == now_.details)) {
        earlier = other;
      }
    }
    if (!earlier) return;
    const bool is_same = earlier->details == now_.details;
    const std::string claim = other_claim(*earlier);
    findings_.push_back(
        {is_same ? Rule::duplicate : Rule::near_duplicate,
         false,
         fmt::format("{} on {} stands in {} too{}", to_string(*now_.code), to_string(*day_),
                     claim.empty() ? "another line" : claim_text(claim), is_same ? "" : kOtherwise),
         std::nullopt,
         {now_.place, earlier->place},
         now_.number,
         now_.amount,
         claim});
  }

  void find_units() {
    const UnitsRow* row = tables_.units_of(*now_.code, day_);
    if (!row || row->is_of_line || now_.units == 0) return;
    double before = 0;
    std::vector<Place> places = {now_.place};
    std::string claim;
    for (const SeenLine* other : before_) {
      if (other->code != now_.code || other->provider != now_.provider) continue;
      before += other->units;
      places.push_back(other->place);
      if (claim.empty()) claim = other_claim(*other);
    }
    const double units = before + now_.units;
    if (units <= row->most || before > row->most) return;  // said once, of the line that passes it
    findings_.push_back(units_finding(
        *row, units, now_.units, now_.amount, now_.number,
        fmt::format("{} units of {} on a day{}, at most {}", units, to_string(*now_.code),
                    claim.empty() ? "" : ", with " + claim_text(claim), row->most),
        std::move(places), claim));
  }

  void find_pairs() {
    for (const SeenLine* other : before_) {
      if (other->provider != now_.provider) continue;
      find_pair(*other, now_);
      find_pair(now_, *other);
    }
  }

 private:
  static std::string claim_text(const std::string& claim) { return "claim " + claim; }

  // The number of its claim, if that is another one.
  std::string other_claim(const SeenLine& line) const {
    return line.claim == now_.claim ? "" : *line.claim;
  }

  void find_pair(const SeenLine& first, const SeenLine& second) {
    const auto rows = tables_.pairs_of(*first.code, *second.code);
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const PairRow& each) {
      return each.validity.has(day_) &&
             !(each.modifier_may_allow && (first.is_apart || second.is_apart));
    });
    if (row == rows.end()) return;
    const auto named = [this](const SeenLine& line) {
      const std::string claim = other_claim(line);
      return line.code->value + (claim.empty() ? "" : " of " + claim_text(claim));
    };
    const SeenLine& earlier = &first == &now_ ? second : first;
    const std::string claim = other_claim(earlier);
    findings_.push_back(
        {Rule::pair,
         false,
         fmt::format("{} is not paid beside {} on one day{}{}", named(second), named(first),
                     row->modifier_may_allow ? " without a modifier that says they were apart" : "",
                     row->rationale.empty() ? "" : ": " + row->rationale),
         row->place,
         {second.place, first.place},
         claim.empty() ? second.number : now_.number,
         second.amount,
         claim});
  }

  const CodeTables& tables_;
  const SeenLine& now_;
  std::optional<Date> day_;
  std::vector<const SeenLine*> before_;
  std::vector<Finding>& findings_;
};

}  // namespace

void compare_with_day(const Claim& claim, const CodeTables& tables, SeenLines& seen,
                      std::vector<Finding>& findings) {
  SeenLines of_claim;  // where no other claims are compared with
  const bool has_others = claim.member.id && !repeats_on_purpose(claim);
  const auto id = std::make_shared<const std::string>(claim.id.value.value_or(""));
  // A bill and its answer, or a payer's first and second answer, are one claim.
  const auto is_other_claim = [&](const SeenLine& line) {
    return line.claim == id || !claim.status || *line.claim != *id;
  };
  for (std::size_t i = 0; i < claim.lines.size(); ++i) {
    const Line& line = claim.lines[i];
    const Field<Code>& code = code_of(line);
    if (!code || is_total(line)) continue;
    const auto day = day_of(line, claim);
    SeenLines& lines = has_others && day ? seen : of_claim;
    const std::uint64_t key = hash_of(
        fmt::format("{}|{}", day ? to_string(*day) : "", claim.member.id.value.value_or("")));
    SeenLine now = seen_line(line, claim, code.place);
    now.claim = id;
    now.code = seen.code(*code);
    now.number = static_cast<std::int64_t>(i) + 1;
    std::vector<const SeenLine*> before;
    for (const SeenLine& other : lines.of(key)) {
      if (is_other_claim(other)) before.push_back(&other);
    }
    LineRules rules(tables, now, day, std::move(before), findings);
    if (day) rules.find_duplicate();
    rules.find_units();
    rules.find_pairs();
    lines.add(key, std::move(now));
  }
}

}  // namespace clearhead::claims
