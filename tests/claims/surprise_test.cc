// Surprises: what is asked, alone and in batches, with and without a line.
#include "clearhead/claims/surprise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "tests/claims/made_claims.h"
#include "tests/claims/small_model.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

class Surprises : public ::testing::Test {
 protected:
  Surprises() {
    SmallModel small = small_model(/*layers=*/1);
    model_ = std::move(small.model);
    members_ = std::move(small.members);
  }

  ClaimsModel model_;
  std::vector<MemberClaims> members_;
};

TEST_F(Surprises, EachFieldIsAskedForOnce) {
  const ClaimView view{&members_[0], 2};
  const auto all = surprises_of(model_, std::vector{view});
  ASSERT_EQ(all.size(), 1u);
  // Sex and age; a diagnosis; code, units and amount of three lines.
  ASSERT_EQ(all[0].size(), 2u + 1 + 9);
  const EncodedClaim& claim = members_[0].claims[2];
  EXPECT_EQ(all[0][0].kind, FieldKind::sex);
  EXPECT_EQ(all[0][2].token, claim.diagnoses[0]);
  EXPECT_EQ(all[0][3].token, claim.lines[0].code);
  EXPECT_EQ(all[0][11].token, claim.lines[2].amount);
  for (const Surprise& surprise : all[0]) {
    EXPECT_GE(surprise.nats, 0);
    EXPECT_GE(surprise.rank, 1);
    // No token is more probable than the one that is expected.
    EXPECT_LE(std::exp(-surprise.nats), surprise.expected_probability * (1 + 1e-6));
    EXPECT_EQ(surprise.rank == 1, surprise.token == surprise.expected);
  }
}

TEST_F(Surprises, WhatTheInputDoesNotSayIsNotAskedFor) {
  Line line;
  line.code.value = Code{"HCPCS", "99213"};
  ClaimEncoder encoder(*model_.vocabulary);
  Claim claim;
  claim.lines = {line, Line()};
  claim.diagnoses.resize(1);
  encoder.add(claim);
  const std::vector<MemberClaims> members = encoder.take();
  const auto all = surprises_of(model_, std::vector<ClaimView>{{&members[0], 0}});
  ASSERT_EQ(all[0].size(), 3u);
  EXPECT_EQ(all[0][0].kind, FieldKind::diagnosis);
  EXPECT_EQ(all[0][1].kind, FieldKind::code);
  EXPECT_EQ(all[0][2].kind, FieldKind::code);
}

// The same bytes, also where a claim alone is so small that its products have few rows.
TEST_F(Surprises, DoNotDependOnTheOtherClaims) {
  std::vector<ClaimView> views;
  for (const MemberClaims& member : members_) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) {
      views.push_back({&member, i});
      views.push_back({&member, i, 0});
    }
  }
  const auto together = surprises_of(model_, views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto alone = surprises_of(model_, std::span(&views[i], 1));
    ASSERT_EQ(alone[0].size(), together[i].size());
    for (std::size_t j = 0; j < alone[0].size(); ++j) {
      EXPECT_EQ(alone[0][j].nats, together[i][j].nats);
      EXPECT_EQ(alone[0][j].token, together[i][j].token);
    }
  }
}

TEST_F(Surprises, ALineThatIsLeftOutIsNotSeen) {
  const auto all =
      surprises_of(model_, std::vector<ClaimView>{{&members_[0], 0}, {&members_[0], 0, 1}});
  EXPECT_EQ(all[1].size(), all[0].size() - 3);
  for (const Surprise& surprise : all[1]) {
    EXPECT_FALSE(surprise.part == (Part{Part::line, 1}));
  }
  EXPECT_NE(all[0][3].nats, all[1][3].nats);  // the other line is expected otherwise without it
}

TEST_F(Surprises, ALongClaimIsDividedAndTheSame) {
  std::vector<Line> lines;
  for (int i = 0; i < 40; ++i) lines.push_back(made_line(i % 2 == 0 ? "99213" : "93000", 5000));
  ClaimEncoder encoder(*model_.vocabulary);
  encoder.add(made_claim("M", 0, {"I10"}, lines));
  const std::vector<MemberClaims> members = encoder.take();
  const auto all = surprises_of(model_, std::vector<ClaimView>{{&members[0], 0}});
  ASSERT_EQ(all[0].size(), 2u + 1 + 3 * 40);
  // Lines have no order, so those alike are equally surprising.
  EXPECT_NEAR(all[0][3].nats, all[0][9].nats, 1e-4);
}

// Else time and memory would grow with the square of the lines, or faster.
TEST_F(Surprises, ALongClaimIsReadInParts) {
  const auto surprises = [this](const std::string& first) {
    std::vector<Line> lines;
    for (int i = 0; i < 3 * kMostLines; ++i) lines.push_back(made_line("99213", 5000));
    lines[0] = made_line(first, 5000);
    ClaimEncoder encoder(*model_.vocabulary);
    encoder.add(made_claim("M", 0, {"I10"}, lines));
    const std::vector<MemberClaims> members = encoder.take();
    return surprises_of(model_, std::vector<ClaimView>{{&members[0], 0}})[0];
  };
  const auto one = surprises("99213"), other = surprises("93000");
  ASSERT_EQ(one.size(), 2u + 1 + 9 * kMostLines);
  const auto of_line = [](const auto& all, std::size_t line) { return all[3 + 3 * line].nats; };
  // One line of many has little weight; those of other parts have none.
  EXPECT_GT(std::abs(of_line(one, 1) - of_line(other, 1)), 1e-5);
  EXPECT_NEAR(of_line(one, kMostLines), of_line(other, kMostLines), 1e-7);
}

}  // namespace
}  // namespace clearhead::claims
