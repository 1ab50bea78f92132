// Masks: the same for the same, and nothing of what they hide.
#include "clearhead/claims/masking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "clearhead/claims/json_form.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

// Test case 2 of RFC 4231 with a key that is filled up by zeros, as HMAC does itself.
TEST(Masking, IsHmacWithSha256) {
  const MaskingKey key("Jefe" + std::string(12, '\0'));
  EXPECT_EQ(masked("what do ya want for nothing?", key), "5bdcc146bf60754e");
  EXPECT_EQ(masked("", key), "");
}

TEST(Masking, DependsOnIdentifierAndKey) {
  const MaskingKey key(std::string(16, 'k')), other(std::string(16, 'o'));
  EXPECT_EQ(masked("M1", key), masked("M1", key));
  EXPECT_NE(masked("M1", key), masked("M2", key));
  EXPECT_NE(masked("M1", key), masked("M1", other));
  EXPECT_NE(masked("M1", MaskingKey::random()), masked("M1", MaskingKey::random()));
}

TEST(Masking, DaysOfAMemberMoveTogether) {
  const Masker masker(MaskingKey(std::string(16, 'k')));
  std::set<int> shifts;
  for (int i = 0; i < 1000; ++i) {
    const auto days = masker.shift("M" + std::to_string(i)).count();
    EXPECT_GE(days, 1);
    EXPECT_LE(days, 365);
    shifts.insert(static_cast<int>(days));
  }
  EXPECT_GT(shifts.size(), 300u);
  Claim claim;
  const Date day{std::chrono::year{2024} / 3 / 1};
  claim.member.id.value = "M1";
  claim.member.birth_date.value = day - std::chrono::days(9000);
  claim.from.value = day;
  claim.lines.resize(1);
  claim.lines[0].from.value = day + std::chrono::days(2);
  masker.mask(claim);
  EXPECT_EQ(*claim.from, day - masker.shift("M1"));
  EXPECT_EQ(*claim.from - *claim.member.birth_date, std::chrono::days(9000));
  EXPECT_EQ(*claim.lines[0].from - *claim.from, std::chrono::days(2));
}

// A year of birth stands as its first of January: moved by as much as the claim, it would say by
// how much.
TEST(Masking, AYearOfBirthDoesNotTellHowFarDaysMoved) {
  const Masker masker(MaskingKey(std::string(16, 'k')));
  const auto birth_of = [&](int member, Date birth) {
    Claim claim;
    claim.member.id.value = "M" + std::to_string(member);
    claim.member.birth_date.value = birth;
    masker.mask(claim);
    return *claim.member.birth_date;
  };
  std::set<Date> years, months;
  for (int i = 0; i < 200; ++i) {
    years.insert(birth_of(i, std::chrono::year{1979} / 1 / 1));
    const Date month{std::chrono::year{1979} / 5 / 1};
    const Date moved = birth_of(i, month);
    EXPECT_EQ(std::chrono::year_month_day(moved).day(), std::chrono::day{1});
    const auto off = moved - (month - masker.shift("M" + std::to_string(i)));
    EXPECT_LE(std::chrono::abs(off), std::chrono::days(16));
    months.insert(moved);
  }
  EXPECT_EQ(years,
            (std::set<Date>{std::chrono::year{1978} / 1 / 1, std::chrono::year{1979} / 1 / 1}));
  EXPECT_GT(months.size(), 10u);
}

TEST(Masking, ClaimsWithoutAMemberMoveByThemselves) {
  const Masker masker(MaskingKey(std::string(16, 'k')));
  std::set<Date> days;
  for (int i = 0; i < 20; ++i) {
    Claim claim;
    claim.id.value = "C" + std::to_string(i);
    claim.from.value = Date{std::chrono::year{2024} / 3 / 1};
    masker.mask(claim);
    days.insert(*claim.from);
  }
  EXPECT_GT(days.size(), 10u);
}

TEST(Masking, NoTextOfALineIsKeptThatIsNoCode) {
  Claim claim;
  claim.diagnoses.resize(1);
  claim.diagnoses[0].present_on_admission.value = "as Ann Smith says";
  claim.lines.resize(1);
  Line& line = claim.lines[0];
  line.unit.value = "doses for Ann";
  line.service_place.value = "at Ann Smith's";
  line.provider.value = "Dr. Miller";
  line.modifiers = {{"25", {}}, {"for Ann Smith", {}}};
  line.adjustments.push_back({{"CO", {}}, {"paid by Ann Smith", {}}, {Money{1}, {}}, {}});
  claim.adjustments = line.adjustments;
  Masker(MaskingKey(std::string(16, 'k'))).mask(claim);
  const std::string text = json_of(claim);
  EXPECT_EQ(text.find("Ann"), std::string::npos) << text;
  EXPECT_EQ(text.find("Miller"), std::string::npos) << text;
  ASSERT_EQ(line.modifiers.size(), 1u);
  EXPECT_EQ(*line.modifiers[0], "25");
  EXPECT_EQ(*claim.adjustments[0].group, "CO");
}

TEST(Masking, TextsThatAreNoCodesAreDropped) {
  Claim claim;
  claim.status = {"sent back to Ann Smith", {}};
  claim.service_place.value = "11";
  claim.specialty.value = "GENERAL PRACTICE";
  claim.provider.value = "P1";
  Masker(MaskingKey(std::string(16, 'k'))).mask(claim);
  EXPECT_FALSE(claim.status);
  EXPECT_EQ(*claim.service_place, "11");
  EXPECT_EQ(*claim.specialty, "GENERAL PRACTICE");
  EXPECT_EQ(claim.provider->size(), 16u);
}

TEST(Masking, AKeyMustBeLong) {
  const TemporaryFolder folder;
  EXPECT_EQ(masked("M1", MaskingKey::read(folder.write("key", "0123456789abcdef\n"))),
            masked("M1", MaskingKey("0123456789abcdef")));
  expect_error([&] { MaskingKey::read(folder.write("key", "0123456789abcde\n")); },
               "key: expected a key of at least 16 bytes, got 15; one can be made by: head -c 32");
}

}  // namespace
}  // namespace clearhead::claims
