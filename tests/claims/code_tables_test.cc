// The user's tables: which kind a file is, which row holds on a day, and what cannot be read.
#include "clearhead/claims/code_tables.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/claims/billed_claim.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

Code hcpcs(const std::string& value) { return {"HCPCS", value}; }

CodeTables tables_of(const std::string& text) {
  const TemporaryFolder folder;
  CodeTables tables;
  tables.add(folder.write("table.csv", text));
  return tables;
}

TEST(CodeTables, ACodeIsOfTheRowThatHolds) {
  const CodeTables tables = tables_of(
      "code,description,added,terminated\n"
      "A0021,\"Ambulance, per mile\",1985-01-01,2003-12-31\n"
      "A0021,Ambulance again,2010-01-01,\n");
  EXPECT_EQ(tables.row_of(hcpcs("A0021"), day(2003, 12, 31))->description, "Ambulance, per mile");
  EXPECT_EQ(tables.row_of(hcpcs("A0021"), day(2024, 1, 1))->description, "Ambulance again");
  EXPECT_EQ(tables.row_of(hcpcs("A0021"), day(2024, 1, 1))->place.line, 3u);
  const CodeRow* between = tables.row_of(hcpcs("A0021"), day(2005, 1, 1));
  EXPECT_FALSE(between->validity.has(day(2005, 1, 1)));
  EXPECT_EQ(tables.row_of(hcpcs("A0022"), day(2024, 1, 1)), nullptr);
}

TEST(CodeTables, LevelTwoAloneSaysNothingOfOtherCodes) {
  const CodeTables tables = tables_of("code\nA0021\n");
  EXPECT_TRUE(tables.lists_codes_like(hcpcs("Q9999")));
  EXPECT_FALSE(tables.lists_codes_like(hcpcs("99213")));
  EXPECT_FALSE(tables.lists_codes_like({"ICD-10-CM", "Q999"}));
}

TEST(CodeTables, CodesMayHaveASystem) {
  const CodeTables tables = tables_of("system,code,description\nSNOMED,162673000,Examination\n");
  EXPECT_NE(tables.row_of({"SNOMED", "162673000"}, {}), nullptr);
  EXPECT_EQ(tables.row_of(hcpcs("162673000"), {}), nullptr);
}

TEST(CodeTables, UnitsOfALineOrADay) {
  const CodeTables tables = tables_of(
      "code,max_units,adjudication_indicator,rationale\n"
      "A0021,0,3,CMS Policy\nA4216,30,1,\n");
  EXPECT_EQ(tables.units_of(hcpcs("A0021"), {})->most, 0);
  EXPECT_FALSE(tables.units_of(hcpcs("A0021"), {})->is_of_line);
  EXPECT_TRUE(tables.units_of(hcpcs("A4216"), {})->is_of_line);
  EXPECT_EQ(tables.units_of(hcpcs("A9999"), {}), nullptr);
}

TEST(CodeTables, PairsHoldInTheirOrderAndNinesNever) {
  const CodeTables tables = tables_of(
      "column1,column2,deleted,modifier_indicator,rationale\n"
      "A4301,A4300,2001-12-31,1,Standards\n"
      "A4263,A4262,1996-01-01,9,More extensive procedure\n"
      "A4301,A4300,,0,Again\n");
  const auto rows = tables.pairs_of(hcpcs("A4301"), hcpcs("A4300"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].modifier_may_allow);
  EXPECT_FALSE(rows[0].validity.has(day(2002, 1, 1)));
  EXPECT_FALSE(rows[1].modifier_may_allow);
  EXPECT_EQ(rows[1].place.line, 4u);
  EXPECT_TRUE(tables.pairs_of(hcpcs("A4300"), hcpcs("A4301")).empty());
  EXPECT_TRUE(tables.pairs_of(hcpcs("A4263"), hcpcs("A4262")).empty());
}

TEST(CodeTables, ColumnsAsCmsWritesThem) {
  const CodeTables units = tables_of(
      "HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n"
      "A4216,30,1 Line Edit,Policy\n");
  EXPECT_EQ(units.units_of(hcpcs("A4216"), {})->most, 30);
  EXPECT_TRUE(units.units_of(hcpcs("A4216"), {})->is_of_line);
  const CodeTables pairs = tables_of(
      "Column 1\tColumn 2\tEffective Date\tDeletion Date *=no data\t"
      "Modifier 0=not allowed 1=allowed 9=not applicable\tPTP Edit Rationale\n"
      "A4301\tA4300\t20200101\t*\t1\tStandards\n");
  ASSERT_EQ(pairs.pairs_of(hcpcs("A4301"), hcpcs("A4300")).size(), 1u);
  const PairRow& row = pairs.pairs_of(hcpcs("A4301"), hcpcs("A4300")).front();
  EXPECT_EQ(row.validity.first, day(2020, 1, 1));
  EXPECT_FALSE(row.validity.last);
  EXPECT_TRUE(row.modifier_may_allow);
}

TEST(CodeTables, PersonsByCode) {
  const CodeTables tables = tables_of("code,sex,min_age,max_age\nG0101,F,,\nG0438,,65,\n");
  ASSERT_EQ(tables.persons_of(hcpcs("G0101")).size(), 1u);
  EXPECT_EQ(tables.persons_of(hcpcs("G0101"))[0].sex, "F");
  EXPECT_EQ(tables.persons_of(hcpcs("G0438"))[0].min_age, 65);
  EXPECT_TRUE(tables.persons_of(hcpcs("G0000")).empty());
}

TEST(CodeTables, WhatCannotBeReadIsSaidWithItsPlace) {
  expect_error([] { tables_of("name,value\na,1\n"); }, "its columns are name, value");
  expect_error([] { tables_of("code,added\nA0021,soon\n"); },
               "line 2: column added: expected a date, not \"soon\"");
  expect_error([] { tables_of("code,max_units\nA0021,\n"); }, "line 2: expected the most units");
  expect_error([] { tables_of("code,sex\nA0021,X\n"); }, "line 2: expected M or F, not \"X\"");
  expect_error([] { tables_of("code,description\n,x\n"); }, "line 2: expected a code");
}

TEST(CodeTables, TheTablesOfCms) {
  const auto folder = shared_path("data/claims/tables");
  if (!folder) GTEST_SKIP() << "without the shared data";
  CodeTables tables;
  const auto rows = [&](const char* name) { return tables.add(*folder / name); };
  EXPECT_EQ(rows("hcpcs-level2.csv"), 8033);
  EXPECT_EQ(rows("ncci-mue-level2.csv"), 4457);
  EXPECT_EQ(rows("ncci-ptp-level2.csv"), 3158);
}

TEST(CodeTables, PairsAreOfHcpcs) {
  const CodeTables tables = tables_of("column1,column2\nA4301,A4300\n");
  EXPECT_TRUE(tables.pairs_of({"NDC", "A4301"}, hcpcs("A4300")).empty());
  EXPECT_TRUE(tables.pairs_of(hcpcs("A4301"), {"SNOMED", "A4300"}).empty());
}

}  // namespace
}  // namespace clearhead::claims
