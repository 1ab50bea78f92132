// Items and their details as lines.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "clearhead/claims/fhir_claim_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::array<std::string_view, 6> kServices{"HCPCS", "HIPPS",  "NDC",
                                                    "CVX",   "RxNorm", "SNOMED"};
constexpr std::array<std::string_view, 1> kRevenue{"NUBC"};
constexpr std::array<std::string_view, 1> kDrugs{"NDC"};

class LineReader {
 public:
  LineReader(const FhirNumbered& numbered, const FhirWarning& warn, Claim& claim)
      : numbered_(numbered), warn_(warn), claim_(claim) {}

  void add_item(const JsonNode& item);

 private:
  Line line_of(const JsonNode& item) const;
  void read_pointers(const JsonNode& list, Line& line) const;
  Field<std::string> provider_of(const JsonNode& list) const;

  const FhirNumbered& numbered_;
  const FhirWarning& warn_;
  Claim& claim_;
};

/// What a product says, and the drug beside it.
void read_product(const JsonNode& product, Line& line) {
  line.code = code_in(product, kServices, CodeUse::procedure);
  Field<Code> drug = code_in(product, kDrugs, CodeUse::procedure);
  if (drug && drug->system == "NDC" && drug->value != line.code->value) line.drug = std::move(drug);
}

/// A CodeableConcept is one modifier; but Blue Button has all modifiers of a line in one.
std::vector<Field<std::string>> modifiers_of(const JsonNode& list) {
  std::vector<Field<std::string>> modifiers;
  for (const JsonNode& modifier : list.elements()) {
    std::optional<std::string> first;
    for (const JsonNode& coding : modifier["coding"].elements()) {
      const std::string system =
          code_system_at(coding["system"].text().value.value_or(""), CodeUse::procedure);
      Field<std::string> code = coding["code"].text();
      if (!code || (first && system != *first)) continue;
      first = system;
      modifiers.push_back(std::move(code));
    }
  }
  return modifiers;
}

void read_amounts(const JsonNode& item, Line& line) {
  FhirAmounts amounts;
  amounts.add(item["adjudication"]);
  line.charge = amounts.charge();
  if (!line.charge) line.charge = item["net"]["value"].money();
  const Field<Money> price = item["unitPrice"]["value"].money();
  if (!line.charge && price && line.units) {
    const double factor = item["factor"].number().value.value_or(1);
    const double cents = static_cast<double>(price->cents) * *line.units * factor;
    if (std::abs(cents) < 1e17) line.charge = {Money{std::llround(cents)}, price.place};
  }
  line.allowed = amounts.allowed();
  line.paid = amounts.paid();
  line.adjustments = read_fhir_adjustments(item["adjudication"]);
}

void LineReader::read_pointers(const JsonNode& list, Line& line) const {
  line.pointers_place = list.place();
  for (const JsonNode& element : list.elements()) {
    const Field<std::int64_t> sequence = element.integer();
    const auto found = numbered_.diagnoses.find(*sequence);
    if (found != numbered_.diagnoses.end()) {
      line.pointers.push_back(found->second);
    } else {
      warn_(element.place(), "expected the sequence of a diagnosis, got " +
                                 std::to_string(*sequence) + "; it is left out");
    }
  }
}

/// Whoever of the care team is not the claim's provider.
Field<std::string> LineReader::provider_of(const JsonNode& list) const {
  for (const JsonNode& element : list.elements()) {
    const Field<std::int64_t> sequence = element.integer();
    for (const FhirCareTeamMember& member : numbered_.care_team) {
      if (member.sequence != *sequence || !member.provider) continue;
      if (member.provider.value != claim_.provider.value) return member.provider;
    }
  }
  return {std::nullopt, list.place()};
}

Line LineReader::line_of(const JsonNode& item) const {
  Line line;
  line.place = item.place();
  line.number = item["sequence"].integer();
  const JsonNode period = item["servicedPeriod"];
  const JsonNode day = item["servicedDate"];
  line.from = day ? day.date() : period["start"].date();
  line.to = period["end"].date();
  read_product(item.either("productOrService", "service"), line);
  line.revenue = code_in(item["revenue"], kRevenue, CodeUse::procedure);
  line.modifiers = modifiers_of(item["modifier"]);
  const JsonNode quantity = item["quantity"];
  line.units = quantity["value"].number();
  line.unit = quantity["unit"].text();
  if (!line.unit) line.unit = quantity["code"].text();
  line.service_place = plain_code_in(item["locationCodeableConcept"]);
  line.provider = provider_of(item.either("careTeamSequence", "careTeamLinkId"));
  read_amounts(item, line);
  read_pointers(item.either("diagnosisSequence", "diagnosisLinkId"), line);
  return line;
}

/// What a detail does not say is as its item says.
void complete(Line& detail, const Line& item) {
  detail.number = {std::nullopt, detail.place};  // it counts within its item
  if (!detail.from) {
    detail.from = item.from;
    detail.to = item.to;
  }
  if (!detail.service_place) detail.service_place = item.service_place;
  if (!detail.provider) detail.provider = item.provider;
  if (detail.pointers.empty()) {
    detail.pointers = item.pointers;
    detail.pointers_place = item.pointers_place;
  }
}

/// The amounts of an item that is a group are the sums of its details: each is counted once.
void leave_to_details(Field<Money> Line::*amount, Line& item, const std::vector<Line>& details) {
  const bool detailed = std::ranges::any_of(
      details, [amount](const Line& detail) { return (detail.*amount).value.has_value(); });
  if (detailed) (item.*amount).value.reset();
}

void LineReader::add_item(const JsonNode& item) {
  Line line = line_of(item);
  std::vector<Line> details;
  const auto add = [&](const JsonNode& node) {
    Line detail = line_of(node);
    if (!line.drug && detail.code && detail.code->system == "NDC") {
      line.drug = std::move(detail.code);
      if (!line.units) {
        line.units = std::move(detail.units);
        line.unit = std::move(detail.unit);
      }
      return;
    }
    complete(detail, line);
    details.push_back(std::move(detail));
  };
  for (const JsonNode& detail : item["detail"].elements()) {
    add(detail);
    for (const JsonNode& part : detail["subDetail"].elements()) add(part);
  }
  if (!line.code && !line.revenue && line.drug) line.code = std::exchange(line.drug, {});
  leave_to_details(&Line::charge, line, details);
  leave_to_details(&Line::allowed, line, details);
  leave_to_details(&Line::paid, line, details);
  claim_.lines.push_back(std::move(line));
  std::ranges::move(details, std::back_inserter(claim_.lines));
}

}  // namespace

void read_fhir_lines(const JsonNode& resource, const FhirNumbered& numbered,
                     const FhirWarning& warn, Claim& claim) {
  LineReader reader(numbered, warn, claim);
  for (const JsonNode& item : resource["item"].elements()) reader.add_item(item);
}

}  // namespace clearhead::claims
