// Members with a code, counted by sex, and what is surprising beside them.
#include "clearhead/claims/sex_counts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

constexpr Token kWomen = 20, kMen = 21;

// A member with the code in two claims, and with a diagnosis.
MemberClaims member_with(Token sex, Token code) {
  MemberClaims member;
  member.sex = sex;
  member.claims.resize(2);
  for (EncodedClaim& claim : member.claims) claim.lines.push_back({.code = code});
  member.claims[0].diagnoses = {90};
  return member;
}

SexCounts counted() {
  SexCounts counts;
  for (int i = 0; i < 30; ++i) counts.add(member_with(kWomen, 80));
  for (int i = 0; i < 30; ++i) counts.add(member_with(kMen, 81));
  return counts;
}

TEST(SexCounts, ACodeThatOnlyOneSexHasIsASurpriseOfTheOther) {
  const SexCounts counts = counted();
  // Half of all are men, none of 30 with the code.
  EXPECT_NEAR(counts.surprise(80, kMen), std::log(0.5) - std::log(0.5 / 31), 1e-12);
  EXPECT_NEAR(counts.surprise(80, kWomen), std::log(0.5) - std::log(30.5 / 31), 1e-12);
  EXPECT_NEAR(counts.surprise(90, kMen), std::log(0.5) - std::log(30.5 / 61), 1e-12);
}

TEST(SexCounts, WhatWasNeverCountedIsNoSurprise) {
  EXPECT_EQ(counted().surprise(85, kMen), 0);
  EXPECT_EQ(counted().surprise(80, 22), 0);
  EXPECT_EQ(SexCounts().surprise(80, kMen), 0);
}

TEST(SexCounts, AreTheSameWhenTheyHaveBeenWrittenAndRead) {
  const SexCounts counts = counted(), again = SexCounts::parse(counts.json(), "here");
  EXPECT_EQ(again.json(), counts.json());
  EXPECT_EQ(again.surprise(80, kMen), counts.surprise(80, kMen));
  expect_error([] { SexCounts::parse("[]", "sexes.json"); },
               "sexes.json: expected counts of members by sex and code");
}

}  // namespace
}  // namespace clearhead::claims
