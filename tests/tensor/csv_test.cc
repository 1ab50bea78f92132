// `.csv`: numbers and labels as people write them, and what is refused, by line and column.
#include "clearhead/tensor/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Labels = std::vector<std::string>;
using Rows = std::vector<std::vector<double>>;

Table parsed_csv(const std::string& text) { return parse_csv(as_bytes(text), "x.csv"); }

std::string written_csv(const Table& table) {
  std::ostringstream to;
  write_csv(to, table, "y.csv");
  return to.str();
}

Rows rows_of(const Table& table) {
  Rows rows(static_cast<std::size_t>(table.values.size(0)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::int64_t j = 0; j < table.values.size(1); ++j) {
      rows[i].push_back(table.values.at({static_cast<std::int64_t>(i), j}));
    }
  }
  return rows;
}

void expect_table(const std::string& text, const Rows& rows, const Labels& row_labels,
                  const Labels& column_labels) {
  SCOPED_TRACE(text);
  const Table table = parsed_csv(text);
  EXPECT_EQ(table.values.dtype(), DType::f64);
  EXPECT_EQ(rows_of(table), rows);
  EXPECT_EQ(table.row_labels, row_labels);
  EXPECT_EQ(table.column_labels, column_labels);
}

TEST(Csv, FindsTheSeparator) {
  const Rows rows{{1, 2.5}, {-3, 4e3}};
  expect_table("1,2.5\n-3,4e3\n", rows, {}, {});
  expect_table("1;2.5\n-3;4e3\n", rows, {}, {});
  expect_table("1\t2.5\n-3\t4e3\n", rows, {}, {});
  expect_table("1 2.5\n-3 4e3\n", rows, {}, {});
  expect_table("  1 \t 2.5 \n -3   4e3\t\n", rows, {}, {});
  expect_table(" 1 , 2.5\n-3,  4e3 \n", rows, {}, {});
  expect_table("7", {{7}}, {}, {});
  expect_table("7\n8\n9", {{7}, {8}, {9}}, {}, {});
  expect_table("1,2", {{1, 2}}, {}, {});
}

// As Excel writes them where the comma is between decimals.
TEST(Csv, ReadsDecimalCommasBetweenSemicolonsAndTabs) {
  const Rows rows{{0.5, 0.25}, {-1, 2.125e3}};
  const auto expect_noted = [](const std::string& text, const std::string& note) {
    EXPECT_EQ(parsed_csv(text).notes.back(), note) << text;
  };
  const std::string taken = ", and numbers have a decimal comma: '0,5' is taken for 0.5";
  for (const char* text : {"0,5;0,25\n-1;2,125e3\n", "0,5; 0,25\r\n-1,0 ;2125\r\n",
                           "\"0,5\";\"0,25\"\n\"-1\";\"2125\"\n"}) {
    expect_table(text, rows, {}, {});
    expect_noted(text, "cells are separated by semicolons" + taken);
  }
  expect_table("0,5\t0,25\n-1\t2125,0\n", rows, {}, {});
  expect_noted("0,5\t0,25\n-1\t2125,0\n", "cells are separated by tabs" + taken);
  expect_table("token;x\nthe;0,5\ncat;1,234\n", {{0.5}, {1.234}}, {"the", "cat"}, {"x"});
  expect_table("the;0,5\ncat;1,234\n", {{0.5}, {1.234}}, {"the", "cat"}, {});
  expect_table("a;b\n1,5;2\n3;4\n", {{1.5, 2}, {3, 4}}, {}, {"a", "b"});
  EXPECT_EQ(parsed_csv("1;2.5\n").notes, Labels{});
}

// A comma that may be between thousands, or that is beside a point, is not guessed at.
TEST(Csv, RefusesCommasThatMayBeOtherThanDecimal) {
  expect_error(
      [] { parsed_csv("1,234;5,678\n-12,000;7\n"); },
      "x.csv: line 1, column 1: '1,234' may be 1.234 or 1234, and so may all others; write "
      "numbers with a decimal point");
  expect_error(
      [] { parsed_csv("1,5;2\n3;4.5\n"); },
      "x.csv: line 2, column 2: '4.5' has a decimal point, but '1,5' in line 1 has a comma; "
      "write all with a point");
  expect_error([] { parsed_csv("1.5;2\n3;4,5\n"); },
               "'4,5' has a decimal comma, but '1.5' in line 1");
  expect_error([] { parsed_csv("1;2\n1.234,5;2\n"); }, "'1.234,5' is no number");
  expect_error([] { parsed_csv("1;2\n1,234,567;2\n"); }, "'1,234,567' is no number");
  expect_error([] { parsed_csv("0,5 0,25\n1 2\n"); }, "'0,25' is no number");
  // One column of them is two: there is no other separator.
  expect_table("0,5\n0,25\n", {{0, 5}, {0, 25}}, {}, {});
  // And a label may have a semicolon.
  expect_table("a;b,1,5\nc;d,2,6\n", {{1, 5}, {2, 6}}, {"a;b", "c;d"}, {});
}

