// What people write into cells.
#include "clearhead/claims/csv_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace clearhead::claims {
namespace {

using testing::ElementsAre;

std::string date(std::string_view cell, DateOrder order = DateOrder::month_first) {
  const auto date = date_of(cell, order);
  return date ? to_string(*date) : "none";
}

std::string money(std::string_view cell, CsvStyle style = {}) {
  const auto money = money_of(cell, style);
  return money ? to_string(*money) : "none";
}

TEST(CsvValues, DatesOfAllForms) {
  for (const char* cell :
       {"2024-01-31", "20240131", "01/31/2024", "1/31/2024", "31.01.2024", "31.1.2024",
        "2024/01/31", "2024-1-31", "2024-01-31 00:00:00", "2024-01-31T12:30:00.000Z", "20240131.0",
        "31-Jan-2024", "31JAN2024", "31JAN2024:00:00:00", "1/31/2024 12:00:00 AM"}) {
    EXPECT_EQ(date(cell), "2024-01-31") << cell;
  }
  EXPECT_EQ(date("31/01/2024", DateOrder::day_first), "2024-01-31");
  EXPECT_EQ(date("03/04/2024", DateOrder::day_first), "2024-04-03");
}

TEST(CsvValues, WhatIsNoDate) {
  for (const char* cell : {"31/01/2024", "2024-02-30", "2024", "45322", "01/31/24", "tomorrow",
                           "2024-01", "2024-01-31x", "0000-01-01", "99999999", "257/1/2024"}) {
    EXPECT_EQ(date(cell), "none") << cell;
  }
}

TEST(CsvValues, NumbersThatPandasMadeOfIdentifiers) {
  EXPECT_EQ(without_fraction("77.0"), "77");
  for (const char* cell : {"77", "7.7", "77.00", "a7.0", ".0", "-7.0", "P1.0"}) {
    EXPECT_EQ(without_fraction(cell), cell);
  }
}

TEST(CsvValues, Sexes) {
  for (const char* cell : {"M", "m", "male", "Male", "1"}) EXPECT_EQ(sex_of(cell), "M") << cell;
  for (const char* cell : {"F", "FEMALE", "2"}) EXPECT_EQ(sex_of(cell), "F") << cell;
  for (const char* cell : {"U", "unknown", "0"}) EXPECT_EQ(sex_of(cell), "U") << cell;
  EXPECT_EQ(sex_of("X"), "X");
}

TEST(CsvValues, Years) {
  EXPECT_EQ(to_string(*year_of("1979")), "1979-01-01");
  EXPECT_EQ(to_string(*year_of("1979.0")), "1979-01-01");
  EXPECT_FALSE(year_of("79"));
  EXPECT_FALSE(year_of("19790101"));
}

TEST(CsvValues, AmountsOfAllForms) {
  for (const char* cell : {"1234.50", "1234.5", "1,234.50", "1.234,50", "$1,234.50", "1234,50 €",
                           "1234.500", "1234.4999999", "+1234.50", "1.2345e3"}) {
    EXPECT_EQ(money(cell), "1234.50") << cell;
  }
  for (const char* cell : {"-2", "2-", "(2)", "($2.00)", "-$2.00", "$-2"}) {
    EXPECT_EQ(money(cell), "-2.00") << cell;
  }
  EXPECT_EQ(money("1e+05"), "100000.00");
  EXPECT_EQ(money("1,234,567"), "1234567.00");
  EXPECT_EQ(money(".5"), "0.50");
  EXPECT_EQ(money("0.005"), "0.01");
  EXPECT_EQ(money("-0.005"), "-0.01");
}

TEST(CsvValues, ASignThatCanBeReadTwoWaysIsRefusedUnlessItIsTold) {
  EXPECT_EQ(money("1,234"), "1234.00");
  EXPECT_EQ(money("1.234"), "1.23");
  EXPECT_EQ(money("1,234", {.separator = ';'}), "none");
  EXPECT_EQ(money("1.234", {.separator = ';'}), "none");
  EXPECT_EQ(money("1,234", {.decimal = DecimalSign::comma, .separator = ';'}), "1.23");
  EXPECT_EQ(money("1.234", {.decimal = DecimalSign::comma, .separator = ';'}), "1234.00");
  EXPECT_EQ(money("12,50", {.separator = ';'}), "12.50");
  EXPECT_EQ(money("0,125", {.separator = ';'}), "0.13");
  EXPECT_EQ(money("12.50", {.decimal = DecimalSign::comma}), "none");
}

TEST(CsvValues, WhatIsNoAmount) {
  for (const char* cell : {"", "x", "1.2.3", "12,34,567", "1-2", "--1", "1e", "e5", "-", ".", "()",
                           "123456789012345.00", "1e300", "0x10", "inf"}) {
    EXPECT_EQ(money(cell), "none") << cell;
  }
}

TEST(CsvValues, Numbers) {
  EXPECT_EQ(number_of("1.5", {}), 1.5);
  EXPECT_EQ(number_of("1,5", {}), 1.5);
  EXPECT_EQ(number_of("3.0", {}), 3);
  EXPECT_FALSE(number_of("three", {}));
  EXPECT_EQ(whole_number_of("12.0"), 12);
  EXPECT_FALSE(whole_number_of("12.5"));
  EXPECT_FALSE(whole_number_of("12 "));
}

TEST(CsvValues, CodesHaveNoDotsAndAreCapitals) {
  EXPECT_EQ(code_of("e11.9"), "E119");
  EXPECT_EQ(code_of("250.0"), "2500");
  EXPECT_EQ(code_of("99213.0"), "99213");
  EXPECT_EQ(code_of("j1885"), "J1885");
  EXPECT_EQ(code_of("E11\r."), "E11");
}

TEST(CsvValues, WordsThatMeanTheSame) {
  EXPECT_EQ(code_system_of("RXNORM"), "RxNorm");
  EXPECT_EQ(code_system_of("cpt"), "HCPCS");
  EXPECT_EQ(code_system_of("ICD-10"), "ICD-10-CM");
  EXPECT_EQ(code_system_of("our own"), "our own");
  EXPECT_EQ(claim_type_of("Outpatient"), ClaimType::institutional);
  EXPECT_EQ(claim_type_of("71"), ClaimType::professional);
  EXPECT_FALSE(claim_type_of("other"));
  EXPECT_EQ(diagnosis_role_of("reason_for_visit"), DiagnosisRole::reason_for_visit);
  for (const char* cell : {"", "NA", "NaN", "NULL", "None", "<NA>", "."}) {
    EXPECT_TRUE(is_missing(cell)) << cell;
  }
  EXPECT_FALSE(is_missing("0"));
}

TEST(CsvValues, Lists) {
  EXPECT_THAT(items_of("E119 I10, J45;K21"), ElementsAre("E119", "I10", "J45", "K21"));
  EXPECT_THAT(items_of("a b||c|"), ElementsAre("a b", "", "c"));
  for (const std::vector<std::string>& items :
       {std::vector<std::string>{}, {"a"}, {"a", "b"}, {"a b"}, {"", "c"}, {"c", ""}, {""}}) {
    const std::string list = list_of(items);
    const auto read = items_of(list);
    EXPECT_EQ(std::vector<std::string>(read.begin(), read.end()), items) << list;
  }
}

}  // namespace
}  // namespace clearhead::claims
