// Gathers donors, and alters claims with them.
#include "clearhead/claims/inject.h"

#include <algorithm>
#include <iterator>

#include "clearhead/base/hash.h"
#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {
namespace {

constexpr std::array<const char*, kAlterations> kNames = {
    "swapped_procedure", "swapped_diagnosis", "phantom_line",   "wrong_sex",
    "wrong_age",         "duplicate_line",    "amount_times_3", "units_times_k"};
constexpr std::size_t kSample = 8;          // donors kept for a code
constexpr std::int64_t kLeastMembers = 30;  // that a sex or an age is judged by
constexpr std::int64_t kYearsOff = 10;
constexpr std::size_t kOldest = 120;
constexpr int kTries = 64;  // to find an alteration that is possible

using AmountOfLine = Field<Money> Line::*;
using AmountOfClaim = Field<Money> Claim::*;
constexpr std::pair<AmountOfLine, AmountOfClaim> kAmounts[] = {{&Line::charge, &Claim::charge},
                                                               {&Line::allowed, &Claim::allowed},
                                                               {&Line::paid, &Claim::paid}};

// Moves the claim's totals by what a line's amounts changed; `before` and `after` may be null.
void move_totals(Claim& claim, const Line* before, const Line* after) {
  for (const auto& [of_line, of_claim] : kAmounts) {
    auto& total = (claim.*of_claim).value;
    if (!total) continue;
    if (before) total = *total - (before->*of_line).value.value_or(Money{});
    if (after) total = *total + (after->*of_line).value.value_or(Money{});
  }
}

void multiply_amounts(Line& line, std::int64_t by) {
  for (const auto& [of_line, of_claim] : kAmounts) {
    if (line.*of_line) (line.*of_line).value->cents *= by;
  }
  for (Adjustment& adjustment : line.adjustments) {
    if (adjustment.amount) adjustment.amount.value->cents *= by;
  }
}

Field<Code>* code_field(Line& line) {
  for (Field<Code>* field : {&line.code, &line.drug, &line.revenue}) {
    if (*field) return field;
  }
  return nullptr;
}

bool has_code(const Claim& claim, const Code& code) {
  return std::any_of(claim.lines.begin(), claim.lines.end(), [&](const Line& line) {
    const Field<Code>& own = code_of(line);
    return own && *own == code;
  });
}

Line* draw_line(Claim& claim, Random& random) {
  if (claim.lines.empty()) return nullptr;
  return &claim.lines[static_cast<std::size_t>(random.below(std::ssize(claim.lines)))];
}

// The number of a line, which is its place if it has none.
std::int64_t number_of(const Claim& claim, const Line& line) {
  return line.number.value.value_or(&line - claim.lines.data() + 1);
}

// Puts it at a random place; lines are numbered anew.
std::int64_t insert(Claim& claim, Line line, Random& random) {
  move_totals(claim, nullptr, &line);
  const std::int64_t at = random.below(std::ssize(claim.lines) + 1);
  claim.lines.insert(claim.lines.begin() + at, std::move(line));
  std::int64_t number = 0;
  for (Line& each : claim.lines) each.number.value = ++number;
  return at + 1;
}

// An entry of `counted`, drawn by its count among those for which `fits`; null if there is none.
template <typename Map, typename Count, typename Fits>
const typename Map::value_type* draw(const Map& counted, const Count& count, const Fits& fits,
                                     Random& random) {
  std::vector<const typename Map::value_type*> fitting;
  std::int64_t all = 0;
  for (const auto& entry : counted) {
    if (!fits(entry.first)) continue;
    fitting.push_back(&entry);
    all += count(entry.second);
  }
  if (all == 0) return nullptr;
  std::int64_t at = random.below(all);
  for (const auto* entry : fitting) {
    at -= count(entry->second);
    if (at < 0) return entry;
  }
  return nullptr;
}

bool is_rare_among(const std::string& sex,
                   const std::map<std::string, std::int64_t>& members_by_sex,
                   std::int64_t members) {
  const auto found = members_by_sex.find(sex);
  return members >= kLeastMembers &&
         100 * (found == members_by_sex.end() ? 0 : found->second) <= members;
}

// Whether the middle 98 % of ages are at least kYearsOff away.
bool is_far_from(std::int64_t age, const std::vector<std::int64_t>& by_age) {
  std::int64_t all = 0;
  for (const std::int64_t count : by_age) all += count;
  std::int64_t below = 0, low = -1, high = 0;
  for (std::int64_t i = 0; i < std::ssize(by_age); ++i) {
    below += by_age[static_cast<std::size_t>(i)];
    if (low < 0 && 100 * below > all) low = i;
    if (100 * below < 99 * all) high = i + 1;
  }
  return all > 0 && (age <= low - kYearsOff || age >= high + kYearsOff);
}

}  // namespace