TEST(Csv, ReadsNumbersAsAnyLocaleWritesThem) {
  const std::string old = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // has a decimal comma, if it is installed
  const double infinity = std::numeric_limits<double>::infinity();
  expect_table("+1,.5,-2.,1E-3,inf,-Infinity,5e-324,0.1\n",
               {{1, 0.5, -2, 0.001, infinity, -infinity, 5e-324, 0.1}}, {}, {});
  EXPECT_TRUE(std::isnan(parsed_csv("nan,NaN").values.at({0, 1})));
  std::setlocale(LC_ALL, old.c_str());
}

TEST(Csv, ToleratesMarksAndLineEnds) {
  expect_table("\xef\xbb\xbf\x31,2\r\n3,4\r\n\r\n", {{1, 2}, {3, 4}}, {}, {});
  expect_table("1,2\r3,4\r", {{1, 2}, {3, 4}}, {}, {});
  expect_table("1,2\n3,4\n\n \n", {{1, 2}, {3, 4}}, {}, {});
}

TEST(Csv, RecognisesLabels) {
  const Rows rows{{1, 2}, {3, 4}};
  expect_table("a,b\n1,2\n3,4\n", rows, {}, {"a", "b"});
  expect_table("r,1,2\ns,3,4\n", rows, {"r", "s"}, {});
  expect_table(",a,b\nr,1,2\ns,3,4\n", rows, {"r", "s"}, {"a", "b"});
  expect_table("word,a,b\nr,1,2\ns,3,4\n", rows, {"r", "s"}, {"a", "b"});
  expect_table("loss\n1\n2\n", {{1}, {2}}, {}, {"loss"});
  expect_table("a loss\n1\n2\n", {{1}, {2}}, {}, {"a loss"});
  expect_table("\tNew York\tb\nr\t1\t2\ns\t3\t4\n", rows, {"r", "s"}, {"New York", "b"});
  expect_table("a b\n1 2\n3 4\n", rows, {}, {"a", "b"});
  expect_table("猫,b\n1,2\n3,4\n", rows, {}, {"猫", "b"});
  // An empty corner says that both are labels, be they numbers (as pandas numbers them).
  expect_table(",0,1\n0,1,2\n1,3,4\n", rows, {"0", "1"}, {"0", "1"});
}

// R's write.table: the header has no cell above the labels of rows.
TEST(Csv, AHeaderThatIsOneCellShortIsOverLabelsOfRows) {
  const Rows rows{{1, 2}, {3, 4}};
  expect_table("\"a\" \"b\"\n\"x\" 1 2\n\"y\" 3 4\n", rows, {"x", "y"}, {"a", "b"});
  expect_table("a b\nx 1 2\ny 3 4\n", rows, {"x", "y"}, {"a", "b"});
  expect_table("a,b\n1,1,2\n2,3,4\n", rows, {"1", "2"}, {"a", "b"});
  expect_table("\"V1\"\n\"1\" 0.5\n", {{0.5}}, {"1"}, {"V1"});
}

TEST(Csv, ABlankIsALabelOfARow) {
  const Rows rows{{1, 2}, {3, 4}};
  expect_table(" ,1,2\nthe,3,4\n", rows, {" ", "the"}, {});
  expect_table("the,1,2\n  ,3,4\n", rows, {"the", "  "}, {});
  expect_table("a;b;c\n ;1;2\nx;3;4\n", rows, {" ", "x"}, {"b", "c"});
  expect_table(" \t1\t2\nthe\t3\t4\n", rows, {" ", "the"}, {});
  // Above labels it is a corner.
  expect_table(" , a, b\nr, 1, 2\ns, 3, 4\n", rows, {"r", "s"}, {"a", "b"});
}

