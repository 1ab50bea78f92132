// The network that reads claims: what each position sees, gradients, and that it learns.
#include "clearhead/claims/network.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "clearhead/claims/questions.h"
#include "clearhead/claims/training.h"
#include "clearhead/ops/cross_entropy.h"
#include "tests/claims/made_claims.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

// f64 rounds by 1e-16 of numbers near 1; sums of some hundred of them stay far below.
constexpr double kSame = 1e-12;

const ClaimNetworkConfig kSmall{
    .channels = 8, .heads = 2, .hidden = 12, .layers = 2, .history_layers = 1, .history = 16};

class Network : public ::testing::Test {
 protected:
  Network() {
    VocabularyCounts counts;
    for (const Claim& claim : made_claims()) counts.add(claim);
    vocabulary_ = ClaimVocabulary::learn(counts, 1);
    encode(made_claims());
  }

  void encode(const std::vector<Claim>& claims) {
    ClaimEncoder encoder(vocabulary_);
    for (const Claim& claim : claims) encoder.add(claim);
    members_ = encoder.take();
  }

  // Member M1's claim of this number, in these versions, as a batch.
  ClaimBatch batch(std::size_t claim, const std::vector<Version>& versions,
                   std::int64_t history = 16) const {
    BatchMaker maker(vocabulary_, history);
    maker.add(members_[0], claim, versions);
    return maker.take();
  }

  Tensor logits(const ClaimNetwork& network, const ClaimBatch& batch) const {
    Tape tape(Keep::nothing);
    return network.forward(tape, batch, {}).value();
  }

  ClaimNetwork network(ClaimNetworkConfig config = kSmall) const {
    ClaimNetwork made(config, vocabulary_.size(), 1, DType::f64);
    shake(made.parameters());
    return made;
  }

  const EncodedClaim& claim(std::size_t i) const { return members_[0].claims[i]; }

  ClaimVocabulary vocabulary_;
  std::vector<MemberClaims> members_;
};

TEST_F(Network, VersionsSideBySideAreAsOneByOne) {
  const ClaimNetwork network = this->network();
  const std::vector<Version> versions = {ask_for_line(claim(2), 0), ask_for_line(claim(2), 1),
                                         ask_for_diagnosis(claim(2), 0)};
  const Tensor together = logits(network, batch(2, versions));
  ASSERT_EQ(together.size(0), 3);
  for (std::int64_t i = 0; i < 3; ++i) {
    expect_near(together.slice(0, i, i + 1), logits(network, batch(2, {versions[i]})), kSame);
  }
}

TEST_F(Network, ClaimsOfABatchDoNotSeeEachOther) {
  const ClaimNetwork network = this->network();
  BatchMaker maker(vocabulary_, 16);
  maker.add(members_[0], 0, {ask_for_line(claim(0), 0)});  // a shorter history, padded
  maker.add(members_[0], 2, {ask_for_line(claim(2), 0)});
  const Tensor together = logits(network, maker.take());
  expect_near(together.slice(0, 0, 1), logits(network, batch(0, {ask_for_line(claim(0), 0)})),
              kSame);
  expect_near(together.slice(0, 1, 2), logits(network, batch(2, {ask_for_line(claim(2), 0)})),
              kSame);
}

TEST_F(Network, LinesHaveNoOrder) {
  const ClaimNetwork network = this->network();
  const Tensor before = logits(network, batch(0, {ask_for_diagnosis(claim(0), 0)}));
  std::vector<Claim> claims = made_claims();
  std::swap(claims[0].lines[0], claims[0].lines[1]);
  encode(claims);
  expect_near(logits(network, batch(0, {ask_for_diagnosis(claim(0), 0)})), before, kSame);
}

TEST_F(Network, WhatIsHiddenCannotBeSeen) {
  const ClaimNetwork network = this->network();
  const Tensor before = logits(network, batch(2, {ask_for_line(claim(2), 1)}));
  std::vector<Claim> claims = made_claims();
  // Both lines with the code that is asked for become another.
  claims[3].lines[1] = claims[3].lines[2] = made_line("83036", 777, 3);
  encode(claims);
  expect_near(logits(network, batch(2, {ask_for_line(claim(2), 1)})), before, kSame);
}

TEST_F(Network, LooksBackAtTheHistoryAndNeverAhead) {
  const ClaimNetwork network = this->network();
  const Version version = ask_for_line(claim(1), 0);
  const Tensor before = logits(network, batch(1, {version}));
  std::vector<Claim> claims = made_claims();
  claims[3].lines = {made_line("83036", 100)};  // the claim after it
  encode(claims);
  expect_near(logits(network, batch(1, {version})), before, kSame);
  claims[0].lines = {made_line("83036", 100)};  // the claim before it
  encode(claims);
  EXPECT_GT(largest_difference(logits(network, batch(1, {version})), before), 1e-6);
}

TEST_F(Network, WithoutHistoryOnlyTheClaimCounts) {
  ClaimNetworkConfig config = kSmall;
  config.history = 0;
  const ClaimNetwork network = this->network(config);
  const Version version = ask_for_line(claim(1), 0);
  const Tensor before = logits(network, batch(1, {version}, 0));
  std::vector<Claim> claims = made_claims();
  claims[0].lines = {made_line("83036", 100)};
  encode(claims);
  expect_near(logits(network, batch(1, {version}, 0)), before, kSame);
}

TEST_F(Network, UniformAttentionGivesAllTheSameWeight) {
  ClaimNetworkConfig config = kSmall;
  config.uniform = true;
  const ClaimNetwork network = this->network(config);
  Tape tape;
  const ClaimBatch one = batch(2, {ask_for_line(claim(2), 0)});
  network.forward(tape, one, {});
  const Tensor pattern = tape["blocks.0.attn.hook_pattern"].value();
  for (const double weight : numbers_of(pattern)) {
    EXPECT_NEAR(weight, 1.0 / static_cast<double>(pattern.size(-1)), kSame);
  }
}

TEST_F(Network, GradientsAgreeWithDifferences) {
  ClaimNetworkConfig config = kSmall;
  config.channels = config.hidden = 4;
  config.layers = 1;
  ClaimNetwork network = this->network(config);
  BatchMaker maker(vocabulary_, 16);
  maker.add(members_[0], 0, {ask_for_line(claim(0), 0)});
  maker.add(members_[0], 2, {ask_for_line(claim(2), 1), ask_for_diagnosis(claim(2), 0)});
  const ClaimBatch batch = maker.take();
  check_layer_gradients(
      network.parameters(),
      [&](Tape& tape, const std::vector<Var>&) { return network.forward(tape, batch, {}); }, {},
      1e-6);
}

TEST_F(Network, AHistoryKeepsTheLatestEventsOfEachCode) {
  std::vector<Claim> claims;
  for (int day = 0; day < 100; ++day) {
    claims.push_back(made_claim("M1", day, {"I10"}, {made_line(day == 0 ? "93000" : "99213", 1)}));
  }
  encode(claims);
  BatchMaker maker(vocabulary_, 256);
  maker.add(members_[0], 99, {ask_for_line(claim(99), 0)});
  const ClaimBatch batch = maker.take();
  // The beginning, four visits, and what was done on the first day.
  EXPECT_EQ(batch.event_counts.item(), 6);
  EXPECT_EQ(vocabulary_.text(static_cast<std::int64_t>(batch.events[0].at({0, 5}))), "HCPCS 93000");
}

}  // namespace
}  // namespace clearhead::claims
