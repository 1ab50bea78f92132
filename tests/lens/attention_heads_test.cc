// What heads look at: found on the tape of whole networks, and measured where the numbers can be
// worked out by hand.
#include "clearhead/lens/attention_heads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/lens/interventions.h"
#include "clearhead/models/family.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;

Var tokens_on(Tape& tape, std::int64_t T) {
  Tensor ids({1, T}, DType::i64);
  for (std::int64_t t = 0; t < T; ++t) ids.mutable_data<std::int64_t>()[t] = t;
  return tape.input("tokens", ids);
}

constexpr TransformerConfig kTiny{
    .vocabulary = 10, .context = 8, .layers = 2, .heads = 2, .channels = 8, .init_std = 0.5};

TEST(AttentionStacks, AreTheLayersOfOneKind) {
  Tape tape;
  const ModelConfig config{Family::encoder_decoder, kTiny};
  const auto model = make_model(config);
  const auto& translation = dynamic_cast<const TranslationModel&>(*model);
  translation.decode(translation.encode(tokens_on(tape, 5), {}, {}), tokens_on(tape, 3), {});
  const std::vector<AttentionStack> stacks = attention_stacks(tape);
  ASSERT_EQ(stacks.size(), 3u);
  EXPECT_EQ(stacks[0].name, "encoder.blocks.attn");
  EXPECT_THAT(stacks[0].scopes, ElementsAre("encoder.blocks.0.attn.", "encoder.blocks.1.attn."));
  EXPECT_EQ(stacks[1].name, "decoder.blocks.attn");
  EXPECT_EQ(stacks[2].name, "decoder.blocks.cross_attn");
  EXPECT_EQ(stacks[2].scopes.size(), 2u);
  EXPECT_EQ(attention_head_count(tape, stacks[2].scopes[1]), 2);
  EXPECT_EQ(visible_weights(tape, {.scope = stacks[2].scopes[1]}).shape(), (Shape{3, 5}));
}

TEST(AttentionStacks, AdditiveAttentionIsOneHead) {
  Tape tape;
  const ModelConfig config{Family::recurrent_encoder_decoder,
                           RecurrentModelConfig{.vocabulary = 10, .channels = 8, .hidden = 8}};
  const auto model = make_model(config);
  const auto& translation = dynamic_cast<const TranslationModel&>(*model);
  translation.decode(translation.encode(tokens_on(tape, 5), {}, {}), tokens_on(tape, 3), {});
  const std::vector<AttentionStack> stacks = attention_stacks(tape);
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_THAT(stacks[0].scopes, ElementsAre("decoder.cross_attn."));
  EXPECT_EQ(attention_head_count(tape, stacks[0].scopes[0]), 1);
  EXPECT_EQ(visible_weights(tape, {.scope = stacks[0].scopes[0]}).shape(), (Shape{3, 5}));
}

TEST(AttentionStacks, ThereAreNoneWithoutAttention) {
  Tape tape;
  tape.input("not_hook_pattern", Tensor({1, 1, 2, 2}));
  EXPECT_TRUE(attention_stacks(tape).empty());
}

TEST(VisibleWeights, AreThePatternAndMaskedWhereAQueryDoesNotSeeAKey) {
  Tape tape;
  const auto model = make_model({Family::decoder, kTiny});
  dynamic_cast<const LanguageModel&>(*model).forward(tokens_on(tape, 4), {});
  const Var pattern = tape["blocks.1.attn.hook_pattern"];
  const HeadPlace place{.scope = "blocks.1.attn.", .head = 1};
  const Tensor weights = visible_weights(tape, place).whole();
  for (std::int64_t t = 0; t < 4; ++t) {
    for (std::int64_t s = 0; s < 4; ++s) {
      const double expected = s <= t ? pattern.value().at({0, 1, t, s}) : -kInfinity;
      EXPECT_EQ(weights.at({t, s}), expected) << t << ", " << s;
      if (t < 2) continue;
      EXPECT_EQ(visible_weights(tape, place, 2, 4).at({t - 2, s}), expected);
    }
  }
}

