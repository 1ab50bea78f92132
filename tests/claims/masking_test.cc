// Masks: the same for the same, and nothing of what they hide.
#include "clearhead/claims/masking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

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
