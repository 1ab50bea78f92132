// Claims from tables: which lines belong to which claim, and what is said of rows that are wrong.
#include "clearhead/claims/csv_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/claims/reading.h"
#include "tests/scale.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kMembers = "member,birth_year,sex,state,split\nM1,1979,F,MA,train\n";
const std::string kClaims =
    "claim,member,type,service_date,provider,specialty,facility,diagnoses,charge,"
    "paid_electronic,paid_other\n"
    "C1,M1,professional,2024-07-24,P1,GENERAL PRACTICE,F1,75498004 40055000,85.55,1.00,84.55\n"
    "C2,M1,institutional,2024-07-25,P1,GENERAL PRACTICE,F1,,10.00,0.00,10.00\n";
const std::string kLines =
    "claim,line,date,system,code,units,charge,diagnosis_pointers\n"
    "C1,1,2024-07-24,SNOMED,185345009,1,80.55,1 2\n"
    "C1,2,2024-07-24,RXNORM,314076,2,5.00,2\n"
    "C2,1,2024-07-25,SNOMED,162673000,1,10.00,\n";

Reading read(const std::optional<std::string>& members, const std::optional<std::string>& claims,
             const std::string& lines, const CsvMapping& mapping = {}) {
  std::optional<ByteStream> members_stream, claims_stream;
  ByteStream lines_stream(lines, "lines.csv");
  CsvTables tables{.lines = &lines_stream};
  if (members) tables.members = &members_stream.emplace(*members, "members.csv");
  if (claims) tables.claims = &claims_stream.emplace(*claims, "claims.csv");
  Reading reading;
  reading.summary = read_csv_claims(tables, mapping, reading.sink());
  return reading;
}

// "C1: 2 lines", or "C1: 185345009 314076".
std::vector<std::string> codes_of(const Reading& reading) {
  std::vector<std::string> result;
  for (const Claim& claim : reading.claims) {
    std::string text = *claim.id + ":";
    for (const Line& line : claim.lines) text += " " + line.code->value;
    result.push_back(text);
  }
  return result;
}

TEST(CsvClaims, ReadsThreeTables) {
  const Reading reading = read(kMembers, kClaims, kLines);
  ASSERT_EQ(reading.claims.size(), 2u);
  EXPECT_THAT(reading.refusals, IsEmpty());
  EXPECT_THAT(reading.warnings, IsEmpty());
  EXPECT_EQ(reading.summary.format, "CSV");
  EXPECT_EQ(reading.summary.claims, 2);
  EXPECT_EQ(reading.summary.lines, 3);
  const Claim& claim = reading.claims[0];
  EXPECT_EQ(*claim.id, "C1");
  EXPECT_EQ(*claim.member.id, "M1");
  EXPECT_EQ(to_string(*claim.member.birth_date), "1979-01-01");
  EXPECT_EQ(*claim.member.split, "train");
  EXPECT_EQ(*claim.type, ClaimType::professional);
  EXPECT_EQ(to_string(*claim.from), "2024-07-24");
  EXPECT_FALSE(claim.to);
  EXPECT_EQ(*claim.specialty, "GENERAL PRACTICE");
  ASSERT_EQ(claim.diagnoses.size(), 2u);
  EXPECT_EQ(*claim.diagnoses[1].code, (Code{"", "40055000"}));
  EXPECT_EQ(claim.diagnoses[0].role, DiagnosisRole::principal);
  EXPECT_EQ(claim.diagnoses[1].role, DiagnosisRole::other);
  EXPECT_EQ(to_string(*claim.paid), "85.55");  // the sum of both columns
  const Line& line = claim.lines[1];
  EXPECT_EQ(*line.number, 2);
  EXPECT_EQ(*line.code, (Code{"RxNorm", "314076"}));
  EXPECT_EQ(*line.units, 2);
  EXPECT_EQ(to_string(*line.charge), "5.00");
  EXPECT_THAT(line.pointers, ElementsAre(2));
}

TEST(CsvClaims, EveryValueKnowsWhereItStands) {
  const Reading reading = read(kMembers, kClaims, kLines);
  const Claim& claim = reading.claims[1];
  EXPECT_EQ(to_string(claim.place), "claims.csv, line 3");
  EXPECT_EQ(to_string(claim.charge.place), "claims.csv, line 3, charge");
  EXPECT_EQ(to_string(claim.member.sex.place), "members.csv, line 2, sex");
  EXPECT_EQ(to_string(claim.member.id.place), "claims.csv, line 3, member");
  EXPECT_EQ(to_string(claim.lines[0].place), "lines.csv, line 4");
  EXPECT_EQ(to_string(claim.lines[0].units.place), "lines.csv, line 4, units");
}

TEST(CsvClaims, ClaimsMayHaveNoLines) {
  const std::string claims = "claim,charge\nC1,1\nC2,2\nC3,3\nC4,4\n";
  EXPECT_THAT(codes_of(read(std::nullopt, claims, "claim,code\nC2,A\nC2,B\nC4,C\n")),
              ElementsAre("C1:", "C2: A B", "C3:", "C4: C"));
}

