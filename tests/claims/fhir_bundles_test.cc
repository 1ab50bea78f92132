// Files of FHIR: what belongs to a claim is found in its bundle, lines are read one by one, and
// what is no claim is refused with its place.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/claims/fhir_reading.h"

namespace clearhead::claims {
namespace {

TEST(Fhir, PatientsAndConditionsOfABundleAreFoundWhereverTheyStand) {
  const Reading result = read(R"({"resourceType":"Bundle","type":"collection","entry":[
    {"fullUrl":"urn:uuid:e","resource":{"resourceType":"ExplanationOfBenefit","id":"e",
      "patient":{"reference":"urn:uuid:abc"},
      "diagnosis":[{"sequence":1,"diagnosisReference":{"reference":"urn:uuid:con"}}],
      "item":[{"sequence":1,"diagnosisSequence":[1]}]}},
    {"fullUrl":"urn:uuid:abc","resource":{"resourceType":"Patient","id":"pat",
      "birthDate":"1956","gender":"female","address":[{"city":"X"},{"state":"MA"}]}},
    {"fullUrl":"urn:uuid:con","resource":{"resourceType":"Condition","id":"con","code":{"coding":[
      {"system":"http://snomed.info/sct","code":"73211009"}]}}},
    {"request":{"method":"POST"}},
    {"resource":{"resourceType":"Practitioner","id":"x"}}]})");
  ASSERT_EQ(result.claims.size(), 1u) << testing::PrintToString(result.refusals);
  const Claim& claim = result.claims[0];
  EXPECT_EQ(claim.place.part, "entry[0].resource");
  EXPECT_EQ(*claim.member.id, "abc");
  EXPECT_EQ(*claim.member.sex, "F");
  EXPECT_EQ(to_string(*claim.member.birth_date), "1956-01-01");
  EXPECT_EQ(*claim.member.state, "MA");
  EXPECT_EQ(claim.member.sex.place.part, "entry[1].resource.gender");
  EXPECT_EQ(*claim.diagnoses.at(0).code, (Code{"SNOMED", "73211009"}));
  EXPECT_EQ(claim.lines.at(0).pointers, std::vector<std::int64_t>{1});
}

