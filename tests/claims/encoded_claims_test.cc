// Claims as tokens.
#include "clearhead/claims/encoded_claims.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/claims/made_claims.h"

namespace clearhead::claims {
namespace {

TEST(ClaimEncoder, AMemberIsOlderFromTheBirthdayOn) {
  const ClaimVocabulary vocabulary;
  ClaimEncoder encoder(vocabulary);
  Claim claim = made_claim("M1", 0, {}, {});
  claim.member.birth_date.value = Date{std::chrono::year{2010} / 3 / 1};
  for (const unsigned day : {28u, 29u}) {
    claim.from.value = Date{std::chrono::year{2024} / 2 / day};
    encoder.add(claim);
  }
  claim.from.value = Date{std::chrono::year{2024} / 3 / 1};
  encoder.add(claim);
  claim.from.value = Date{std::chrono::year{2011} / 3 / 1};  // after 365 days
  encoder.add(claim);
  const auto members = encoder.take();
  const auto& claims = members[0].claims;  // by day
  EXPECT_EQ(claims[0].age, vocabulary.number(FieldKind::age, 1));
  EXPECT_EQ(claims[1].age, vocabulary.number(FieldKind::age, 13));
  EXPECT_EQ(claims[2].age, vocabulary.number(FieldKind::age, 13));
  EXPECT_EQ(claims[3].age, vocabulary.number(FieldKind::age, 14));
}

}  // namespace
}  // namespace clearhead::claims
