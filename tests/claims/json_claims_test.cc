// Claims of our own form as JSON; writer_test.cc reads what was written.
#include "clearhead/claims/json_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clearhead/claims/json_form.h"
#include "tests/claims/reading.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Reading read(const std::string& text) {
  const TemporaryFolder folder;
  Reading reading;
  reading.summary = read_claims(folder.write("a.ndjson", text), {}, reading.sink());
  for (auto* texts : {&reading.refusals, &reading.warnings}) {
    for (std::string& one : *texts) one.erase(0, one.find("a.ndjson"));
  }
  return reading;
}

TEST(JsonClaims, AClaimKnowsWhereItsValuesStand) {
  const Reading reading = read(
      "{\"claim\":\"C0\"}\n"
      R"({"claim":"C1","type":"carrier","diagnoses":[{"system":"icd10","code":"e11.9"}],)"
      R"("lines":[{"code":{"code":"99213"}},{"charge":12.5,"diagnosis_pointers":[1]}]})");
  EXPECT_THAT(reading.refusals, IsEmpty());
  EXPECT_THAT(reading.warnings, IsEmpty());
  EXPECT_EQ(reading.summary.format, "JSON");
  EXPECT_EQ(reading.summary.lines, 2);
  ASSERT_EQ(reading.claims.size(), 2u);
  const Claim& claim = reading.claims[1];
  EXPECT_EQ(claim.type.value, ClaimType::professional);
  EXPECT_EQ(*claim.diagnoses[0].code, (Code{"ICD-10-CM", "E119"}));
  EXPECT_EQ(*claim.lines[1].number, 2);
  EXPECT_EQ(claim.lines[1].charge->cents, 1250);
  EXPECT_THAT(to_string(claim.lines[1].charge.place),
              testing::EndsWith("a.ndjson, line 2, lines[1].charge"));
}

TEST(JsonClaims, AFaultRefusesItsClaimAlone) {
  const Reading reading = read(R"({"claim":"C1","service_date":"2024-02-30"})"
                               "\n"
                               R"({"claim":"C2","lines":[{"diagnosis_pointers":[0]}]})"
                               "\n"
                               R"({"claim":"C3","charge":"12.50"})"
                               "\n"
                               R"({"claim":"C4","type":"other"})"
                               "\n"
                               R"({"claim":"C5","diagnoses":[{"role":"first"}]})"
                               "\n"
                               R"({"claim":17})"
                               "\n"
                               R"({"lines":[]})"
                               "\n"
                               R"({"claim":"C8",})"
                               "\n"
                               R"({"claim":"C9"})"
                               "\n");
  EXPECT_THAT(
      reading.refusals,
      ElementsAre(
          "a.ndjson, line 1, service_date: C1: expected a date such as 2024-07-31, got "
          "\"2024-02-30\"",
          "a.ndjson, line 2, lines[0].diagnosis_pointers[0]: C2: expected the place of a "
          "diagnosis, from 1 on, got 0",
          "a.ndjson, line 3, charge: C3: expected a number, got text",
          "a.ndjson, line 4, type: C4: expected professional, institutional, dental, vision or "
          "pharmacy, got \"other\"",
          "a.ndjson, line 5, diagnoses[0].role: C5: expected a role such as principal, other, "
          "admitting, got \"first\"",
          "a.ndjson, line 6, claim: : expected text, got a number",
          "a.ndjson, line 7, claim: : expected a claim's number, got nothing",
          "a.ndjson, line 8: : expected JSON, got a fault of its syntax here"));
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_EQ(*reading.claims[0].id, "C9");
}

TEST(JsonClaims, NamesThatAreNotReadAreSaidOnce) {
  const Reading reading = read(
      R"({"claim":"C1","amount":3,"lines":[{"price":3},{"price":4}]})"
      "\n"
      R"({"claim":"C2","amount":3,"member":{"name":"x"},"lines":[{"diagnosis_pointers":[1]}]})");
  EXPECT_THAT(reading.warnings,
              ElementsAre("a.ndjson, line 1, amount: a name that is not read",
                          "a.ndjson, line 1, lines[0].price: a name that is not read",
                          "a.ndjson, line 2, member.name: a name that is not read",
                          "a.ndjson, line 2, lines[0].diagnosis_pointers: diagnosis 1 of a claim "
                          "with 0"));
  EXPECT_EQ(reading.claims.size(), 2u);
}

TEST(JsonClaims, WhatIsEmptyIsMissing) {
  const Reading reading =
      read(R"({"claim":"C1","procedures":[{"code":""},{"code":"."},null],"provider":"","drg":null,)"
           R"("lines":[{"modifiers":["",null,"25"]}]})");
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_EQ(json_of(reading.claims[0]),
            R"({"claim":"C1","lines":[{"line":1,"modifiers":["25"]}]})");
}

TEST(JsonClaims, AmountsAreSmallEnoughToBeSummed) {
  const Reading reading = read(R"({"claim":"C1","charge":999999999999999})");
  EXPECT_THAT(reading.refusals, ElementsAre(testing::HasSubstr("expected a smaller amount")));
}

TEST(JsonClaims, AreToldFromFhir) {
  EXPECT_TRUE(begins_as_json_claims(R"([{"member":{}, "claim" : "C1"}])"));
  EXPECT_FALSE(begins_as_json_claims(R"({"claim":{"reference":"Claim/1"},"id":"e"})"));
  EXPECT_FALSE(begins_as_json_claims(R"({"claim":"C1","resourceType":"ExplanationOfBenefit"})"));
  EXPECT_FALSE(begins_as_json_claims(R"({"id":"e"})"));
  EXPECT_FALSE(begins_as_json_claims("claim,member\n\"claim\":1"));
}

}  // namespace
}  // namespace clearhead::claims