// Changed scores leave masked what was masked, and mask what they hide.
TEST(VisibleWeights, FollowTheScoresThatWereChanged) {
  const auto model = make_model({Family::decoder, kTiny});
  const auto weights_under = [&](const char* name, const Change& change) {
    Tape tape;
    tape.intervene(name, change);
    dynamic_cast<const LanguageModel&>(*model).forward(tokens_on(tape, 4), {});
    return visible_weights(tape, {.scope = "blocks.1.attn.", .head = 1}).whole();
  };
  const Tensor plain = weights_under("nothing", set_to(0));
  const Tensor hidden =
      weights_under("blocks.1.attn.hook_attn_scores", set_to(-kInfinity, {0, 1, 3, 0}));
  const Tensor given = weights_under("blocks.1.attn.hook_pattern", set_to(0.5, {0, 1, 0, 2}));
  for (std::int64_t t = 0; t < 4; ++t) {
    for (std::int64_t s = 0; s < 4; ++s) {
      const double was = plain.at({t, s});
      if (t < 3) {
        EXPECT_EQ(hidden.at({t, s}), was) << t << ", " << s;
      }
      EXPECT_EQ(given.at({t, s}), t == 0 && s == 2 ? 0.5 : was) << t << ", " << s;
    }
  }
  EXPECT_EQ(hidden.at({3, 0}), -kInfinity);
  EXPECT_GT(hidden.at({3, 1}), plain.at({3, 1}));
}

// Causal [T, T]: row t has weight 1 at key `at(t)`.
template <typename F>
Tensor looks_at(std::int64_t T, const F& at) {
  Tensor weights({T, T}, DType::f64);
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t s = 0; s < T; ++s) {
      weights.mutable_data<double>()[t * T + s] = s > t ? -kInfinity : s == at(t) ? 1 : 0;
    }
  }
  return weights;
}

TEST(MeasureHead, OneKeyEachHasNoEntropy) {
  const HeadMeasures self = measure_head(looks_at(4, [](auto t) { return t; }), true);
  EXPECT_EQ(self.entropy, 0);
  EXPECT_EQ(self.self, 1);
  EXPECT_EQ(self.first, 0.25);
  EXPECT_EQ(self.previous, 0);
  const HeadMeasures previous = measure_head(looks_at(4, [](auto t) { return t - 1; }), true);
  EXPECT_EQ(previous.previous, 0.75);
  EXPECT_EQ(previous.self, 0);
}

TEST(MeasureHead, QueriesOfACacheAreTheLastKeys) {
  const Tensor whole = looks_at(6, [](auto t) { return t - 1; });
  const HeadMeasures last = measure_head(whole.slice(0, 4, 6).contiguous(), true);
  EXPECT_EQ(last.previous, 1);
  EXPECT_EQ(last.self, 0);
}

TEST(MeasureHead, EntropyOfEqualWeightsIsTheLogarithmOfTheirNumber) {
  Tensor equal({2, 4}, DType::f64);
  for (std::int64_t i = 0; i < 8; ++i) equal.mutable_data<double>()[i] = 0.25;
  const HeadMeasures measures = measure_head(equal, false);
  EXPECT_DOUBLE_EQ(measures.entropy, std::log(4));
  EXPECT_EQ(measures.first, 0.25);
  EXPECT_EQ(measures.selectivity, 0);  // no query prefers anything
}

TEST(MeasureHead, WhatOnlyThePlaceDecidesIsNotSelective) {
  for (const std::int64_t back : {0, 1, 2}) {
    const Tensor weights = looks_at(6, [&](auto t) { return t - back; });
    EXPECT_EQ(measure_head(weights, true).selectivity, 0) << back;
  }
  EXPECT_EQ(measure_head(looks_at(6, [](auto) { return 0; }), true).selectivity, 0);
}

TEST(MeasureHead, WhatTheTextDecidesIsSelective) {
  // Queries 0 to 3 look at themselves, 4 and 5 at the key 3 back. Own keys: 4 of 6 queries. Key 1
  // is seen by five, of which 1 and 4 look at it; key 2 by four, of which 2 and 5 do; keys 0 and 3
  // by six and three, of which one does. 3 back is seen by queries 3, 4 and 5, and 4 and 5 look
  // there.
  const Tensor weights = looks_at(6, [](auto t) { return t < 4 ? t : t - 3; });
  const double own = 1 - 4.0 / 6, back = 1 - 2.0 / 3;
  EXPECT_NEAR(measure_head(weights, true).selectivity, (4 * own + 2 * back) / 6, 1e-15);
  // Between two texts there are no distances: each of four queries has a key of its own.
  Tensor alignment({4, 4}, DType::f64);
  for (std::int64_t t = 0; t < 4; ++t) alignment.mutable_data<double>()[5 * t] = 1;
  EXPECT_EQ(measure_head(alignment, false).selectivity, 1 - 1.0 / 4);
  EXPECT_EQ(measure_head(alignment, false).self, 0);
}

