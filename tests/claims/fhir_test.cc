// Claims out of FHIR: small resources made by hand in the forms of HL7, CARIN and CMS.
#include "clearhead/claims/fhir.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/claims/fhir_reading.h"

namespace clearhead::claims {
namespace {

constexpr const char* kProfessional = R"({
  "resourceType": "ExplanationOfBenefit", "id": "e1", "status": "active", "outcome": "complete",
  "use": "claim",
  "identifier": [
    {"system": "https://payer.example/batch", "value": "B7"},
    {"type": {"coding": [{"code": "uc"}]}, "value": "CLM-1"}],
  "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type",
                       "code": "professional"}]},
  "patient": {"reference": "Patient/p1/_history/2"},
  "billablePeriod": {"start": "2024-01-30", "end": "2024-02-01"},
  "provider": {"reference": "#org"},
  "facility": {"identifier": {"value": "F9"}},
  "contained": [{"resourceType": "Organization", "id": "org", "identifier": [
    {"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-345"},
    {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1111111112"}]}],
  "careTeam": [
    {"sequence": 1, "provider": {"reference": "#org"}},
    {"sequence": 4, "provider": {"identifier": {"value": "2222222223"}},
     "role": {"coding": [{"code": "rendering"}]},
     "qualification": {"coding": [
       {"system": "https://bluebutton.cms.gov/resources/variables/prvdr_spclty", "code": "11"},
       {"system": "http://nucc.org/provider-taxonomy", "code": "207R00000X"}]}}],
  "diagnosis": [
    {"sequence": 5, "diagnosisCodeableConcept": {"coding": [
       {"system": "http://snomed.info/sct", "code": "44054006"},
       {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]},
     "type": [{"coding": [{"code": "admitting"}]}], "onAdmission": {"coding": [{"code": "Y"}]}},
    {"sequence": 2, "diagnosisCodeableConcept": {"coding": [
       {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]},
     "type": [{"coding": [{"code": "admitting"}]}, {"coding": [{"code": "principal"}]}]}],
  "item": [
    {"sequence": 1, "careTeamSequence": [1, 4], "diagnosisSequence": [2, 5],
     "productOrService": {"coding": [{"system": "http://www.ama-assn.org/go/cpt",
                                      "code": "99213"}]},
     "modifier": [{"coding": [{"code": "25"}]}, {"coding": [{"code": "GT"}]}],
     "servicedDate": "2024-01-30", "quantity": {"value": 2, "unit": "UN"},
     "locationCodeableConcept": {"coding": [{"code": "11"}]},
     "net": {"value": 100},
     "adjudication": [
       {"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 110.5}},
       {"category": {"coding": [{"code": "eligible"}]}, "amount": {"value": 90.25}},
       {"category": {"coding": [{"code": "paidtoprovider"}]}, "amount": {"value": 7}},
       {"category": {"coding": [{"code": "benefit"}]}, "amount": {"value": 80}},
       {"category": {"coding": [{"code": "adjustmentreason"}]}, "value": 1,
        "reason": {"coding": [
          {"system": "https://x12.org/codes/claim-adjustment-group-codes", "code": "CO"},
          {"system": "https://x12.org/codes/claim-adjustment-reason-codes", "code": "45"}]},
        "amount": {"value": 20.25}},
       {"category": {"coding": [{"code": "benefitpaymentstatus"}]},
        "reason": {"coding": [{"code": "innetwork"}]}}]},
    {"sequence": 2, "productOrService": {"coding": [{"code": "J1100", "system":
       "https://bluebutton.cms.gov/resources/codesystem/hcpcs"}]},
     "servicedPeriod": {"start": "2024-01-31", "end": "2024-02-01"},
     "locationCodeableConcept": {"coding": [{"code": "22"}]},
     "quantity": {"value": 4}, "unitPrice": {"value": 2.5}, "factor": 0.5,
     "detail": [{"sequence": 1, "productOrService": {"coding": [
       {"system": "http://hl7.org/fhir/sid/ndc", "code": "0409-1890-01"}]}}]}],
  "total": [{"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 115.5}},
            {"category": {"coding": [{"code": "eligible"}]}, "amount": {"value": 90.25}}],
  "payment": {"amount": {"value": 80}}
})";

TEST(Fhir, TheHeaderOfAnAnswerOfR4) {
  const Claim claim = read_one(kProfessional);
  EXPECT_EQ(*claim.id, "CLM-1");
  EXPECT_EQ(to_string(claim.id.place), "a.json, byte 0, identifier[1].value");
  EXPECT_EQ(*claim.member.id, "p1");
  EXPECT_EQ(*claim.type, ClaimType::professional);
  EXPECT_EQ(to_string(*claim.from), "2024-01-30");
  EXPECT_EQ(to_string(*claim.to), "2024-02-01");
  EXPECT_EQ(*claim.provider, "1111111112");
  EXPECT_EQ(*claim.specialty, "207R00000X");
  EXPECT_EQ(*claim.facility, "F9");
  EXPECT_EQ(*claim.service_place, "11");
  EXPECT_EQ(*claim.status, "complete");
  EXPECT_EQ(to_string(*claim.charge), "115.50");
  EXPECT_EQ(to_string(*claim.allowed), "90.25");
  EXPECT_EQ(to_string(*claim.paid), "80.00");
  EXPECT_EQ(to_string(claim.charge.place), "a.json, byte 0, total[0].amount.value");
}

TEST(Fhir, DiagnosesKeepTheirOrderAndAreOfTheBillingSystem) {
  const Claim claim = read_one(kProfessional);
  ASSERT_EQ(claim.diagnoses.size(), 2u);
  EXPECT_EQ(*claim.diagnoses[0].code, (Code{"ICD-10-CM", "E119"}));
  EXPECT_EQ(claim.diagnoses[0].role, DiagnosisRole::admitting);
  EXPECT_EQ(*claim.diagnoses[0].present_on_admission, "Y");
  EXPECT_EQ(claim.diagnoses[1].role, DiagnosisRole::principal);
  EXPECT_EQ(claim.diagnoses[1].code.place.part,
            "diagnosis[1].diagnosisCodeableConcept.coding[0].code");
}

TEST(Fhir, LinesOfR4) {
  const Claim claim = read_one(kProfessional);
  ASSERT_EQ(claim.lines.size(), 2u);
  const Line& first = claim.lines[0];
  EXPECT_EQ(*first.number, 1);
  EXPECT_EQ(*first.code, (Code{"HCPCS", "99213"}));
  EXPECT_EQ(first.modifiers.size(), 2u);
  EXPECT_EQ(*first.modifiers[1], "GT");
  EXPECT_EQ(first.pointers, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(*first.provider, "2222222223") << "the claim's own provider is not said again";
  EXPECT_EQ(*first.units, 2);
  EXPECT_EQ(*first.unit, "UN");
  EXPECT_FALSE(first.service_place) << "as the claim says";
  EXPECT_EQ(to_string(*first.charge), "110.50") << "what was submitted goes before net";
  EXPECT_EQ(to_string(*first.allowed), "90.25");
  EXPECT_EQ(to_string(*first.paid), "80.00") << "the benefit goes before a part of it";
  ASSERT_EQ(first.adjustments.size(), 1u) << "a status is no adjustment";
  EXPECT_EQ(*first.adjustments[0].group, "CO");
  EXPECT_EQ(*first.adjustments[0].reason, "45");
  EXPECT_EQ(to_string(*first.adjustments[0].amount), "20.25");
  EXPECT_EQ(*first.adjustments[0].quantity, 1);

  const Line& second = claim.lines[1];
  EXPECT_EQ(*second.drug, (Code{"NDC", "00409189001"}));
  EXPECT_EQ(*second.service_place, "22");
  EXPECT_EQ(to_string(*second.from), "2024-01-31");
  EXPECT_EQ(to_string(*second.to), "2024-02-01");
  EXPECT_EQ(to_string(*second.charge), "5.00") << "4 × 2.50 × 0.5";
  EXPECT_EQ(second.charge.place.part, "item[1].unitPrice.value");
}

TEST(Fhir, AmountsAreExact) {
  const Claim claim = read_one(answer(R"("item":[{"sequence":1,"net":{"value":1.005}},
    {"net":{"value":-1.005}},{"net":{"value":70368744177.39}},{"net":{"value":1e-9}},
    {"net":{"value":12}}])"));
  const std::vector<std::int64_t> cents{101, -101, 7036874417739, 0, 1200};
  ASSERT_EQ(claim.lines.size(), cents.size());
  for (std::size_t i = 0; i < cents.size(); ++i) EXPECT_EQ(claim.lines[i].charge->cents, cents[i]);
}

TEST(Fhir, AnInstitutionalClaimOfStu3) {
  const Reading result = read(R"({
    "resourceType": "ExplanationOfBenefit", "id": "outpatient-7", "status": "active",
    "identifier": [
      {"system": "https://bluebutton.cms.gov/resources/identifier/claim-group", "value": "9"},
      {"system": "https://bluebutton.cms.gov/resources/variables/clm_id", "value": "7"}],
    "type": {"coding": [
      {"system": "http://hl7.org/fhir/ex-claimtype", "code": "professional"},
      {"system": "https://bluebutton.cms.gov/resources/variables/nch_clm_type_cd", "code": "40"},
      {"system": "https://bluebutton.cms.gov/resources/variables/clm_srvc_clsfctn_type_cd",
       "code": "3"}]},
    "patient": {"reference": "Patient/-3"},
    "insurance": {"coverage": {"reference": "Coverage/1"}},
    "facility": {"extension": [
      {"url": "https://bluebutton.cms.gov/resources/variables/clm_fac_type_cd",
       "valueCoding": {"code": "1"}}]},
    "organization": {"identifier": {"value": "8886687531"}},
    "information": [{"category": {"coding": [
        {"code": "https://bluebutton.cms.gov/resources/variables/clm_freq_cd"}]},
      "code": {"coding": [{"code": "7"}]}}],
    "diagnosis": [
      {"sequence": 1, "diagnosisCodeableConcept": {"coding": [
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": "J20.8"}]}},
      {"sequence": 2, "packageCode": {"coding": [
        {"system": "https://bluebutton.cms.gov/resources/variables/clm_drg_cd", "code": "460"}]}}],
    "procedure": [{"sequence": 1, "procedureCodeableConcept": {"coding": [
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": "BW03ZZZ"}]}}],
    "extension": [
      {"url": "https://bluebutton.cms.gov/resources/variables/nch_carr_clm_alowd_amt",
       "valueMoney": {"value": 60}}],
    "item": [{"sequence": 1, "diagnosisLinkId": [1], "quantity": {"value": 0},
      "revenue": {"coding": [{"system": "https://bluebutton.cms.gov/resources/variables/rev_cntr",
                              "code": "450"}]},
      "service": {"coding": [
        {"system": "https://bluebutton.cms.gov/resources/codesystem/hcpcs", "code": "E0570"}]},
      "adjudication": [
        {"category": {"coding": [{"code":
          "https://bluebutton.cms.gov/resources/variables/rev_cntr_rate_amt"}]},
         "amount": {"value": 3}},
        {"category": {"coding": [{"code":
          "https://bluebutton.cms.gov/resources/variables/rev_cntr_tot_chrg_amt"}]},
         "amount": {"value": 77.5}},
        {"category": {"coding": [{"code":
          "https://bluebutton.cms.gov/resources/variables/rev_cntr_pmt_amt_amt"}]},
         "amount": {"value": 50}}]}],
    "totalCost": {"value": 77.5}})");
  ASSERT_EQ(result.claims.size(), 1u);
  EXPECT_EQ(result.summary.format, "FHIR STU3");
  EXPECT_EQ(result.warnings, std::vector<std::string>{});
  const Claim& claim = result.claims[0];
  EXPECT_EQ(*claim.id, "7");
  EXPECT_EQ(*claim.type, ClaimType::institutional) << "the record type tells more";
  EXPECT_EQ(*claim.service_place, "137");
  EXPECT_EQ(*claim.frequency, "7");
  EXPECT_EQ(*claim.provider, "8886687531");
  ASSERT_EQ(claim.diagnoses.size(), 1u);
  EXPECT_EQ(*claim.diagnoses[0].code, (Code{"ICD-10-CM", "J208"}));
  EXPECT_EQ(claim.diagnoses[0].role, DiagnosisRole::principal) << "the first without roles";
  EXPECT_EQ(*claim.drg, (Code{"MS-DRG", "460"}));
  ASSERT_EQ(claim.procedures.size(), 1u);
  EXPECT_EQ(*claim.procedures[0], (Code{"ICD-10-PCS", "BW03ZZZ"}));
  EXPECT_EQ(to_string(*claim.charge), "77.50");
  EXPECT_EQ(to_string(*claim.allowed), "60.00");
  const Line& line = claim.lines.at(0);
  EXPECT_EQ(*line.revenue, (Code{"NUBC", "0450"}));
  EXPECT_EQ(*line.code, (Code{"HCPCS", "E0570"}));
  EXPECT_EQ(to_string(*line.charge), "77.50");
  EXPECT_EQ(to_string(*line.paid), "50.00");
  EXPECT_EQ(line.pointers, std::vector<std::int64_t>{1});
}

TEST(Fhir, AClaimOfR4HasATotalAndItsLinesDates) {
  const Claim claim = read_one(R"({"resourceType":"Claim","id":"c","status":"active",
    "total":{"value":30},"patient":{"identifier":{"value":"M1"}},
    "item":[{"sequence":1,"servicedDate":"2024-03-02"},
            {"sequence":2,"servicedPeriod":{"start":"2024-03-01","end":"2024-03-05"}}]})");
  EXPECT_EQ(to_string(*claim.charge), "30.00");
  EXPECT_EQ(*claim.member.id, "M1");
  EXPECT_EQ(to_string(*claim.from), "2024-03-01");
  EXPECT_EQ(to_string(*claim.to), "2024-03-05");
  EXPECT_EQ(*claim.status, "active");
}

TEST(Fhir, DetailsOfAGroupAreLinesAndTheirAmountsCountOnce) {
  const Claim claim = read_one(answer(R"("item":[{"sequence":1,"servicedDate":"2024-01-01",
    "productOrService":{"coding":[{"code":"ORTHPLAN"}]},"net":{"value":30},
    "adjudication":[{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":9}}],
    "detail":[
      {"sequence":1,"productOrService":{"coding":[{"code":"A"}]},"net":{"value":10},
       "subDetail":[{"sequence":1,"productOrService":{"coding":[{"code":"A1"}]}}]},
      {"sequence":2,"productOrService":{"coding":[{"code":"B"}]},"net":{"value":20}}]}])"));
  ASSERT_EQ(claim.lines.size(), 4u);
  EXPECT_FALSE(claim.lines[0].charge);
  EXPECT_EQ(to_string(*claim.lines[0].paid), "9.00") << "no detail has one";
  EXPECT_EQ(claim.lines[2].code->value, "A1");
  EXPECT_EQ(claim.lines[2].place.part, "item[0].detail[0].subDetail[0]");
  EXPECT_EQ(to_string(*claim.lines[3].charge), "20.00");
  EXPECT_EQ(to_string(*claim.lines[3].from), "2024-01-01");
  EXPECT_FALSE(claim.lines[3].number);
}

TEST(Fhir, ADrugOfAPharmacyIsTheCode) {
  const Claim claim = read_one(answer(R"("item":[{"sequence":1,
    "productOrService":{"coding":[{"system":
      "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBCompoundLiteral","code":"compound"}]},
    "detail":[{"sequence":1,"quantity":{"value":60,"unit":"UN"},"productOrService":{"coding":[
      {"system":"http://hl7.org/fhir/sid/ndc","code":"00071015523"}]}}]}])"));
  const Line& line = claim.lines.at(0);
  EXPECT_EQ(*line.code, (Code{"NDC", "00071015523"}));
  EXPECT_FALSE(line.drug);
  EXPECT_EQ(*line.units, 60);
  EXPECT_EQ(*line.unit, "UN");
}

TEST(Fhir, ModifiersWithinOneConceptAreRead) {
  const Claim claim = read_one(answer(R"("item":[{"modifier":[{"coding":[
    {"system":"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets","code":"A2"},
    {"system":"http://www.ama-assn.org/go/cpt","code":"59"},
    {"system":"http://example.org/words","code":"distinct"}]}]}])"));
  ASSERT_EQ(claim.lines.at(0).modifiers.size(), 2u);
  EXPECT_EQ(*claim.lines[0].modifiers[1], "59");
}

}  // namespace
}  // namespace clearhead::claims
