// Claims as tokens: what is read of them, and how a change is noticed.
#include "clearhead/claims/encoded_claims.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

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

class Encoded : public ::testing::Test {
 protected:
  Encoded() {
    VocabularyCounts counts;
    for (const Claim& claim : made_claims()) counts.add(claim);
    counts.add(hospital_stay());
    vocabulary_ = ClaimVocabulary::learn(counts, 1);
  }

  // A line of which only the revenue code is known.
  static Claim hospital_stay() {
    Line room;
    room.revenue.value = Code{"NUBC", "0120"};
    room.charge.value = Money{90000};
    return made_claim("M7", 0, {"I10"}, {room});
  }

  std::vector<MemberClaims> encode(const Claim& claim) const {
    ClaimEncoder encoder(vocabulary_);
    encoder.add(claim);
    return encoder.take();
  }

  ClaimVocabulary vocabulary_;
};

TEST_F(Encoded, ALineWithoutACodeIsReadByItsRevenueCode) {
  const EncodedLine line = encode(hospital_stay())[0].claims[0].lines[0];
  EXPECT_EQ(vocabulary_.text(line.code), "NUBC 0120");
  EXPECT_NE(line.amount, vocabulary_.missing(FieldKind::amount));
}

TEST_F(Encoded, TheFirst48DiagnosesAreRead) {
  Claim claim = made_claim("M1", 0, {"E119"}, {made_line("99213", 10000)});
  claim.diagnoses.resize(1000, claim.diagnoses[0]);
  claim.lines[0].pointers = {900};
  const EncodedClaim encoded = encode(claim)[0].claims[0];
  EXPECT_EQ(encoded.diagnoses.size(), 48u);
  EXPECT_EQ(encoded.lines[0].diagnosis, encoded.diagnoses[0]);
}

TEST_F(Encoded, TheHashOfClaimsNoticesEachChange) {
  const std::vector<std::function<void(Claim&)>> changes = {
      [](Claim&) {},
      [](Claim& claim) { claim.id.value = "other"; },
      [](Claim& claim) { claim.member.id.value = "M2"; },
      [](Claim& claim) { claim.member.split.value = "test"; },
      [](Claim& claim) { claim.member.sex.value = "M"; },
      [](Claim& claim) { claim.member.birth_date.value = Date{std::chrono::year{1990} / 1 / 1}; },
      [](Claim& claim) { claim.from.value = *claim.from + std::chrono::days(1); },
      [](Claim& claim) { claim.provider.value = "P9"; },
      [](Claim& claim) { claim.type.value = ClaimType::dental; },
      [](Claim& claim) { claim.specialty.value.reset(); },
      [](Claim& claim) { claim.diagnoses[0].code.value->value = "E119"; },
      [](Claim& claim) { claim.diagnoses.pop_back(); },
      [](Claim& claim) { claim.lines[0].code.value->value = "93000"; },
      [](Claim& claim) { claim.lines[0].units.value = 4; },
      [](Claim& claim) { claim.lines[0].charge.value = Money{1}; },
      [](Claim& claim) { claim.lines[0].pointers = {2}; },
      [](Claim& claim) { claim.lines[0].number.value = 7; },
  };
  std::set<std::string> hashes;
  for (const auto& change : changes) {
    Claim claim = made_claim("M1", 0, {"I10", "E119"}, {made_line("99213", 10000)});
    change(claim);
    hashes.insert(hash_of_claims(encode(claim)));
  }
  EXPECT_EQ(hashes.size(), changes.size());
}

}  // namespace
}  // namespace clearhead::claims
