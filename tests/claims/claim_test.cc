// A claim's values as words.
#include "clearhead/claims/claim.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace clearhead::claims {
namespace {

TEST(Claim, MoneyHasTwoPlaces) {
  EXPECT_EQ(to_string(Money{123450}), "1234.50");
  EXPECT_EQ(to_string(Money{-5}), "-0.05");
  EXPECT_EQ(to_string(Money{0}), "0.00");
}

TEST(Claim, DatesAreIso) {
  EXPECT_EQ(to_string(Date{std::chrono::year{2024} / 2 / 29}), "2024-02-29");
  EXPECT_EQ(to_string(Date{std::chrono::year{985} / 1 / 1}), "0985-01-01");
}

TEST(Claim, ACodeHasItsSystemBeforeItIfThatIsKnown) {
  EXPECT_EQ(to_string(Code{"HCPCS", "99213"}), "HCPCS 99213");
  EXPECT_EQ(to_string(Code{"", "99213"}), "99213");
}

TEST(Claim, APlaceNamesFileLineOrByteAndPart) {
  const auto file = std::make_shared<const std::string>("a.csv");
  EXPECT_EQ(to_string(Place{file, 7, 120, "charge"}), "a.csv, line 7, charge");
  EXPECT_EQ(to_string(Place{file, 0, 120, "SV1-02"}), "a.csv, byte 120, SV1-02");
  EXPECT_EQ(to_string(Place{}), "made here");
}

TEST(Claim, AgeIsInYearsCompleted) {
  Member member;
  member.birth_date.value = std::chrono::year{1990} / 6 / 15;
  EXPECT_EQ(age_on(member, std::chrono::year{2020} / 6 / 14), 29);
  EXPECT_EQ(age_on(member, std::chrono::year{2020} / 6 / 15), 30);
  EXPECT_EQ(age_on(member, std::chrono::year{1990} / 6 / 14), std::nullopt);
  EXPECT_EQ(age_on(member, std::nullopt), std::nullopt);
}

TEST(Claim, SplitsAreAsSaidOrByAHashOfTheMember) {
  std::map<std::string, int> splits;
  for (int i = 0; i < 1000; ++i) {
    Claim claim;
    claim.id.value = "C" + std::to_string(i);
    if (i % 2 == 0) claim.member.id.value = "M" + std::to_string(i);
    ++splits[split_of(claim)];
    Claim other = claim;
    if (claim.member.id) other.id.value = "another";
    EXPECT_EQ(split_of(other), split_of(claim));
    other.member.split.value = "valid";
    EXPECT_EQ(split_of(other), "validation");
  }
  EXPECT_NEAR(splits["train"], 800, 40);
  EXPECT_NEAR(splits["validation"], 100, 30);
  EXPECT_NEAR(splits["test"], 100, 30);
}

}  // namespace
}  // namespace clearhead::claims
