// Evidence: changes are those of the claim without the line, looks are attention, likes are
// counted.
#include "clearhead/claims/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/claims/made_claims.h"
#include "tests/claims/small_model.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using ::testing::HasSubstr;

class EvidenceOf : public ::testing::Test {
 protected:
  EvidenceOf() {
    SmallModel small = calibrated_small_model(/*layers=*/2);
    model_ = std::move(small.model);
    members_ = std::move(small.members);
  }

  ClaimsModel model_;
  std::vector<MemberClaims> members_;
};

TEST_F(EvidenceOf, ChangesAreTheScoreLessThatWithoutTheLine) {
  const ClaimView view{&members_[0], 2};
  const Evidence evidence = evidence_of(model_, view);
  ASSERT_EQ(evidence.lines.size(), 3u);
  for (const LineEvidence& line : evidence.lines) {
    EXPECT_LE(line.surprise.expected_probability, 1);
    ClaimView without = view;
    without.without_line = line.surprise.part.number;
    const double other = scores_of(model_, std::vector{without}).front().score;
    EXPECT_NEAR(line.change, evidence.score.score - other, 1e-9);
  }
}

TEST_F(EvidenceOf, LooksAreTheWeightsOfAttention) {
  const ClaimView view{&members_[0], 2};
  const Tape tape = tape_of_line(model_, view, 1);
  const auto looks = looks_of(model_, tape, view, 1);
  double within = 0, history = 0;
  for (const Look& look : looks) (look.is_history ? history : within) += look.weight;
  EXPECT_NEAR(within, 1, 1e-5);  // f32
  EXPECT_NEAR(history, 1, 1e-5);
  // Header, diagnosis, three lines; the beginning, three lines and a second diagnosis.
  EXPECT_EQ(looks.size(), 5u + 5);
  std::string all;
  for (const Look& look : looks) all += look.text + "\n";
  EXPECT_THAT(all, HasSubstr("line 1: HCPCS 99213"));
  EXPECT_THAT(all, HasSubstr("HCPCS 93000 for ICD-10-CM I10"));
}

TEST_F(EvidenceOf, SimilarClaimsHaveTheCodeForTheDiagnosis) {
  const SimilarClaims similar = similar_claims(members_, {&members_[0], 2}, 0);
  EXPECT_EQ(similar.count, 2);
  EXPECT_EQ(similar.some, (std::vector<std::string>{"M1-0", "M1-30"}));
  EXPECT_EQ(similar_claims(members_, {&members_[1], 0}, 1).count, 0);
}

}  // namespace
}  // namespace clearhead::claims
