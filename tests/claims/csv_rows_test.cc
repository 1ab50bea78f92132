// Rows of tables in every form in which programs write them.
#include "clearhead/claims/csv_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;

// The cells of each row between brackets, or its fault.
std::vector<std::string> rows_of(const std::string& text) {
  ByteStream stream(text, "a.csv");
  CsvRows rows(stream);
  std::vector<std::string> result;
  CsvRow row;
  while (rows.next(row)) {
    std::string cells = std::to_string(row.line) + ":";
    for (std::size_t i = 0; i < row.size(); ++i) cells += "[" + std::string(row[i]) + "]";
    result.push_back(row.fault.empty() ? cells : std::to_string(row.line) + ":" + row.fault);
  }
  return result;
}

TEST(CsvRows, ReadsCells) {
  EXPECT_THAT(rows_of("a,b,c\n1, 2 ,3\n,,\n4,,\n"), ElementsAre("2:[1][2][3]", "4:[4][][]"));
  EXPECT_THAT(rows_of("a,b\n1,2"), ElementsAre("2:[1][2]"));
}

TEST(CsvRows, LineEndsMayBeOfAnySystem) {
  EXPECT_THAT(rows_of("a,b\r\n1,2\r\n3,4\r\n"), ElementsAre("2:[1][2]", "3:[3][4]"));
  EXPECT_THAT(rows_of("a,b\r1,2\r3,4"), ElementsAre("2:[1][2]", "3:[3][4]"));
}

TEST(CsvRows, SeparatorsAreSeenFromTheHeader) {
  EXPECT_THAT(rows_of("a;b\n1,5;2\n"), ElementsAre("2:[1,5][2]"));
  EXPECT_THAT(rows_of("a\tb\n1,5\t\n"), ElementsAre("2:[1,5][]"));
  EXPECT_THAT(rows_of("a|b\n1|2\n"), ElementsAre("2:[1][2]"));
  EXPECT_THAT(rows_of("sep=;\na;b,c,d\n1;2\n"), ElementsAre("3:[1][2]"));
}

TEST(CsvRows, QuotedCellsHoldSeparatorsQuotesAndLineEnds) {
  EXPECT_THAT(rows_of("a,b\n\"1,2\",\"say \"\"x\"\"\"\n\"one\ntwo\",3\n4,5\n"),
              ElementsAre("2:[1,2][say \"x\"]", "3:[one\ntwo][3]", "5:[4][5]"));
  EXPECT_THAT(rows_of("a,b\n5\" pipe,2\n"), ElementsAre("2:[5\" pipe][2]"));
}

TEST(CsvRows, AQuoteWithoutASecondCostsOneRow) {
  EXPECT_THAT(rows_of("a,b\n1,\"2\n3,4\n"),
              ElementsAre("2:expected a second quote that ends the cell, got none", "3:[3][4]"));
}

TEST(CsvRows, CellsWithoutANameAreAFault) {
  const auto rows = rows_of("a,b\nx,2,3\n4,5,,\n6\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0], testing::HasSubstr("expected 2 cells as in the header, got 3"));
  EXPECT_EQ(rows[1], "3:[4][5]");
  EXPECT_EQ(rows[2], "4:[6]");
}

TEST(CsvRows, RowNamesOfRAreLeftOut) {
  EXPECT_THAT(rows_of("\"a\",\"b\"\n\"1\",7,8\n\"2\",9,NA\n"),
              ElementsAre("2:[7][8]", "3:[9][NA]"));
}

TEST(CsvRows, AByteOrderMarkIsNoPartOfAName) {
  ByteStream stream(
      "\xef\xbb\xbf"
      "a,b\n1,2\n",
      "a.csv");
  EXPECT_THAT(CsvRows(stream).header(), ElementsAre("a", "b"));
}

TEST(CsvRows, WhatIsNoTableIsRefused) {
  expect_error([] { rows_of(""); }, "a.csv: expected a table with a header, got nothing");
  expect_error(
      [] {
        rows_of(
            bytes("\xff\xfe"
                  "a\0,\0"));
      },
      "expected UTF-8, got UTF-16");
  expect_error([] { rows_of("a,b\n" + std::string(3 << 20, 'x')); },
               "line 2: expected a row of at most 1048576 bytes");
}

TEST(CsvRows, ManyQuotesWithoutASecondDoNotTakeForEver) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20000; ++i) text += "1,\"2\n";
  EXPECT_FALSE(rows_of(text).empty());
}

}  // namespace
}  // namespace clearhead::claims