TEST(CsvClaims, LinesMayComeInAnyOrderWhileTheyFitIntoMemory) {
  const std::string claims = "claim,charge\nC1,1\nC2,2\nC3,3\n";
  const Reading reading = read(std::nullopt, claims, "claim,code\nC3,A\nC2,B\nC1,C\nC3,D\n");
  EXPECT_THAT(codes_of(reading), ElementsAre("C1: C", "C2: B", "C3: A D"));
  EXPECT_THAT(reading.refusals, IsEmpty());
}

TEST(CsvClaims, LinesThatComeTooLateSayWhatToDo) {
  const std::string claims = "claim,charge\nC1,1\nC2,2\nC3,3\n";
  expect_error(
      [&] { read(std::nullopt, claims, "claim,code\nC1,A\nC2,B\nC1,C\nC3,D\n"); },
      "lines.csv, line 4: expected lines in the order of their claims, got one of claim C1 "
      "too late. Sort both tables");
}

TEST(CsvClaims, LinesOfNoClaimAreRefusedOncePerNumber) {
  const std::string claims = "claim,charge\nC1,1\nC2,2\n";
  const Reading reading =
      read(std::nullopt, claims, "claim,code\nX1,A\nX1,B\nC1,C\n,D\nC2,E\nX2,F\nX2,G\n");
  EXPECT_THAT(codes_of(reading), ElementsAre("C1: C", "C2: E"));
  EXPECT_THAT(reading.refusals,
              ElementsAre("lines.csv, line 5, claim: : expected a claim's number, got none",
                          "lines.csv, line 2, claim: X1: expected a line of a claim, got one of "
                          "none that there is",
                          "lines.csv, line 7, claim: X2: expected a line of a claim, got one of "
                          "none that there is"));
}

TEST(CsvClaims, AFaultInALineRefusesItsClaimAlone) {
  const std::string claims = "claim,charge\nC1,1\nC2,two\nC3,3\n\"C4,4\n,5\nC1,6\n";
  const std::string lines = "claim,code,units\nC1,A,many\nC1,B,1\nC2,C,1\nC3,D,1\n";
  const Reading reading = read(std::nullopt, claims, lines);
  EXPECT_THAT(codes_of(reading), ElementsAre("C3: D"));
  EXPECT_EQ(reading.summary.refusals, 5);
  ASSERT_EQ(reading.refusals.size(), 5u);
  EXPECT_EQ(reading.refusals[0],
            "lines.csv, line 2, units: C1: expected a number such as 1.5, of which signs are "
            "clear, got \"many\"");
  EXPECT_EQ(reading.refusals[1],
            "claims.csv, line 3, charge: C2: expected an amount such as 1234.50, of which signs "
            "are clear, got \"two\"");
  EXPECT_EQ(reading.refusals[3],
            "claims.csv, line 6, claim: : expected a claim's number, got none");
  EXPECT_EQ(reading.refusals[4],
            "claims.csv, line 7, claim: C1: expected a number that no claim before has, got it "
            "again");
}

TEST(CsvClaims, AClaimWithoutADayHasThoseOfItsLines) {
  const Reading reading =
      read(std::nullopt, "claim,charge\nC1,2\nC2,1\n",
           "claim,code,date,to_date\nC1,A,2024-03-02,2024-03-04\nC1,B,2024-03-01,\n"
           "C2,A,2024-03-05,\n");
  ASSERT_EQ(reading.claims.size(), 2u);
  EXPECT_EQ(to_string(*reading.claims[0].from), "2024-03-01");
  EXPECT_EQ(to_string(*reading.claims[0].to), "2024-03-04");
  EXPECT_EQ(to_string(*reading.claims[1].from), "2024-03-05");
  EXPECT_FALSE(reading.claims[1].to);
}

TEST(CsvClaims, ARefusalDoesNotTellADayOfBirth) {
  const Reading reading =
      read("member,birth_date\nM1,5551234\n", "claim,member\nC1,M1\n", "claim,code\nC1,A\n");
  EXPECT_THAT(reading.refusals,
              ElementsAre("members.csv, line 2, birth_date: : expected a day of birth such as "
                          "1961-05-04, or its year, got something else"));
}

TEST(CsvClaims, MembersThatAreNotListedAreWarnedOf) {
  const Reading reading =
      read("member,sex\nM1,F\nM1,M\n", "claim,member\nC1,M1\nC2,M2\n", "claim,code\nC1,A\nC2,B\n");
  ASSERT_EQ(reading.claims.size(), 2u);
  EXPECT_EQ(*reading.claims[0].member.sex, "F");
  EXPECT_EQ(*reading.claims[1].member.id, "M2");
  EXPECT_FALSE(reading.claims[1].member.sex);
  EXPECT_THAT(reading.warnings,
              ElementsAre("members.csv, line 3, member: a member who was there before; the first "
                          "counts",
                          "claims.csv, line 3, member: a member who is not in the table of "
                          "members"));
}

