// Claims' values as words, and what follows from the parts of a claim.
#include "clearhead/claims/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "clearhead/base/hash.h"

namespace clearhead::claims {

Money Money::operator+(Money other) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t a = cents, b = other.cents;
  if (b > 0 ? a > kMost - b : a < -kMost - b) return {b > 0 ? kMost : -kMost};
  return {a + b};
}

std::string to_string(const Place& place) {
  std::string text = place.file ? *place.file : "made here";
  if (place.line > 0) {
    text += fmt::format(", line {}", place.line);
  } else if (place.file) {
    text += fmt::format(", byte {}", place.byte);
  }
  if (!place.part.empty()) text += ", " + place.part;
  return text;
}

std::string to_string(Date date) {
  const std::chrono::year_month_day day(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

std::string to_string(Money money) {
  const std::int64_t cents = std::abs(money.cents);
  return fmt::format("{}{}.{:02}", money.cents < 0 ? "-" : "", cents / 100, cents % 100);
}

std::string to_string(const Code& code) {
  return code.system.empty() ? code.value : code.system + " " + code.value;
}

const char* to_string(ClaimType type) {
  switch (type) {
    case ClaimType::professional:
      return "professional";
    case ClaimType::institutional:
      return "institutional";
    case ClaimType::dental:
      return "dental";
    case ClaimType::vision:
      return "vision";
    case ClaimType::pharmacy:
      return "pharmacy";
  }
  return "";
}

const char* to_string(DiagnosisRole role) {
  switch (role) {
    case DiagnosisRole::principal:
      return "principal";
    case DiagnosisRole::other:
      return "other";
    case DiagnosisRole::admitting:
      return "admitting";
    case DiagnosisRole::reason_for_visit:
      return "reason for visit";
    case DiagnosisRole::external_cause:
      return "external cause";
  }
  return "";
}

const Field<Code>& code_of(const Line& line) {
  for (const Field<Code>* field : {&line.code, &line.drug, &line.revenue}) {
    if (*field) return *field;
  }
  return line.code;
}

std::optional<Money> amount_of(const Line& line) {
  for (const Field<Money>* field : {&line.charge, &line.allowed, &line.paid}) {
    if (*field) return field->value;
  }
  return std::nullopt;
}

std::optional<Date> day_of(const Line& line, const Claim& claim) {
  return line.from ? line.from.value : claim.from.value;
}

std::optional<int> age_on(const Member& member, std::optional<Date> day) {
  if (!member.birth_date || !day || *day < *member.birth_date) return std::nullopt;
  const std::chrono::year_month_day born(*member.birth_date), now(*day);
  const bool had_birthday =
      now.month() > born.month() || (now.month() == born.month() && now.day() >= born.day());
  return static_cast<int>(now.year()) - static_cast<int>(born.year()) - (had_birthday ? 0 : 1);
}

void take_dates_of_lines(Claim& claim) {
  if (claim.from) return;
  for (const Line& line : claim.lines) {
    if (line.from && (!claim.from || *line.from < *claim.from)) claim.from = line.from;
    const Field<Date>& last = line.to ? line.to : line.from;
    if (last && (!claim.to || *claim.to < *last)) claim.to = last;
  }
  if (claim.from && claim.to && *claim.from == *claim.to) claim.to.value.reset();  // one day
}

std::string split_of(const Claim& claim) {
  const std::string split = claim.member.split.value.value_or("");
  if (!split.empty()) return split == "valid" ? "validation" : split;
  const Field<std::string>& who = claim.member.id ? claim.member.id : claim.id;
  const std::uint64_t share = who ? hash_of(*who) % 10 : 9;
  return share == 0 ? "validation" : share == 1 ? "test" : "train";
}

}  // namespace clearhead::claims
