// Attention weighed by norms, gradients, rollout and value zeroing, against what each is by its
// definition.
#include "clearhead/lens/weighed_attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "clearhead/lens/interventions.h"
#include "clearhead/lens/logit_metric.h"
#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "tests/lens/tiny_reading.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TransformerConfig grouped() {
  TransformerConfig config = llama();
  config.kv_heads = 1;
  return config;
}

// ‖P_ts · v_s·W_Oᵀ‖, number by number.
double norm_by_hand(const Tape& tape, const std::string& scope, const Tensor& v, std::int64_t b,
                    std::int64_t h, std::int64_t t, std::int64_t s) {
  const Tensor P = tape[scope + "hook_pattern"].value(), W = tape[scope + "W_O"].value();
  const std::int64_t g = h / (P.size(1) / v.size(1)), D = v.size(3);
  double sum = 0;
  for (std::int64_t c = 0; c < W.size(0); ++c) {
    double x = 0;
    for (std::int64_t i = 0; i < D; ++i) x += v.at({b, g, s, i}) * W.at({c, h * D + i});
    sum += x * x;
  }
  return P.at({b, h, t, s}) * std::sqrt(sum);
}

TEST(NormWeights, AreTheLengthsOfWhatIsCarried) {
  for (const TransformerConfig& config : {gpt2(), grouped()}) {
    const Reading reading = tiny_reading(Family::decoder, {4, 6, 5, 7}, config);
    const std::string scope = "blocks.1.attn.";
    const Tensor weights = norm_weights(reading.tape, {.scope = scope, .head = 1}).whole();
    const Tensor v = reading.tape[scope + "hook_v"].value();
    EXPECT_EQ(weights.at({1, 2}), -kInfinity);
    for (std::int64_t s = 0; s < 4; ++s) {
      EXPECT_NEAR(weights.at({3, s}), norm_by_hand(reading.tape, scope, v, 0, 1, 3, s), 1e-12);
    }
  }
}

TEST(NormWeights, OfCrossAttentionOfPaddedBatches) {
  EncoderDecoder model(small(t5()), 1, DType::f64);
  shake(model.parameters());
  Tape tape;
  const Memory memory =
      model.encode(tape.input("source_tokens", ids({{1, 2, 3}, {4, 5, 0}})), lengths({3, 2}), {});
  model.decode(memory, tape.input("tokens", ids({{1, 2}, {3, 4}})), {});
  const std::string scope = "decoder.blocks.1.cross_attn.";
  const Tensor weights = norm_weights(tape, {.scope = scope, .batch = 1, .head = 0}).whole();
  EXPECT_EQ(weights.shape(), (Shape{2, 3}));
  EXPECT_EQ(weights.at({0, 2}), -kInfinity);  // padding
  const Tensor v = tape[scope + "hook_v"].value();
  EXPECT_NEAR(weights.at({1, 1}), norm_by_hand(tape, scope, v, 1, 0, 1, 1), 1e-12);
}

TEST(NormWeights, WithACacheCountItsKeys) {
  Decoder model(small(gpt2()), 1, DType::f64);
  shake(model.parameters());
  Tape whole, before(Keep::nothing), next;
  model.forward(whole.input("tokens", ids({{1, 2, 3, 4}})), {});
  DecodingState state;
  model.forward(before.input("tokens", ids({{1, 2, 3}})), {}, &state);
  model.forward(next.input("tokens", ids({{4}})), {}, &state);
  const HeadPlace place{.scope = "blocks.1.attn.", .head = 1};
  const Tensor one = norm_weights(next, place).whole(), all = norm_weights(whole, place).whole();
  ASSERT_EQ(one.shape(), (Shape{1, 4}));
  expect_near(one, all.slice(0, 3, 4), 1e-12);
}

TEST(NormWeights, OfAttentionWithoutHeadsAreRefused) {
  Tape tape;
  tape.input("attn.hook_pattern", Tensor({1, 2, 3}));
  expect_error([&] { norm_weights(tape, {.scope = "attn."}); }, "no values of heads");
}

// The weight itself, made a little larger, changes the metric by P·∂m/∂P per that share of it.
TEST(GradientWeights, AreTheChangeThatTheWeightMakes) {
  const LogitMetric metric{.place = 3, .token = 5, .other = 6};
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5, 7});
  Tape tape = reading.tape;
  metric.backward(reading.logits);
  const std::string name = "blocks.0.attn.hook_pattern";
  const Tensor weights = gradient_weights(tape, {.scope = "blocks.0.attn.", .head = 1}).whole();
  for (std::int64_t s = 0; s < 3; ++s) {
    const double p = tape[name].value().at({0, 1, 2, s});
    const auto metric_with = [&](double factor) {
      Tape changed(Keep::nothing);
      changed.intervene(name, set_to(p * factor, {0, 1, 2, s}));
      return metric.of(reading.run(changed).value());
    };
    const double slope = (metric_with(1 + 1e-4) - metric_with(1 - 1e-4)) / 2e-4;
    EXPECT_NEAR(weights.at({2, s}), slope, 1e-6) << s;
  }
  EXPECT_EQ(weights.at({0, 3}), -kInfinity);
}

