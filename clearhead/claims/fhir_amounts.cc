// Amounts stand in `adjudication` and `total` by category, in fields of their own, and in
// extensions of CMS Blue Button.
#include <algorithm>
#include <array>
#include <utility>

#include "clearhead/claims/fhir_claim_internal.h"

namespace clearhead::claims {
namespace {

// Categories, the first that is there counts. HL7: http://terminology.hl7.org/CodeSystem/
// adjudication and CARIN's C4BBAdjudication; then the variables of CMS, for lines and for claims.
constexpr std::array<std::string_view, 7> kCharge{
    "submitted",         "line_sbmtd_chrg_amt", "rev_cntr_tot_chrg_amt", "clm_line_sbmt_chrg_amt",
    "clm_sbmt_chrg_amt", "clm_tot_chrg_amt",    "tot_rx_cst_amt"};
constexpr std::array<std::string_view, 5> kAllowed{"eligible", "allowed", "line_alowd_chrg_amt",
                                                   "clm_line_alowd_chrg_amt", "clm_alowd_chrg_amt"};
constexpr std::array<std::string_view, 9> kPaid{
    "benefit",          "line_nch_pmt_amt",   "rev_cntr_pmt_amt_amt",   "cvrd_d_plan_pd_amt",
    "paidtoprovider",   "line_prvdr_pmt_amt", "rev_cntr_prvdr_pmt_amt", "clm_line_prvdr_pmt_amt",
    "clm_prvdr_pmt_amt"};

Field<Money> amount_of_extension(const JsonNode& resource, std::string_view name) {
  return extension_of(resource, name)["valueMoney"]["value"].money();
}

/// What is there first.
Field<Money> first_of(std::initializer_list<Field<Money>> amounts) {
  for (const Field<Money>& amount : amounts) {
    if (amount) return amount;
  }
  return *amounts.begin();
}

}  // namespace

void FhirAmounts::add(const JsonNode& list) {
  for (const JsonNode& row : list.elements()) {
    const JsonNode amount = row["amount"]["value"];
    if (amount) rows_.push_back({words_in(row["category"]), amount});
  }
}

Field<Money> FhirAmounts::charge() const { return first_of(kCharge); }
Field<Money> FhirAmounts::allowed() const { return first_of(kAllowed); }
Field<Money> FhirAmounts::paid() const { return first_of(kPaid); }

Field<Money> FhirAmounts::first_of(std::span<const std::string_view> words) const {
  for (const std::string_view word : words) {
    for (const Row& row : rows_) {
      if (std::ranges::find(row.words, word) != row.words.end()) return row.amount.money();
    }
  }
  return {};
}

void read_fhir_totals(const JsonNode& resource, Claim& claim) {
  FhirAmounts amounts;
  const JsonNode total = resource["total"];  // of a Claim an amount, of an answer rows
  if (!total.is_object()) amounts.add(total);
  amounts.add(resource["adjudication"]);
  const JsonNode whole = total.is_object() ? total["value"] : total.none("value");
  claim.charge = first_of({amounts.charge(), whole.money(), resource["totalCost"]["value"].money(),
                           amount_of_extension(resource, "nch_carr_clm_sbmtd_chrg_amt")});
  claim.allowed =
      first_of({amounts.allowed(), amount_of_extension(resource, "nch_carr_clm_alowd_amt")});
  claim.paid = first_of({resource["payment"]["amount"]["value"].money(), amounts.paid(),
                         resource["totalBenefit"]["value"].money(),
                         amount_of_extension(resource, "nch_clm_prvdr_pmt_amt")});
  claim.adjustments = read_fhir_adjustments(resource["adjudication"]);
}

std::vector<Adjustment> read_fhir_adjustments(const JsonNode& adjudication) {
  constexpr std::array<std::string_view, 2> kGroups{"claim-adjustment-group-codes", "ansi-grp-cd"};
  constexpr std::array<std::string_view, 2> kReasons{"claim-adjustment-reason-codes",
                                                     "ansi-rsn-cd"};
  const auto is_one_of = [](const auto& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  std::vector<Adjustment> adjustments;
  for (const JsonNode& row : adjudication.elements()) {
    Adjustment adjustment;
    for (const JsonNode& coding : row["reason"]["coding"].elements()) {
      const std::string system = last_part(coding["system"].text().value.value_or(""));
      Field<std::string> code = coding["code"].text();
      if (!adjustment.group && is_one_of(kGroups, system))
        adjustment.group = std::move(code);
      else if (!adjustment.reason && is_one_of(kReasons, system))
        adjustment.reason = std::move(code);
    }
    if (!adjustment.group && !adjustment.reason) {
      if (!is_one_of(words_in(row["category"]), "adjustmentreason")) continue;
      adjustment.reason = plain_code_in(row["reason"]);
      if (!adjustment.reason) continue;
    }
    adjustment.amount = row["amount"]["value"].money();
    adjustment.quantity = row["value"].number();
    adjustments.push_back(std::move(adjustment));
  }
  return adjustments;
}

}  // namespace clearhead::claims
