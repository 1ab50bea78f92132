// Mappings: other names of columns, other ways to write values.
#include "clearhead/claims/csv_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/claims/reading.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TemporaryFolder& folder() {
  static const TemporaryFolder folder;
  return folder;
}

Reading read(const std::string& table, const std::string& mapping) {
  Reading reading;
  const ReadOptions options{.mapping = folder().write("mapping.json", mapping)};
  reading.summary = read_claims(folder().write("a.csv", table), options, reading.sink());
  return reading;
}

TEST(CsvMapping, NamesColumnsAndWhatValuesLackIn) {
  const Reading reading =
      read("No,Dx1,Dx2,Dx3,Day,CPT,A,B\nA1,E11.9,,I10,03/04/2024,99213,1,2\n",
           R"({"dates": "DD/MM/YYYY", "type": "dental", "diagnosis_system": "ICD-10-CM",
          "code_system": "HCPCS",
          "claims": {"claim": "No", "diagnoses": ["Dx1", "Dx2", "Dx3"]},
          "lines": {"claim": "No", "date": "Day", "code": "CPT", "charge": ["A", "B"]}})");
  ASSERT_THAT(reading.refusals, IsEmpty());
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_THAT(reading.warnings, IsEmpty());
  const Claim& claim = reading.claims[0];
  EXPECT_EQ(*claim.type, ClaimType::dental);
  ASSERT_EQ(claim.diagnoses.size(), 2u);
  EXPECT_EQ(*claim.diagnoses[1].code, (Code{"ICD-10-CM", "I10"}));
  EXPECT_EQ(to_string(claim.diagnoses[1].code.place).substr(folder().path().string().size() + 1),
            "a.csv, line 2, Dx3");
  EXPECT_EQ(*claim.lines[0].code, (Code{"HCPCS", "99213"}));
  EXPECT_EQ(to_string(*claim.lines[0].from), "2024-04-03");
  EXPECT_EQ(to_string(*claim.lines[0].charge), "3.00");
}

TEST(CsvMapping, CodesOfALineBecomePointers) {
  const Reading reading =
      read("claim,code,dx\nC1,A,I10 E11.9\nC1,B,E119\n", R"({"lines": {"diagnoses": ["dx"]}})");
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_THAT(reading.claims[0].lines[0].pointers, ElementsAre(1, 2));
  EXPECT_THAT(reading.claims[0].lines[1].pointers, ElementsAre(2));
}

TEST(CsvMapping, AnEmptyNameMeansNotRead) {
  const std::string table = "claim,code,type\nC1,A,something\n";
  EXPECT_EQ(read(table, "{}").summary.refusals, 1);
  EXPECT_EQ(read(table, R"({"claims": {"type": ""}})").summary.claims, 1);
}

TEST(CsvMapping, NamesThatAreNotThereAreAnError) {
  expect_error([] { read("claim,code\nC1,A\n", R"({"lines": {"units": "codes"}})"); },
               "expected a column \"codes\", which the mapping has for \"units\"; those most like "
               "it: code");
  expect_error([] { read("claim,code\nC1,A\n", R"({"lines": {"unit_count": "code"}})"); },
               "mapping.json");
  expect_error([] { read("claim,code\nC1,A\n", R"({"type": "odd"})"); },
               "type: expected professional, institutional, dental, vision or pharmacy, got");
  expect_error([] { read("claim,code\nC1,A\n", R"({"decimal": "dot"})"); }, "decimal");
}

TEST(CsvMapping, HasASchema) {
  EXPECT_THAT(csv_mapping_schema(), HasSubstr("\"diagnosis_pointers\""));
}

TEST(CsvMapping, ReadsTheSharedClaimsOfMedicare) {
  const auto path = shared_path("data/claims/desynpuf");
  if (!path) GTEST_SKIP() << "no shared data";
  Reading reading;
  const ReadOptions options{.mapping = folder().write("desynpuf.json", R"({
      "diagnosis_system": "ICD-9-CM", "procedure_system": "ICD-9-PCS",
      "claims": {"procedures": ["icd9_procedures"]},
      "lines": {"diagnoses": ["diagnosis"]}})")};
  const ReadSummary summary = read_claims(*path, options, reading.sink());
  EXPECT_EQ(summary.claims, 37172);
  EXPECT_THAT(reading.refusals, IsEmpty());
  const Claim& claim = reading.claims[0];
  EXPECT_EQ(to_string(*claim.from), "2008-11-29");
  // The line has a code of its own.
  EXPECT_EQ(claim.diagnoses.size(), 3u);
  EXPECT_EQ(*claim.diagnoses[2].code, (Code{"ICD-9-CM", "9779"}));
  EXPECT_THAT(claim.lines[0].pointers, ElementsAre(3));
}

}  // namespace
}  // namespace clearhead::claims