TEST(Fhir, AContainedPatientIsFound) {
  const Claim claim = read_one(answer(R"("patient":{"reference":"#p"},"item":[{"sequence":1}],
    "contained":[{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1980-05",
                  "identifier":[{"value":"M77"}]}])"));
  EXPECT_EQ(*claim.member.id, "M77");
  EXPECT_EQ(*claim.member.sex, "M");
  EXPECT_EQ(to_string(*claim.member.birth_date), "1980-05-01");
}

TEST(Fhir, LinesOfNdjsonAreReadOneByOne) {
  const Reading result = read(
      answer(R"("item":[{"sequence":1}])") + "\n" + R"({"resourceType":"Patient","id":"p"})" +
      "\n" + answer(R"("item":[{"sequence":"1"}])") + "\n" + R"({"resourceType":"Claim","id":)" +
      "\n" + answer(R"("item":[{"sequence":1},{"sequence":2}])") + "\n");
  EXPECT_EQ(result.summary.claims, 2);
  EXPECT_EQ(result.summary.lines, 3);
  EXPECT_EQ(result.summary.refusals, 2);
  EXPECT_EQ(result.refusals,
            (std::vector<std::string>{
                "a.json, line 3, item[0].sequence: c1: expected a whole number, got text",
                "a.json, line 4: : expected the object to end within its line, as in NDJSON; "
                "the line ends before"}));
  ASSERT_EQ(result.claims.size(), 2u);
  EXPECT_EQ(to_string(result.claims[1].lines[1].number.place), "a.json, line 5, item[1].sequence");
}

TEST(Fhir, ARefusalDoesNotTellWho) {
  for (const char* fields :
       {R"("patient":"Patient/secret","item":[{}])",
        R"("patient":{"identifier":{"value":5551234}},"item":[{}])",
        R"("contained":[{"resourceType":"Patient","id":"p","birthDate":"5551234"}],)"
        R"("patient":{"reference":"#p"},"item":[{}])"}) {
    const Reading result = read(answer(fields));
    ASSERT_EQ(result.refusals.size(), 1u) << fields;
    EXPECT_EQ(result.refusals[0].find("secret"), std::string::npos) << result.refusals[0];
    EXPECT_EQ(result.refusals[0].find("5551234"), std::string::npos) << result.refusals[0];
  }
}

TEST(Fhir, WhatIsNoClaimIsRefusedWithItsPlace) {
  const auto refusal = [](const std::string& text) {
    const Reading result = read(text);
    EXPECT_EQ(result.claims.size(), 0u) << text;
    return result.refusals.empty() ? "" : result.refusals.front();
  };
  EXPECT_EQ(refusal("{}"),
            "a.json, byte 0: : expected a FHIR resource, whose resourceType says what it is; got "
            "none");
  EXPECT_EQ(refusal(R"({"resourceType":"Claim",,})"),
            "a.json, byte 24: : expected JSON, got a fault of its syntax here");
  EXPECT_EQ(refusal(answer(R"("item":[{"net":{"value":1e999}}])")),
            "a.json, byte 0: : expected numbers within ±1.8e308, got a greater");
  EXPECT_EQ(refusal(answer(R"("item":[])")),
            "a.json, byte 0, item: c1: expected items or diagnoses, got a list");
  EXPECT_EQ(refusal(answer(R"("use":"preauthorization","item":[{}])")),
            "a.json, byte 0, use: c1: expected claim, since else nothing was billed, got "
            "\"preauthorization\"");
  EXPECT_EQ(refusal(answer(R"("status":"entered-in-error","item":[{}])")),
            "a.json, byte 0, status: c1: expected a status by which the resource holds, got "
            "\"entered-in-error\"");
  EXPECT_EQ(refusal(answer(R"("item":[{"net":{"value":"12"}}])")),
            "a.json, byte 0, item[0].net.value: c1: expected a number, got text");
  EXPECT_EQ(refusal(answer(R"("item":[{"servicedDate":"2024-02-30"}])")),
            "a.json, byte 0, item[0].servicedDate: c1: expected a date such as 2024-07-31, got "
            "\"2024-02-30\"");
  EXPECT_EQ(refusal(answer(R"("item":[7])")),
            "a.json, byte 0, item[0]: c1: expected an object, got a number");
  EXPECT_EQ(refusal(answer(R"("item":"x")")),
            "a.json, byte 0, item: c1: expected a list, got text");
  EXPECT_EQ(refusal(answer(R"("item":[{"net":{"value":1e17}}])")),
            "a.json, byte 0, item[0].net.value: c1: expected an amount of at most 15 digits, got "
            "1e+17");
}

TEST(Fhir, WhatIsDoubtfulIsReadWithAWarning) {
  const Reading result = read(R"({"resourceType":"Claim","item":[{"diagnosisSequence":[3]}],
    "diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"text":"a cold"}}]})");
  EXPECT_EQ(result.summary.warnings, 3);
  EXPECT_EQ(result.warnings,
            (std::vector<std::string>{
                "a.json, byte 0: expected an identifier or id of the claim, got none",
                "a.json, byte 0, diagnosis[0].diagnosisCodeableConcept: expected the code of a "
                "diagnosis, got none; it is left out",
                "a.json, byte 0, item[0].diagnosisSequence[0]: expected the sequence of a "
                "diagnosis, got 3; it is left out"}));
}

TEST(Fhir, BundlesWithinBundlesAreRead) {
  const Reading result =
      read(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle","entry":[
        {"resource":)" +
           answer(R"("item":[{"sequence":1}])") + "}]}}]}");
  ASSERT_EQ(result.claims.size(), 1u);
  EXPECT_EQ(result.claims[0].place.part, "entry[0].resource.entry[0].resource");
}

}  // namespace
}  // namespace clearhead::claims
