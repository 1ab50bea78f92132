// Scores of heads that do one thing only, and of a head that does nothing.
#include "clearhead/lens/head_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/testing.h"

namespace clearhead {
namespace {

// Causal [T, T] of weight 1 at key `at(t)`, or at key 0 if that is negative.
template <typename F>
Tensor attends_to(std::int64_t T, const F& at) {
  Tensor weights({T, T}, DType::f64);
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t s = 0; s < T; ++s) {
      const bool is_there = s == std::max<std::int64_t>(0, at(t));
      weights.mutable_data<double>()[t * T + s] = s > t ? -kInfinity : is_there ? 1 : 0;
    }
  }
  return weights;
}

const std::vector<std::int64_t> kTwice = {7, 8, 9, 7, 8, 9};

TEST(ScoreHead, KnowsHeadsThatDoOneThing) {
  const auto scores = [](std::int64_t back) {
    return score_head(attends_to(6, [&](std::int64_t t) { return t - back; }), kTwice);
  };
  EXPECT_EQ(scores(1).previous_token, 1);
  EXPECT_EQ(scores(1).duplicate_token, 0);
  EXPECT_EQ(scores(3).duplicate_token, 1);
  EXPECT_EQ(scores(3).induction, 0);
  EXPECT_EQ(scores(2).induction, 1);
  EXPECT_EQ(scores(2).duplicate_token, 0);
  EXPECT_EQ(scores(2).previous_token, 1.0 / 5);  // query 1 alone, which looks at key 0
}

TEST(ScoreHead, ATokenAfterItselfHasNoSuccessorBetween) {
  const std::vector<std::int64_t> ids = {3, 3};
  const HeadScores scores = score_head(attends_to(2, [](std::int64_t t) { return t; }), ids);
  EXPECT_EQ(scores.induction, 0);  // key 1 is the query itself
  EXPECT_EQ(scores.duplicate_token, 0);
}

TEST(ScoreHead, TextsWithoutRepetitionHaveNoSuchKeys) {
  const std::vector<std::int64_t> ids = {1, 2, 3};
  const HeadScores scores = score_head(attends_to(3, [](std::int64_t) { return 0; }), ids);
  EXPECT_EQ(scores.duplicate_token, 0);
  EXPECT_EQ(scores.induction, 0);
}

TEST(ScoreHead, QueriesOfACacheAreTheLastTokens) {
  const Tensor whole = attends_to(6, [](std::int64_t t) { return t - 2; });
  EXPECT_EQ(score_head(whole.slice(0, 4, 6).contiguous(), kTwice).induction, 1);
  expect_error([&] { score_head(whole, std::vector<std::int64_t>{1, 2}); }, "2 tokens");
}

TEST(RepeatedTokens, AreDifferentOnesTwice) {
  const std::vector<std::int64_t> all = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<std::int64_t> tokens = repeated_tokens(all, 5, 3);
  ASSERT_EQ(tokens.size(), 10u);
  EXPECT_TRUE(std::equal(tokens.begin(), tokens.begin() + 5, tokens.begin() + 5));
  EXPECT_EQ(std::set<std::int64_t>(tokens.begin(), tokens.end()).size(), 5u);
  EXPECT_EQ(tokens, repeated_tokens(all, 5, 3));
  EXPECT_NE(tokens, repeated_tokens(all, 5, 4));
  expect_error([&] { repeated_tokens(all, 9, 3); }, "1 to 8");
}

}  // namespace
}  // namespace clearhead