// Two layers of two heads, of 4 queries and 4 keys. Layer 0: head 0 looks everywhere; half of head
// 1's weight is where each query has a key of its own. Layer 1: all of head 0's is; head 1 looks
// everywhere.
class MostSelectiveHead : public testing::Test {
 protected:
  MostSelectiveHead() {
    record("blocks.0.attn.", {0, 0.5});
    record("blocks.1.attn.", {1, 0});
  }

  MeasuredHead find(std::optional<std::int64_t> layer = {}, std::optional<std::int64_t> head = {}) {
    return most_selective_head(tape_, attention_stacks(tape_).at(0), /*same_tokens=*/false, layer,
                               head);
  }
  const Tape& tape() const { return tape_; }

 private:
  // The share of each head's weight that is on the diagonal; the rest is everywhere.
  void record(const std::string& scope, const std::vector<double>& own) {
    Tensor pattern({1, 2, 4, 4}, DType::f64);
    for (std::int64_t i = 0; i < pattern.count(); ++i) {
      const double share = own[static_cast<std::size_t>(i / 16)];
      pattern.mutable_data<double>()[i] = (1 - share) / 4 + (i % 16 % 5 == 0 ? share : 0);
    }
    tape_.input(scope + "hook_attn_scores", Tensor({1, 2, 4, 4}, DType::f64));
    tape_.input(scope + "hook_pattern", pattern);
  }

  Tape tape_;
};

TEST_F(MostSelectiveHead, IsTheOneOfAllLayers) {
  const MeasuredHead best = find();
  EXPECT_EQ(best.layer, 1);
  EXPECT_EQ(best.place.head, 0);
  EXPECT_EQ(best.measures.selectivity, 1 - 1.0 / 4);
  EXPECT_EQ(best.measures.entropy, 0);
  EXPECT_EQ(best.place.scope, "blocks.1.attn.");
}

TEST_F(MostSelectiveHead, IsOneOfThoseThatAreMeasuredLayerByLayer) {
  const AttentionStack stack = attention_stacks(tape()).at(0);
  std::vector<double> selectivity;
  for (const MeasuredHead& head : measure_heads(tape(), stack, /*same_tokens=*/false)) {
    EXPECT_EQ(head.place.scope, stack.scopes.at(static_cast<std::size_t>(head.layer)));
    EXPECT_EQ(head.place.head, std::ssize(selectivity) % 2);
    selectivity.push_back(head.measures.selectivity);
  }
  EXPECT_EQ(selectivity, (std::vector<double>{0, (1 - 1.0 / 4) / 2, 1 - 1.0 / 4, 0}));
  EXPECT_EQ(measure_heads(tape(), stack, false, 1).size(), 2U);
  EXPECT_EQ(measure_heads(tape(), stack, false, {}, 1).size(), 2U);
}

TEST_F(MostSelectiveHead, IsOneOfTheLayerOrOfTheHeadsThatAreAskedFor) {
  EXPECT_EQ(find(0).layer, 0);
  EXPECT_EQ(find(0).place.head, 1);
  EXPECT_EQ(find({}, 1).layer, 0);
  EXPECT_EQ(find({}, 1).place.head, 1);
  EXPECT_EQ(find({}, 1).measures.selectivity, (1 - 1.0 / 4) / 2);
}

TEST_F(MostSelectiveHead, IsTheOnlyOneHoweverLittleItSelects) {
  const MeasuredHead only = find(1, 1);
  EXPECT_EQ(only.layer, 1);
  EXPECT_EQ(only.place.head, 1);
  EXPECT_EQ(only.measures.selectivity, 0);
}

}  // namespace
}  // namespace clearhead