const char* to_string(Alteration alteration) {
  return kNames[static_cast<std::size_t>(alteration)];
}

std::optional<Alteration> alteration_named(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Alteration>(found - kNames.begin());
}

void Donors::add(const Claim& claim) {
  const std::uint64_t member = claim.member.id ? hash_of(*claim.member.id) : 0;
  for (const Line& line : claim.lines) {
    const Field<Code>& code = code_of(line);
    if (!code) continue;
    OfCode& of_code = lines_[{claim.type.value, code->system}][*code];
    const std::int64_t earlier = of_code.lines++;
    const Donor donor = {line.units.value, line.unit.value, line.charge.value, line.allowed.value,
                         line.paid.value};
    if (of_code.sample.size() < kSample) {
      of_code.sample.push_back(donor);
    } else {  // Vitter's algorithm R (1985)
      Random random(hash_of(code->value), static_cast<std::uint64_t>(earlier));
      const std::int64_t i = random.below(earlier + 1);
      if (i < std::ssize(of_code.sample)) of_code.sample[static_cast<std::size_t>(i)] = donor;
    }
    Users& users = users_[*code];
    if (users.last_member != member || users.members == 0) {
      ++users.members;
      if (claim.member.sex) ++users.by_sex[*claim.member.sex];
    }
    users.last_member = member;
    if (const auto age = age_on(claim.member, claim.from.value)) {
      if (users.by_age.empty()) users.by_age.resize(kOldest + 1);
      ++users.by_age[std::min(static_cast<std::size_t>(*age), kOldest)];
    }
  }
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (!diagnosis.code) continue;
    ++diagnoses_[{claim.type.value, diagnosis.code->system}][*diagnosis.code];
  }
}

// Makes a donor of a line.
bool Injector::replace(Claim& claim, Line& line, Random& random, const Fits& fits) const {
  Field<Code>* field = code_field(line);
  if (!field) return false;
  const auto group = donors_.lines_.find({claim.type.value, (*field)->system});
  if (group == donors_.lines_.end()) return false;
  const auto* drawn = draw(
      group->second, [](const Donors::OfCode& of_code) { return of_code.lines; },
      [&](const Code& code) {
        return !has_code(claim, code) && fits(code, donors_.users_.at(code));
      },
      random);
  if (!drawn) return false;
  const auto& sample = drawn->second.sample;
  const Donors::Donor& donor = sample[static_cast<std::size_t>(random.below(std::ssize(sample)))];
  field->value = drawn->first;
  if (field == &line.code) line.drug.value.reset();
  line.units.value = donor.units;
  line.unit.value = donor.unit;
  line.charge.value = donor.charge;
  line.allowed.value = donor.allowed;
  line.paid.value = donor.paid;
  line.modifiers.clear();
  line.adjustments.clear();
  return true;
}

std::optional<std::int64_t> Injector::swap_line(Claim& claim, Random& random,
                                                const Fits& fits) const {
  Line* line = draw_line(claim, random);
  if (!line) return std::nullopt;
  const Line before = *line;
  if (!replace(claim, *line, random, fits)) return std::nullopt;
  move_totals(claim, &before, line);
  return number_of(claim, *line);
}

