// Values as they are written in files.
#include "clearhead/claims/values.h"

#include <gtest/gtest.h>

#include <chrono>

namespace clearhead::claims {
namespace {

TEST(Values, MoneyIsExactToTheCent) {
  EXPECT_EQ(read_money("0.29"), Money{29});  // 100 · 0.29 in binary is below 29
  EXPECT_EQ(read_money("-1.27"), Money{-127});
  EXPECT_EQ(read_money("100"), Money{10000});
  EXPECT_EQ(read_money(".5"), Money{50});
  EXPECT_EQ(read_money("7."), Money{700});
  EXPECT_EQ(read_money("+3.10"), Money{310});
  EXPECT_EQ(read_money("999999999999999.99"), Money{99999999999999999});
}

TEST(Values, SmallerPartsOfMoneyAreRoundedAwayFromZero) {
  EXPECT_EQ(read_money("1.004999"), Money{100});
  EXPECT_EQ(read_money("1.005"), Money{101});
  EXPECT_EQ(read_money("-1.005"), Money{-101});
}

TEST(Values, WhatIsNoNumberIsNone) {
  for (const char* text : {"", "-", ".", "1,000", "1e3", "12x", " 1", "--1", "0x10", "nan",
                           "1000000000000000", "1.2.3"}) {
    EXPECT_FALSE(read_money(text)) << text;
    EXPECT_FALSE(read_number(text)) << text;
  }
}

TEST(Values, NumbersAreDecimal) {
  EXPECT_EQ(read_number("2"), 2.0);
  EXPECT_EQ(read_number("-0.25"), -0.25);
  EXPECT_EQ(read_number("+.5"), 0.5);
}

TEST(Values, DatesAreThoseOfTheCalendar) {
  const Date leap{std::chrono::year{2024} / 2 / 29};
  EXPECT_EQ(read_date("2024-02-29"), leap);
  EXPECT_EQ(read_date("20240229"), leap);
  EXPECT_EQ(read_date("2024-02-29T08:30:00+01:00"), leap);
  for (const char* text : {"", "20230229", "2024-13-01", "2024-2-29", "240229", "2024/02/29",
                           "202402290", "2024-02-29 08:30"}) {
    EXPECT_FALSE(read_date(text)) << text;
  }
}

TEST(Values, CodesHaveNoDotsAndBlanks) { EXPECT_EQ(plain_code(" I10.9 "), "I109"); }

}  // namespace
}  // namespace clearhead::claims
