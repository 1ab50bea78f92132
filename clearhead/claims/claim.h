// One model of a health-insurance claim, whatever file it came in: a claim has a header, diagnoses
// and lines, and may have adjustments. Every value knows where it stood, so that whatever is said
// about a claim can point at the input.
#ifndef CLEARHEAD_CLAIMS_CLAIM_H_
#define CLEARHEAD_CLAIMS_CLAIM_H_

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clearhead::claims {

/// Where something stands in the input. Counts begin at 1; 0 is unknown.
struct Place {
  std::shared_ptr<const std::string> file;  ///< its name; none if the value was made, not read
  std::uint64_t line = 0;                   ///< of a CSV or NDJSON file
  std::uint64_t byte = 0;                   ///< where the segment or object begins, from 0
  std::string part;  ///< a column ("charge"), an element ("SV1-02") or a path ("item[0].net")
};

/// "claims.csv, line 7, charge"; "a.837, byte 1032, SV1-02".
std::string to_string(const Place& place);

/// A value that was read, or that is missing, and where it stands.
template <typename T>
struct Field {
  std::optional<T> value;  ///< none: the input does not say
  Place place;             ///< of the value; if it is missing, perhaps of what should have it

  /// Whether there is a value.
  explicit operator bool() const { return value.has_value(); }
  /// The value, which must be there.
  const T& operator*() const { return *value; }
  /// Likewise.
  const T* operator->() const { return &*value; }
};

/// A day.
using Date = std::chrono::sys_days;

/// "2024-07-31".
std::string to_string(Date date);

/// An amount of money, exact, in the currency of the input.
struct Money {
  std::int64_t cents = 0;  ///< hundredths; smaller parts are rounded, halves away from 0

  auto operator<=>(const Money&) const = default;
  /// Sum; beyond 9·10¹⁶ it stays there.
  Money operator+(Money other) const;
  /// Difference, likewise.
  Money operator-(Money other) const { return *this + Money{-other.cents}; }
};

/// "1234.50".
std::string to_string(Money money);

/// A code and the system that it belongs to. Systems are named as people write them: "ICD-10-CM",
/// "ICD-10-PCS", "ICD-9-CM", "HCPCS" (with CPT), "NDC", "NUBC" (revenue codes), "SNOMED", "RxNorm",
/// "CVX"; another keeps the name it came with.
struct Code {
  std::string system;  ///< empty: the input does not say
  std::string value;   ///< without dots and blanks

  auto operator<=>(const Code&) const = default;
};
/// "HCPCS 99213"; the value alone if the input does not say the system.
std::string to_string(const Code& code);

/// What kind of bill a claim is.
enum class ClaimType { professional, institutional, dental, vision, pharmacy };

/// "professional", …
const char* to_string(ClaimType type);

/// What a diagnosis is to its claim.
enum class DiagnosisRole { principal, other, admitting, reason_for_visit, external_cause };

/// "principal", …
const char* to_string(DiagnosisRole role);

/// Why a member was treated.
struct Diagnosis {
  Field<Code> code;                           ///< what
  DiagnosisRole role = DiagnosisRole::other;  ///< the first of a list without roles is principal
  Field<std::string> present_on_admission;    ///< Y, N, U, W or 1 (exempt), of inpatients
};

/// A change from what was charged to what was paid (X12 segment CAS).
struct Adjustment {
  Field<std::string> group;   ///< CO, OA, PI, PR, CR
  Field<std::string> reason;  ///< claim adjustment reason code, such as 45
  Field<Money> amount;        ///< taken off the charge; negative: put on
  Field<double> quantity;     ///< units taken off
};

/// Something that was done, on a day.
struct Line {
  Field<std::int64_t> number;                 ///< within the claim, from 1
  Field<Date> from, to;                       ///< when; without `to`, one day
  Field<Code> code;                           ///< what
  Field<Code> revenue;                        ///< of institutional lines: NUBC revenue code
  Field<Code> drug;                           ///< NDC, where it stands beside the code
  std::vector<Field<std::string>> modifiers;  ///< in their order
  Field<double> units;                        ///< how many
  Field<std::string> unit;                    ///< of what: UN units, MJ minutes, DA days, …
  Field<std::string> service_place;           ///< where, if not as the claim says
  Field<std::string> provider;                ///< who, if not as the claim says
  Field<Money> charge, allowed, paid;         ///< what it cost
  std::vector<std::int64_t> pointers;         ///< places in the claim's diagnoses, from 1
  Place pointers_place;                       ///< where they stand
  std::vector<Adjustment> adjustments;        ///< of this line
  Place place;                                ///< where the line begins
};

/// The insured person.
struct Member {
  Field<std::string> id;     ///< as the payer calls them
  Field<Date> birth_date;    ///< or its first of January, if only the year is known
  Field<std::string> sex;    ///< M, F; U or another word if it came so
  Field<std::string> state;  ///< of residence
  Field<std::string> split;  ///< train, validation or test, in data made for learning
};

/// A claim, as it was billed (837, FHIR Claim) or answered (835, FHIR ExplanationOfBenefit).
struct Claim {
  Field<std::string> id;             ///< the claim's number
  Member member;                     ///< whose
  Field<ClaimType> type;             ///< what kind
  Field<Date> from, to;              ///< of service; without `to`, one day
  Field<std::string> provider;       ///< who was paid, or else who treated
  Field<std::string> specialty;      ///< of the provider: a taxonomy code or words
  Field<std::string> facility;       ///< where
  Field<std::string> service_place;  ///< place of service (11, 21, …) or type of bill (131, …)
  Field<std::string> frequency;  ///< of bills: 1 original, 7 replaces an earlier one, 8 voids it
  Field<std::string> status;     ///< what became of it, of answers
  Field<Code> drg;               ///< the group that pays, of inpatients
  std::vector<Diagnosis> diagnoses;     ///< in their order, to which pointers refer
  std::vector<Field<Code>> procedures;  ///< of the whole stay (ICD-10-PCS)
  Field<Money> charge, allowed, paid;   ///< totals
  std::vector<Line> lines;              ///< in their order
  std::vector<Adjustment> adjustments;  ///< of the claim as a whole
  Place place;                          ///< where the claim begins
};

/// The code of a line: its procedure, else its drug, else its revenue code; without a value if it
/// has none of them.
const Field<Code>& code_of(const Line& line);

/// What a line cost: its charge, else what was allowed, else paid; none if it says nothing.
std::optional<Money> amount_of(const Line& line);

/// When a line was: its own day, else its claim's.
std::optional<Date> day_of(const Line& line, const Claim& claim);

/// Years completed on a day; none if one of the dates is missing or the day is before birth.
std::optional<int> age_on(const Member& member, std::optional<Date> day);

/// Gives a claim that does not say when it was the first and the last day of its lines.
void take_dates_of_lines(Claim& claim);

/// The split of a claim's member: "train", "validation" (also where it is called valid), "test". If
/// the input does not say, eight, one and one of ten members, by a hash of their numbers (without
/// them of the claims').
std::string split_of(const Claim& claim);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAIM_H_