std::optional<std::int64_t> Injector::add_phantom(Claim& claim, Random& random) const {
  const Line* model = draw_line(claim, random);
  if (!model) return std::nullopt;
  Line line = *model;
  const bool is_made =
      replace(claim, line, random, [](const Code&, const Donors::Users&) { return true; });
  return is_made ? std::optional(insert(claim, std::move(line), random)) : std::nullopt;
}

std::optional<std::int64_t> Injector::swap_diagnosis(Claim& claim, Random& random) const {
  if (claim.diagnoses.empty()) return std::nullopt;
  const std::int64_t at = random.below(std::ssize(claim.diagnoses));
  Field<Code>& code = claim.diagnoses[static_cast<std::size_t>(at)].code;
  if (!code) return std::nullopt;
  const auto group = donors_.diagnoses_.find({claim.type.value, code->system});
  if (group == donors_.diagnoses_.end()) return std::nullopt;
  const auto* drawn = draw(
      group->second, [](std::int64_t count) { return count; },
      [&](const Code& other) {
        return std::none_of(claim.diagnoses.begin(), claim.diagnoses.end(),
                            [&](const Diagnosis& own) { return own.code && *own.code == other; });
      },
      random);
  if (!drawn) return std::nullopt;
  code.value = drawn->first;
  for (const Line& line : claim.lines) {
    if (std::find(line.pointers.begin(), line.pointers.end(), at + 1) != line.pointers.end()) {
      return number_of(claim, line);
    }
  }
  return 0;
}

std::optional<Label> Injector::alter(Claim& claim, Alteration alteration, Random& random) const {
  const auto scale = [&](std::int64_t by, bool units) -> std::optional<std::int64_t> {
    Line* line = draw_line(claim, random);
    if (!line || (units ? !line->units : amount_of(*line).value_or(Money{}).cents <= 0)) {
      return std::nullopt;
    }
    const Line before = *line;
    if (units) line->units.value = *line->units * static_cast<double>(by);
    multiply_amounts(*line, by);
    move_totals(claim, &before, line);
    return number_of(claim, *line);
  };
  std::optional<std::int64_t> line;
  switch (alteration) {
    case Alteration::swapped_procedure:
      line = swap_line(claim, random, [](const Code&, const Donors::Users&) { return true; });
      break;
    case Alteration::swapped_diagnosis:
      line = swap_diagnosis(claim, random);
      break;
    case Alteration::phantom_line:
      line = add_phantom(claim, random);
      break;
    case Alteration::wrong_sex:
      if (!claim.member.sex) break;
      line = swap_line(claim, random, [&](const Code&, const Donors::Users& users) {
        return is_rare_among(*claim.member.sex, users.by_sex, users.members);
      });
      break;
    case Alteration::wrong_age:
      if (const auto age = age_on(claim.member, claim.from.value)) {
        line = swap_line(claim, random, [&](const Code&, const Donors::Users& users) {
          return users.members >= kLeastMembers && is_far_from(*age, users.by_age);
        });
      }
      break;
    case Alteration::duplicate_line:
      if (const Line* twice = draw_line(claim, random)) line = insert(claim, *twice, random);
      break;
    case Alteration::amount_times_3:
      line = scale(3, false);
      break;
    case Alteration::units_times_k:
      line = scale(2 + random.below(9), true);
      break;
  }
  if (!line) return std::nullopt;
  return Label{claim.id.value.value_or(""), alteration, *line};
}

std::optional<Label> Injector::alter(Claim& claim) const {
  if (!claim.id) return std::nullopt;
  Random random(seed_, hash_of(*claim.id));
  if (random.uniform() >= share_) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    const auto alteration =
        static_cast<Alteration>(random.below(static_cast<std::int64_t>(kAlterations)));
    if (auto label = alter(claim, alteration, random)) return label;
  }
  return std::nullopt;
}

}  // namespace clearhead::claims