// Fused, the pattern is not on the tape, nor its gradient.
TEST(GradientWeights, OfFusedAttentionAreThoseByHand) {
  for (const TransformerConfig& config : {gpt2(), grouped()}) {
    const Reading reading = tiny_reading(Family::decoder, {4, 6, 5, 7}, config);
    const auto weights_of = [&](AttentionWay way) {
      Tape tape;
      const Var logits = reading.run(tape, way);
      LogitMetric{.place = 3, .token = 5}.backward(logits);
      return gradient_weights(tape, {.scope = "blocks.0.attn.", .head = 1}).whole();
    };
    const Tensor fused = weights_of(AttentionWay::fused);
    const Tensor by_hand = weights_of(AttentionWay::by_hand);
    for (std::int64_t t = 0; t < 4; ++t) {
      for (std::int64_t s = 0; s <= t; ++s) {
        EXPECT_NEAR(fused.at({t, s}), by_hand.at({t, s}), 1e-12) << t << ", " << s;
      }
    }
    EXPECT_EQ(fused.at({0, 1}), -kInfinity);
  }
}

TEST(GradientWeights, NeedAWalkBackward) {
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5, 7});
  expect_error([&] { gradient_weights(reading.tape, {.scope = "blocks.0.attn."}); }, "backward");
}

TEST(Rollout, IsTheProductOfTheLayersEachHalfItself) {
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5});
  const AttentionStack stack = attention_stacks(reading.tape).at(0);
  const auto half = [&](const char* name, std::int64_t t, std::int64_t s) {
    const Tensor P = reading.tape[name].value();
    return (P.at({0, 0, t, s}) + P.at({0, 1, t, s})) / 4 + (t == s ? 0.5 : 0);
  };
  const Tensor rolled = rollout(reading.tape, stack).whole();
  for (std::int64_t t = 0; t < 3; ++t) {
    double row = 0;
    for (std::int64_t s = 0; s <= t; ++s) {
      double expected = 0;
      for (std::int64_t k = 0; k < 3; ++k) {
        expected +=
            half("blocks.1.attn.hook_pattern", t, k) * half("blocks.0.attn.hook_pattern", k, s);
      }
      EXPECT_NEAR(rolled.at({t, s}), expected, 1e-14);
      row += rolled.at({t, s});
    }
    EXPECT_NEAR(row, 1, 1e-12);
  }
  EXPECT_EQ(rolled.at({0, 1}), -kInfinity);
}

TEST(Rollout, SumsOfItsRowsAreThoseSums) {
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5, 7});
  const AttentionStack stack = attention_stacks(reading.tape).at(0);
  const WeightMatrix rolled = rollout(reading.tape, stack);
  const Tensor sums =
      sums_of_rollout(reading.tape, stack, tensor_of({2, 4}, {0, 1, 0, 0, 0, 0.5, 0, 2}));
  for (std::int64_t s = 0; s < 4; ++s) {
    const auto at = [&](std::int64_t t) { return s > t ? 0 : rolled.rows(t, t + 1).at({0, s}); };
    EXPECT_NEAR(sums.at({0, s}), at(1), 1e-14);
    EXPECT_NEAR(sums.at({1, s}), 0.5 * at(1) + 2 * at(3), 1e-14);
  }
  expect_error([&] { sums_of_rollout(reading.tape, stack, Tensor({1, 3})); }, "[sums, 4]");
}

TEST(Rollout, MeansAreOfTheQueriesThatSeeAKey) {
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5});
  const AttentionStack stack = attention_stacks(reading.tape).at(0);
  const Tensor rolled = rollout(reading.tape, stack).whole();
  const Tensor means = mean_rollout(reading.tape, stack, 2).whole();
  ASSERT_EQ(means.shape(), (Shape{2, 3}));
  EXPECT_NEAR(means.at({0, 0}), (rolled.at({0, 0}) + rolled.at({1, 0})) / 2, 1e-14);
  EXPECT_NEAR(means.at({0, 1}), rolled.at({1, 1}), 1e-14);
  EXPECT_EQ(means.at({0, 2}), -kInfinity);
  EXPECT_NEAR(means.at({1, 2}), rolled.at({2, 2}), 1e-14);
}

