// Code systems of FHIR under the names that claims use.
#include "clearhead/claims/fhir_codes.h"

#include <gtest/gtest.h>

namespace clearhead::claims {
namespace {

TEST(FhirCodes, SystemsHaveTheNamesThatPeopleUse) {
  const auto name = [](const char* address) { return code_system_at(address, CodeUse::diagnosis); };
  EXPECT_EQ(name("http://hl7.org/fhir/sid/icd-10-cm"), "ICD-10-CM");
  EXPECT_EQ(name("HTTP://HL7.org/fhir/sid/icd-9-cm/"), "ICD-9-CM");
  EXPECT_EQ(name("https://bluebutton.cms.gov/resources/codesystem/hcpcs"), "HCPCS");
  EXPECT_EQ(name("https://bluebutton.cms.gov/fhir/CodeSystem/CLM-REV-CNTR-CD"), "NUBC");
  EXPECT_EQ(name("http://www.nlm.nih.gov/research/umls/rxnorm"), "RxNorm");
  EXPECT_EQ(name("https://payer.example/codes"), "https://payer.example/codes") << "kept";
}

TEST(FhirCodes, PlainIcd10IsOfTheUsesOwnEdition) {
  const char* address = "http://hl7.org/fhir/sid/icd-10";
  EXPECT_EQ(code_system_at(address, CodeUse::diagnosis), "ICD-10-CM");
  EXPECT_EQ(code_system_at(address, CodeUse::procedure), "ICD-10-PCS");
}

TEST(FhirCodes, DrugCodesHaveElevenDigits) {
  const auto drug = [](const char* value) {
    return fhir_code("http://hl7.org/fhir/sid/ndc", value, CodeUse::procedure).value;
  };
  EXPECT_EQ(drug("0071-0155-23"), "00071015523");
  EXPECT_EQ(drug("50242-040-62"), "50242004062");
  EXPECT_EQ(drug("60575-4112-1"), "60575411201");
  EXPECT_EQ(drug("00071015523"), "00071015523");
  EXPECT_EQ(drug("12-34"), "12-34") << "what is none stays as it is";
  EXPECT_EQ(drug("1-2-3-4"), "1-2-3-4");
  EXPECT_EQ(drug("123456-1-1"), "123456-1-1");
}

TEST(FhirCodes, RevenueCodesHaveFourDigits) {
  EXPECT_EQ(fhir_code("https://www.nubc.org/CodeSystem/RevenueCodes", "450", CodeUse::procedure),
            (Code{"NUBC", "0450"}));
}

TEST(FhirCodes, PlaceholdersAreNoCodes) {
  EXPECT_TRUE(is_placeholder("http://terminology.hl7.org/CodeSystem/data-absent-reason"));
  EXPECT_FALSE(is_placeholder("http://snomed.info/sct"));
}

}  // namespace
}  // namespace clearhead::claims
