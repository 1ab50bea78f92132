// Files and folders of claims, whose formats are seen from their content.
#include "clearhead/claims/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/claims/reading.h"
#include "tests/claims/x12_testing.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kAnswer =
    R"({"resourceType":"ExplanationOfBenefit","id":"e","patient":{"reference":"Patient/p"},)"
    R"("item":[{"sequence":1}]})";
const std::string kPatient = R"({"resourceType":"Patient","id":"p","gender":"female"})";

Reading read(const std::filesystem::path& path) {
  Reading reading;
  reading.summary = read_claims(path, {}, reading.sink());
  return reading;
}

TEST(Reader, PatientsOfFhirMayBeInAnotherFileOfTheFolder) {
  const TemporaryFolder folder;
  folder.write("a.ndjson", kAnswer + "\n");
  folder.write("b.json", kPatient);
  const Reading reading = read(folder.path());
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_EQ(*reading.claims[0].member.sex, "F");
  EXPECT_THAT(reading.warnings, IsEmpty());
}

TEST(Reader, PatientsOfFhirMayStandBehindTheClaims) {
  const TemporaryFolder folder;
  const Reading reading = read(folder.write("a", "\n" + kAnswer + "\n" + kPatient + "\n"));
  ASSERT_EQ(reading.claims.size(), 1u);
  EXPECT_EQ(*reading.claims[0].member.sex, "F");
}

TEST(Reader, FilesOfSeveralFormatsAreReadInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  folder.write("0.837",
               "\xEF\xBB\xBF\n" + interchange("005010X222A1", "CLM*X~CLM*Y*80~SV1*HC:99213*80~"));
  folder.write("0.837.old", interchange("004010X098A1", "CLM*Z*80~SV1*HC:99213*80~"));
  folder.write("1.json", kAnswer);
  folder.write("2.txt", "claim,line,code,system\nC1,1,99213,HCPCS\n");
  folder.write("3.bin", "nothing");
  const Reading reading = read(folder.path());
  ASSERT_EQ(reading.claims.size(), 4u);
  EXPECT_EQ(*reading.claims[0].id, "Y");
  EXPECT_EQ(*reading.claims[1].id, "Z");
  EXPECT_EQ(*reading.claims[2].id, "e");
  EXPECT_EQ(*reading.claims[3].id, "C1");
  EXPECT_EQ(reading.summary.format, "X12 837P 5010, X12 837P 4010, FHIR R4, CSV");
  EXPECT_EQ(reading.summary.claims, 4);
  EXPECT_THAT(reading.refusals, ElementsAre(testing::HasSubstr("CLM-02: X: expected an amount")));
  EXPECT_THAT(reading.warnings, ElementsAre(testing::HasSubstr("left out")));
}

TEST(Reader, WhatIsNoFileOfClaimsIsNamed) {
  const TemporaryFolder folder;
  for (const auto& [text, came] : std::vector<std::pair<std::string, std::string>>{
           {"PK\x03\x04", "got a zip archive or a workbook; unpack it, or save it as CSV"},
           {"%PDF-1.4", "got a PDF"},
           {"", "got an empty file"},
           {"nothing", "got something else"}}) {
    const auto path = folder.write("a", text);
    expect_error([&] { read(path); }, came);
  }
}

TEST(Reader, AFileThatCannotBeReadDoesNotStopTheOthers) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.write("0.csv", "claim,code\nC0,A\n"), {});
  folder.write("1.csv", "claim,code\nC1,A\n");
  const Reading reading = read(folder.path());
  EXPECT_EQ(reading.claims.size(), 1u);
  EXPECT_THAT(reading.refusals,
              ElementsAre(testing::EndsWith("0.csv, byte 0: : cannot open: Permission denied")));
}

TEST(Reader, AFolderThatCannotBeReadIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "closed");
  std::filesystem::permissions(folder / "closed", {});
  expect_error([&] { read(folder / "closed"); }, "closed: cannot read this folder: Permission");
  expect_error([&] { read(folder / "closed" / "a.csv"); }, "a.csv: cannot open: Permission");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace clearhead::claims
