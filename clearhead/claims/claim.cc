// Claims' values as words.
#include "clearhead/claims/claim.h"

#include <fmt/format.h>

#include <cstdlib>

namespace clearhead::claims {

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

std::optional<int> age_on(const Member& member, std::optional<Date> day) {
  if (!member.birth_date || !day || *day < *member.birth_date) return std::nullopt;
  const std::chrono::year_month_day born(*member.birth_date), now(*day);
  const bool had_birthday =
      now.month() > born.month() || (now.month() == born.month() && now.day() >= born.day());
  return static_cast<int>(now.year()) - static_cast<int>(born.year()) - (had_birthday ? 0 : 1);
}

std::string split_of(const Claim& claim) {
  const std::string split = claim.member.split.value.value_or("");
  return split == "valid" ? "validation" : split;
}

}  // namespace clearhead::claims
