// What a network is measured by: samples, ranks of hidden codes, and lines left out.
#include "clearhead/claims/network_measures.h"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/scores.h"
#include "tests/claims/small_model.h"

namespace clearhead::claims {
namespace {

bool nobody(const std::string&) { return false; }

class NetworkMeasures : public ::testing::Test {
 protected:
  NetworkMeasures() {
    SmallModel small = calibrated_small_model(/*layers=*/1);
    model_ = std::move(small.model);
    members_ = std::move(small.members);
  }

  ClaimsModel model_;
  std::vector<MemberClaims> members_;  // with 3 and 2 claims: 2 + 1 + 3 and 2 + 1 lines
};

TEST(Sample, IsTheSameForEveryone) {
  const Sample some{.share = 0.3, .seed = 5};
  int claims = 0;
  std::set<std::size_t> lines;
  for (int i = 0; i < 1000; ++i) {
    const std::string claim = "C" + std::to_string(i);
    EXPECT_TRUE((Sample{.share = 1, .seed = 5}.has(claim)));
    EXPECT_EQ(some.has(claim), (Sample{.share = 0.3, .seed = 5}.has(claim)));
    claims += some.has(claim) ? 1 : 0;
    lines.insert(some.line(claim, 3));
  }
  EXPECT_NEAR(claims, 300, 60);  // four standard deviations of a binomial
  EXPECT_EQ(lines, (std::set<std::size_t>{0, 1, 2}));
}

TEST_F(NetworkMeasures, EveryLineIsHiddenAndOneOfEachClaimIsDrawn) {
  const ProcedureRanks ranks = procedure_ranks(model_, members_, {});
  EXPECT_EQ(ranks.of_claims.size(), 5u);
  ASSERT_EQ(ranks.of_lines.size(), 9u);
  const auto surprises = surprises_of(model_, std::vector<ClaimView>{{&members_[1], 1}});
  for (const Surprise& surprise : surprises[0]) {
    if (surprise.kind != FieldKind::code) continue;
    EXPECT_EQ(ranks.of_lines.back().rank, surprise.rank);
  }
  EXPECT_EQ(ranks.of_lines.back().member, 1);
}

TEST_F(NetworkMeasures, ACodeWithoutATokenOfItsOwnIsNotGuessed) {
  for (EncodedLine& line : members_[0].claims[1].lines) {
    line.code = static_cast<Token>(model_.vocabulary->missing(FieldKind::code));
  }
  EXPECT_EQ(procedure_ranks(model_, members_, {}).of_lines[2].rank, 0);
}

TEST_F(NetworkMeasures, TheFirstEvidenceIsComparedWithAnotherLine) {
  const MeasuredScores all = measured_scores(model_, members_, nobody, {});
  ASSERT_EQ(all.rows.size(), 5u);
  EXPECT_EQ(all.rows[1].claim, members_[0].claims[1].id);
  EXPECT_EQ(all.moves.size(), 3u);  // claims with two lines or more
  // Of a claim with two lines the other is the one that is not the evidence. It is alone, so that
  // both calculations read the same batches: this calibration is all steps.
  MemberClaims& member = members_[0];
  member.claims.resize(1);
  ASSERT_EQ(member.claims[0].lines.size(), 2u);
  const auto whole = explained_scores(model_, std::vector<ClaimView>{{&member, 0}}).front();
  const std::int32_t evidence = whole.evidence_line;
  const auto then =
      scores_of(model_, std::vector<ClaimView>{{&member, 0, evidence}, {&member, 0, 1 - evidence}});
  const double further = then[1].score - then[0].score;
  const auto alone = measured_scores(model_, std::span(&member, 1), nobody, {});
  ASSERT_EQ(alone.moves.size(), 1u);
  EXPECT_EQ(alone.moves[0].rank, further > 1e-4 ? 1 : 2);
}

TEST_F(NetworkMeasures, EvidenceIsLookedForWhereItIsWanted) {
  const Sample none{.share = 0};
  const std::string wanted = members_[0].claims[2].id;
  const MeasuredScores measured = measured_scores(
      model_, members_, [&](const std::string& claim) { return claim == wanted; }, none);
  ASSERT_EQ(measured.rows.size(), 5u);
  EXPECT_TRUE(measured.moves.empty());
  for (const ScoreRow& row : measured.rows) {
    EXPECT_EQ(row.evidence_line > 0, row.claim == wanted) << row.claim;
  }
}

TEST_F(NetworkMeasures, ProgressCountsClaims) {
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  measured_scores(model_, members_, nobody, {}, [&](std::int64_t done, std::int64_t all) {
    seen.push_back({done, all});
  });
  EXPECT_EQ(seen, (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 5}, {5, 5}}));
}

}  // namespace
}  // namespace clearhead::claims