TEST(Csv, SaysWhatItTookForAHeader) {
  const auto notes = [](const std::string& text) { return parsed_csv(text).notes; };
  EXPECT_EQ(notes("a,b\n1,2\n"), Labels{"the first row is taken for labels of columns: 'a', 'b'"});
  EXPECT_EQ(notes("word,x\nthe,1\n"), Labels{"the first row is taken for labels of columns: 'x'"});
  EXPECT_EQ(notes(",0,1,2,3,4\n0,1,2,3,4,5\n"),
            Labels{"the first row is taken for labels of columns: '0', '1', '2', '3', …"});
  EXPECT_EQ(
      notes("a\nx 1\n"),
      Labels{"the first row is taken for labels of columns: 'a'; it is one cell short, so the "
             "first column is taken for labels of rows, as R writes them"});
  // pandas numbers columns without names; so may anybody.
  EXPECT_EQ(notes("0,1,2\n0.5,0.6,0.7\n").size(), 1u);
  EXPECT_EQ(notes("0,1,2\n0.5,0.6,0.7\n")[0].find("the first row, 0, 1, …, is taken for numbers"),
            0u);
  EXPECT_EQ(notes("0\n0.5\n").size(), 1u);
  for (const char* text : {"0,1\n", "0,2\n1,2\n", "0.0,1.0\n1,2\n", "the,1\ncat,2\n", "1,2\n"}) {
    EXPECT_EQ(notes(text), Labels{}) << text;
  }
}

// Such a row would be lost if it were taken for labels of columns.
TEST(Csv, ARowOfWhatStandsForNumbersIsNoHeader) {
  for (const char* word : {"NA", "N/A", "#N/A", "<NA>", "NULL", "null", "None", "-", "?", ".",
                           "True", "FALSE", "10%", "-.5%", "1'000", "1_000", "1 000"}) {
    SCOPED_TRACE(word);
    const std::string x = word;
    const std::string message =
        "'" + x + "' is no number; if it is a column label, put it in quotes";
    expect_error([&] { parsed_csv(x + "," + x + "\n3,4\n"); },
                 "x.csv: line 1, column 2: " + message);
    expect_error([&] { parsed_csv("the," + x + "," + x + "\ncat,3,4\n"); },
                 "x.csv: line 1, column 2: " + message);
    if (x[0] != '#') {  // a comment
      expect_error([&] { parsed_csv(x + ";" + x + "\nr;3;4\n"); },
                   "x.csv: line 1, column 1: " + message);
    }
    expect_error([&] { parsed_csv("," + x + "," + x + "\nr,3,4\n"); },
                 "line 1, column 2: " + message);
    expect_error([&] { parsed_csv(x + ",4\n3,4\n"); },
                 "line 2, column 1: a number among row labels");
    expect_table("\"" + x + "\",\"" + x + "\"\n3,4\n", {{3, 4}}, {}, {x, x});
    expect_table(x + ",b\n3,4\n", {{3, 4}}, {}, {x, "b"});
    expect_table("a,1\n" + x + ",2\n", {{1}, {2}}, {"a", x}, {});  // a token
  }
  expect_error([&] { parsed_csv("10%\n3\n"); }, "x.csv: line 1, column 1: '10%' is no number");
  expect_error([&] { parsed_csv("1'5;2'5\n3'5;4'5\n"); }, "line 1, column 2: '2'5' is no");
  expect_table("1st,2020-01\n3,4\n", {{3, 4}}, {}, {"1st", "2020-01"});
}

TEST(Csv, AFirstLineMaySayTheSeparator) {
  const Rows rows{{1, 2.5}, {-3, 4e3}};
  expect_table("sep=;\n1;2,5\n-3;4e3\n", rows, {}, {});
  expect_table("sep=;\r\nx;y\r\n1;2.5\r\n-3;4e3\r\n", rows, {}, {"x", "y"});
  expect_table("\xef\xbb\xbfsep=,\nx y,1,2.5\nz,-3,4e3\n", rows, {"x y", "z"}, {});
  expect_table("sep=\t\n1\t2.5\n-3\t4e3", rows, {}, {});
  expect_table("sep=;\n1,5\n2,25\n", {{1.5}, {2.25}}, {}, {});  // not what the last comma says
  expect_error([] { parsed_csv("sep=;\n1;2\n3\n"); }, "x.csv: line 3, column 2: expected 2 cells");
  expect_error([] { parsed_csv("sep=;\n"); }, "x.csv: line 1, column 2: an empty cell");
  expect_error([] { parsed_csv("sep=|\n1|2\n"); }, "x.csv: line 2, column 1: '1|2' is no number");
}

TEST(Csv, DecimalCommasMayBeInQuotes) {
  expect_table("x;y\n\"1,5\";2\n\"-2,25\";3\n", {{1.5, 2}, {-2.25, 3}}, {}, {"x", "y"});
  expect_table("\"1,5\"\t2\n7\t\"3,5\"\n8\t4\n", {{1.5, 2}, {7, 3.5}, {8, 4}}, {}, {});
  EXPECT_THAT(parsed_csv("\"1,5\";2\n").notes.at(0), testing::HasSubstr("'1,5' is taken for 1.5"));
  // Between commas, quotes make labels of them.
  expect_table("\"1,5\",2\n", {{2}}, {"1,5"}, {});
}