TEST(CsvClaims, OneTableOfLinesRepeatsItsClaims) {
  const Reading reading =
      read(std::nullopt, std::nullopt,
           "Claim,Member,Sex,Type,Provider,Diagnoses,Claim_Charge,Date,Code,Charge\n"
           "C1,M1,F,professional,P1,E11.9 I10,30.00,2024-02-01,A,10.00\n"
           "C1,M1,F,professional,P1,E11.9 I10,30.00,2024-02-03,B,20.00\n"
           "C2,M1,F,professional,P1,I10,5.00,2024-02-04,C,5.00\n");
  EXPECT_THAT(codes_of(reading), ElementsAre("C1: A B", "C2: C"));
  const Claim& claim = reading.claims[0];
  EXPECT_EQ(*claim.member.sex, "F");
  EXPECT_EQ(*claim.provider, "P1");
  EXPECT_EQ(claim.diagnoses.size(), 2u);
  EXPECT_EQ(to_string(*claim.charge), "30.00");
  EXPECT_EQ(to_string(*claim.lines[1].charge), "20.00");
  EXPECT_EQ(to_string(*claim.from), "2024-02-01");
  EXPECT_EQ(to_string(*claim.to), "2024-02-03");
  EXPECT_FALSE(reading.claims[1].to);
  EXPECT_EQ(*claim.lines[1].number, 2);
}

TEST(CsvClaims, RowsOfAClaimMustLieTogetherInOneTable) {
  const Reading reading = read(std::nullopt, std::nullopt, "claim,code\nC1,A\nC2,B\nC1,C\n");
  EXPECT_THAT(codes_of(reading), ElementsAre("C1: A", "C2: B"));
  ASSERT_EQ(reading.refusals.size(), 1u);
  EXPECT_THAT(reading.refusals[0], testing::HasSubstr("got this one apart; sort the file"));
}

TEST(CsvClaims, NumbersThatPandasMadeOfIdentifiersFindEachOther) {
  const Reading reading = read(
      "member,sex\n77,male\n",
      ",claim,member,type,service_place,drg,provider\n0,5.0,77.0,71.0,11.0,64.0,1234567890.0\n",
      "claim,line,code,revenue\n5,1.0,140.0,450.0\n");
  EXPECT_THAT(reading.refusals, IsEmpty());
  EXPECT_THAT(reading.warnings, IsEmpty());
  ASSERT_EQ(reading.claims.size(), 1u);
  const Claim& claim = reading.claims[0];
  EXPECT_EQ(*claim.id, "5");
  EXPECT_EQ(*claim.member.sex, "M");
  EXPECT_EQ(*claim.type, ClaimType::professional);
  EXPECT_EQ(*claim.service_place, "11");
  EXPECT_EQ(claim.drg->value, "064");
  EXPECT_EQ(*claim.provider, "1234567890");
  ASSERT_EQ(claim.lines.size(), 1u);
  EXPECT_EQ(claim.lines[0].code->value, "140");
  EXPECT_EQ(claim.lines[0].revenue->value, "0450");
}

TEST(CsvClaims, ADateInTheOtherOrderSaysHowToReadIt) {
  const Reading reading = read({}, {}, "claim,service_date,code\nC1,31/01/2024,A\n");
  EXPECT_THAT(reading.refusals,
              ElementsAre("lines.csv, line 2, service_date: C1: expected a date such as 2024-01-31 "
                          "or, unless a mapping says \"dates\": \"DD/MM/YYYY\", 01/31/2024, got "
                          "\"31/01/2024\""));
}

TEST(CsvClaims, ColumnsThatNobodyKnowsAreNamed) {
  EXPECT_THAT(read(std::nullopt, std::nullopt, "claim,code,colour\nC1,A,red\n").warnings,
              ElementsAre("lines.csv, line 1: columns that are not read: colour"));
}

TEST(CsvClaims, MissingColumnsAreAnError) {
  expect_error([] { read(std::nullopt, std::nullopt, "a,code\n1,2\n"); },
               "lines.csv: expected a column \"claim\", the claim's number; got a, code. A mapping "
               "can give it another name");
  expect_error([] { read(std::nullopt, std::nullopt, "claim,charge\n1,2\n"); },
               "expected lines, with a column \"code\"");
}

TEST(CsvClaims, SharedClaimsAreReadToTheLast) {
  for (const auto& [name, claims, lines] :
       {std::tuple<std::string, int, int>{"synthea-small", 740, 1240},
        {"desynpuf", 37172, 53333},
        {"synthea", 561322, 738869}}) {
    const auto path = shared_path("data/claims/" + name);
    if (!path) GTEST_SKIP() << "no shared data";
    // Sanitizers take half a minute for it, and read the same kinds of lines in the others.
    if (name == "synthea" && is_small_scale()) continue;
    Reading reading;
    ClaimSink sink = reading.sink();
    sink.claim = nullptr;
    const ReadSummary summary = read_claims(*path, {}, sink);
    EXPECT_EQ(summary.claims, claims) << name;
    EXPECT_EQ(summary.lines, lines) << name;
    EXPECT_THAT(reading.refusals, IsEmpty()) << name;
  }
}

}  // namespace
}  // namespace clearhead::claims