TEST(Rollout, IsOfTokensToThemselves) {
  const Reading reading = tiny_reading(Family::encoder_decoder, {4, 6, 5});
  const std::vector<AttentionStack> stacks = attention_stacks(reading.tape);
  EXPECT_EQ(rollout(reading.tape, stacks[0]).shape(), (Shape{4, 4}));  // with </s>
  expect_error([&] { rollout(reading.tape, stacks[2]); }, "to themselves");
}

// In layer 1 alone: what a token loses if key s has no value there.
TEST(ValueZeroing, IsTheTurnOfABlocksResultWithoutAValue) {
  for (const TransformerConfig& config : {gpt2(), original_transformer()}) {
    const Reading reading = tiny_reading(Family::decoder, {4, 6, 5}, config);
    const std::vector<Tensor> all = value_zeroing(reading, attention_stacks(reading.tape).at(0));
    ASSERT_EQ(all.size(), 2u);
    const std::string result =
        config.pre_norm ? "blocks.1.hook_resid_post" : "blocks.1.hook_normalized_resid_post";
    const Tensor with = reading.tape[result].value();
    std::vector<double> turns;
    for (std::int64_t s = 0; s < 3; ++s) {
      Tape tape;
      tape.intervene("blocks.1.attn.hook_v", set_to(0, {{}, {}, s}));
      reading.run(tape);
      const Tensor without = tape[result].value();
      double ab = 0, aa = 0, bb = 0;
      for (std::int64_t c = 0; c < 8; ++c) {
        const double a = with.at({0, 2, c}), b = without.at({0, 2, c});
        ab += a * b, aa += a * a, bb += b * b;
      }
      turns.push_back(1 - ab / std::sqrt(aa * bb));
    }
    const double sum = turns[0] + turns[1] + turns[2];
    for (std::int64_t s = 0; s < 3; ++s) {
      EXPECT_NEAR(all[1].at({2, s}), turns[static_cast<std::size_t>(s)] / sum, 1e-9);
    }
    EXPECT_EQ(all[1].at({0, 1}), -kInfinity);
  }
}

TEST(ValueZeroing, OfCrossAttentionTakesTokensOfTheSourceAway) {
  const Reading reading = tiny_reading(Family::encoder_decoder, {4, 6, 5});
  const std::vector<Tensor> all = value_zeroing(reading, attention_stacks(reading.tape).at(2));
  EXPECT_EQ(all[0].size(1), 4);
  double row = 0;
  for (std::int64_t s = 0; s < 4; ++s) row += all[0].at({0, s});
  EXPECT_NEAR(row, 1, 1e-12);
}

TEST(MeanWeights, AreMaskedWhereAllAre) {
  const std::vector<WeightMatrix> weights = {tensor_of({1, 3}, {0.5, -kInfinity, -kInfinity}),
                                             tensor_of({1, 3}, {0.25, 1, -kInfinity})};
  EXPECT_THAT(numbers_of(mean_weights(weights).whole()), ElementsAre(0.375, 0.5, -kInfinity));
  expect_error([] { mean_weights({}); }, "none");
}

TEST(SumOfWeights, IsOfTheChosenQueriesAndKeys) {
  const Tensor weights = tensor_of({2, 3}, {0.5, 0.5, -kInfinity, 0.25, 0.25, 0.5});
  const std::vector<std::int64_t> both = {0, 1}, last = {1, 2};
  EXPECT_EQ(sum_of_weights(weights, both, last), 0.5 + 0.25 + 0.5);
  expect_error([&] { sum_of_weights(weights, last, last); }, "0:2");
  expect_error([&] { sum_of_weights(weights, both, std::vector<std::int64_t>{3}); }, "key 3");
}

TEST(Sinks, AreKeysThatOthersLookAtWhateverTheyAre) {
  Tensor weights({6, 6}, DType::f64);
  for (std::int64_t t = 0; t < 6; ++t) {
    for (std::int64_t s = 0; s < 6; ++s) {
      weights.mutable_data<double>()[t * 6 + s] = s > t ? -kInfinity : s == 0 ? 0.5 : 0.5 / 5;
    }
  }
  const std::vector<std::int64_t> found = sinks(weights);
  EXPECT_THAT(found, ElementsAre(0));
  const Tensor rest = without_keys(weights, found).whole();
  EXPECT_EQ(rest.at({3, 0}), -kInfinity);
  EXPECT_EQ(rest.at({3, 1}), 0.1);
  EXPECT_THAT(sinks(rest), IsEmpty());
}

}  // namespace
}  // namespace clearhead