TEST(Csv, QuotesMakeLabelsOfNumbers) {
  const Rows rows{{1, 2}, {3, 4}};
  expect_table("\"0\",\"1\"\n1,2\n3,4\n", rows, {}, {"0", "1"});
  expect_table("\"1984\",1,2\n\"\",3,4\n", rows, {"1984", ""}, {});
  expect_table("\"a,b\", \"say \"\"x\"\"\" \n1,2\n3,4\n", rows, {}, {"a,b", "say \"x\""});
  expect_table("\"two\nlines\",b\n1,2\n3,4\n", rows, {}, {"two\nlines", "b"});
  expect_table("\"a b\" c\n1 2\n3 4\n", rows, {}, {"a b", "c"});
  // Where all is in quotes they say nothing.
  expect_table("\"1\",\"2\"\n\"3\",\"4\"\n", rows, {}, {});
  expect_table("\"\",\"a\",\"b\"\n\"r\",\"1\",\"2\"\n\"s\",\"3\",\"4\"\n", rows, {"r", "s"},
               {"a", "b"});
}

TEST(Csv, RefusesMalformedFiles) {
  const struct {
    std::string text;
    const char* message;
  } kCases[] = {
      {"", "x.csv: no numbers: the file is empty"},
      {"\xef\xbb\xbf \r\n\n", "x.csv: no numbers: the file is empty"},
      {"a,b\n", "x.csv: only a row of labels, no numbers"},
      {"1,2\n3\n", "x.csv: line 2, column 2: expected 2 cells, as in the first row, got 1"},
      {"1,2\n3,4,5\n", "x.csv: line 2, column 3: expected 2 cells, as in the first row, got 3"},
      {"1,2,3\n4,5\n6,7\n", "x.csv: line 1: expected 2 cells, as in line 2, got 3"},
      {"1,2\n3\n4,5\n", "x.csv: line 2, column 2: expected 2 cells, as in the first row, got 1"},
      {"a,b,c\n1,2\n", "x.csv: line 1: expected 2 cells, as in line 2, got 3"},
      {"# two\n1 2 3\n4 5 6\n", "x.csv: line 1: expected 3 cells, as in line 2, got 2; # begins"},
      {"# two of them\n1 2\n3 4\n",
       "x.csv: line 1: expected 2 cells, as in line 2, got 4; # begins no comment in a table, so "
       "remove the line"},
      {"1 2 3\n4\n", "line 2, column 2: expected 3 cells"},
      {"1;2\n3\n", "line 2, column 2: expected 2 cells"},
      {"1,2\n\n3,4\n", "x.csv: line 2: is empty"},
      {"\n1,2\n", "x.csv: line 1: is empty"},
      {"1,2\n3,\n", "x.csv: line 2, column 2: an empty cell"},
      {"1,,2\n", "x.csv: line 1, column 2: an empty cell"},
      {"1,2\n,4\n", "x.csv: line 2, column 1: an empty cell"},
      {",a,b\n,1,2\n", "x.csv: line 2, column 1: an empty cell"},
      {"a,,b\n1,2,3\n", "x.csv: line 1, column 2: an empty cell"},
      {"1,2\n3,O.5\n", "x.csv: line 2, column 2: 'O.5' is no number"},
      {"1,2\n3,0x10\n", "x.csv: line 2, column 2: '0x10' is no number"},
      {"1,2\n3,1_000\n", "'1_000' is no number"},
      {"1,2\n3,+-4\n", "'+-4' is no number"},
      {"1,2\n3,1e\n", "'1e' is no number"},
      {"1,2\nx,4\n",
       "x.csv: line 2, column 1: 'x' is no number; if the first column has labels, put the "
       "numbers among them in quotes"},
      {"1,2\n3,\"4\"\n5,6\n", "x.csv: line 2, column 2: '4' is no number"},
      {"r,1,2\n3,4,5\n", "line 2, column 1: a number among row labels; if it is a label, put it"},
      {"1,2,O.3\n4,5,6\n", "x.csv: line 1, column 3: 'O.3' is no number, but others in the first"},
      {"1,b\n2,3\n", "x.csv: line 1, column 1: a number among column labels"},
      {"1;2.000,5\n3;4\n", "numbers have a decimal point (between semicolons or tabs it may be a"},
      {"1,2\n3,1e999\n", "line 2, column 2: '1e999' is too large or too small for an f64"},
      {"1,2\n3,1e-999\n", "'1e-999' is too large or too small"},
      {"a,\"b\n1,2\n", "x.csv: line 1, column 2: the quote that opens here is not closed"},
      {"\"a\"x,b\n1,2\n", "x.csv: line 1, column 1: text after the closing quote"},
      {"a\"b,c\n1,2\n", "line 1, column 1: a quote within 'a\"b'; put the whole cell in quotes"},
      {"\"a\n\nb\",c\n1,x\n2,3", "x.csv: line 4, column 2: 'x' is no number"},
      {"1,2\n3,\xff\n", "x.csv: line 2: expected UTF-8; convert it"},
      {bytes("1,2\n3,\0\n"), "line 2: a NUL, which is no text"},
      {"\xed\xa0\x80,1\n", "line 1: expected UTF-8"},      // half of a UTF-16 pair
      {"\xc0\x80,1\n", "line 1: expected UTF-8"},          // longer than need be
      {"\xf4\x90\x80\x80,1\n", "line 1: expected UTF-8"},  // beyond U+10FFFF
      {"1,\xe7\x8c", "line 1: expected UTF-8"},            // cut off
      {bytes("\xff\xfe\x31\0,\0"), "expected UTF-8, got UTF-16LE"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    expect_error([&] { parsed_csv(c.text); }, c.message);
    expect_error([&] { parsed_csv(c.text); }, "x.csv: ");
  }
}

TEST(Csv, WritesTheseBytes) {
  const Tensor values = Tensor::of<float>({2, 2}, {0.1f, -1, INFINITY, 1e20f});
  EXPECT_EQ(written_csv({.values = values, .row_labels = {}, .column_labels = {}}),
            "0.1,-1\ninf,1e+20\n");
  EXPECT_EQ(written_csv({.values = values.transpose(0, 1),
                         .row_labels = {"the", "a \"b\""},
                         .column_labels = {"1", ""}}),
            ",\"1\",\"\"\n\"the\",0.1,inf\n\"a \"\"b\"\"\",-1,1e+20\n");
  EXPECT_EQ(written_csv({.values = values.slice(0, 0, 1).to(DType::boolean),
                         .row_labels = {},
                         .column_labels = {"x", "y"}}),
            "\"x\",\"y\"\n1,1\n");
}

TEST(Csv, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const Labels odd{"1", "", "a,b;c\td e", "\"", "two\nlines"};
  const Labels none;
  for (const DType dtype : kAllTypes) {
    for (const Labels& rows : {none, odd}) {
      for (const Labels& columns : {none, odd}) {
        const Table table{
            .values = sample({5, 5}, dtype), .row_labels = rows, .column_labels = columns};
        write_csv(folder / "a.csv", table);
        const Table read = read_csv(folder / "a.csv");
        EXPECT_EQ(read.row_labels, rows);
        EXPECT_EQ(read.column_labels, columns);
        expect_same(read.values.to(dtype), table.values);
      }
    }
  }
  // One column and one row, whose labels could be mistaken for the other's.
  for (const Shape& shape : {Shape{1, 1}, Shape{1, 3}, Shape{3, 1}}) {
    const Table table{.values = sample(shape, DType::f64),
                      .row_labels = Labels(static_cast<std::size_t>(shape[0]), "7"),
                      .column_labels = Labels(static_cast<std::size_t>(shape[1]), "")};
    const Table read = parsed_csv(written_csv(table));
    EXPECT_EQ(read.row_labels, table.row_labels);
    EXPECT_EQ(read.column_labels, table.column_labels);
    expect_same(read.values, table.values);
  }
}

TEST(Csv, RefusesToWriteWhatIsNoTable) {
  const auto write = [](Tensor values, Labels rows, Labels columns) {
    written_csv({.values = std::move(values),
                 .row_labels = std::move(rows),
                 .column_labels = std::move(columns)});
  };
  expect_error([&] { write(Tensor({3}), {}, {}); },
               "y.csv: .csv holds a matrix of at least one number, got shape [3]");
  expect_error([&] { write(Tensor({3, 0}), {}, {}); }, "got shape [3, 0]");
  expect_error([&] { write(Tensor(), {}, {}); }, "there is no tensor");
  expect_error([&] { write(Tensor({2, 3}), {"a"}, {}); }, "expected 2 row labels or none, got 1");
  expect_error([&] { write(Tensor({2, 3}), {}, {"a", "b"}); }, "expected 3 column labels");
  expect_error([&] { write(Tensor({1, 1}), {"\xff"}, {}); }, "label '\\xff' is not UTF-8");
}

}  // namespace
}  // namespace clearhead
