// Recalling a value: what the sequences are, that short distances are learnt, how far back
// gradients are heard.
#include "clearhead/train/recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <string>

#include "clearhead/base/interrupt.h"
#include "clearhead/models/equal_networks.h"
#include "clearhead/train/data.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(RecallTask, ShowsAValueThenNoiseThenAsks) {
  const RecallBatch batch = RecallTask(3, 200, 1).make_batch(5);
  ASSERT_EQ(batch.input.shape(), (Shape{200, 4}));
  std::vector<std::int64_t> shown(kRecallValues);
  for (std::int64_t b = 0; b < 200; ++b) {
    const auto in = ids_of(batch.input.slice(0, b, b + 1));
    const auto target = ids_of(batch.target.slice(0, b, b + 1));
    ASSERT_TRUE(in[0] >= 0 && in[0] < kRecallValues);
    for (const int t : {1, 2}) EXPECT_TRUE(in[t] >= kRecallValues && in[t] < kRecallQuery);
    EXPECT_EQ(in[3], kRecallQuery);
    EXPECT_EQ(target,
              (std::vector<std::int64_t>{kIgnoredTarget, kIgnoredTarget, kIgnoredTarget, in[0]}));
    ++shown[static_cast<std::size_t>(in[0])];
  }
  EXPECT_THAT(shown, testing::Each(testing::Gt(0)));  // each is missing with (7/8)^200 ≈ 3e-12
}

TEST(RecallTask, BatchesAreAFunctionOfSeedAndNumber) {
  const auto batch = [](std::uint64_t seed, std::int64_t number) {
    return ids_of(RecallTask(8, 4, seed).make_batch(number).input);
  };
  EXPECT_EQ(batch(1, 2), batch(1, 2));
  EXPECT_NE(batch(1, 2), batch(1, 3));
  EXPECT_NE(batch(1, 2), batch(2, 2));
}

TEST(RecallTask, NeedsADistance) {
  expect_error([] { RecallTask(0, 4, 1); }, "a distance and a batch of at least 1, got 0 and 4");
}

// h_t = tanh(W·x_t + R·h_{t−1}) with R = I/2 and inputs so small that tanh is the identity: each
// step back halves the gradient. The relative error of tanh' is its argument's square, below 1e-12.
TEST(GradientReach, OfAnRnnFallsByItsMatrix) {
  const ModelConfig config{
      Family::recurrent,
      RecurrentModelConfig{
          .vocabulary = kRecallVocabulary, .kind = RecurrentKind::rnn, .channels = 3, .hidden = 3}};
  const auto model = make_model(config, 1, DType::f64);
  for (Parameter& parameter : model->parameters()) {
    double* values = parameter.mutable_value().mutable_data<double>();
    const bool is_R = parameter.name == "layers.0.R";
    const bool is_embedding = parameter.name == "embed.W_E";
    for (std::int64_t i = 0; i < parameter.value().count(); ++i) {
      if (is_R) values[i] = i % 4 == 0 ? 0.5 : 0;
      if (is_embedding) values[i] *= 1e-7;
    }
  }
  const std::vector<double> reach = gradient_reach(config, *model, 6, 1);
  ASSERT_EQ(reach.size(), 7u);
  for (int back = 0; back <= 6; ++back) {
    EXPECT_NEAR(reach[static_cast<std::size_t>(back)], std::pow(0.5, back), 1e-9) << back;
  }
}

TEST(TrainToRecall, EveryNetworkLearnsToRecallOverTwoSteps) {
  for (const auto& [name, config] : equal_networks(3000, kRecallVocabulary, 3)) {
    std::int64_t last_step = 0;
    const auto result =
        train_to_recall(config, {.distance = 2, .steps = 400, .learning_rate = 1e-2},
                        [&](std::int64_t step, double) { last_step = step; });
    ASSERT_TRUE(result) << name;
    EXPECT_EQ(result->score.accuracy, 1) << name;
    EXPECT_LT(result->score.loss, 0.1) << name;
    EXPECT_LT(result->steps, 400) << name << ": training ends when it is learnt";
    EXPECT_EQ(result->steps, last_step);
    EXPECT_EQ(result->reach_before.size(), 3u);
    EXPECT_EQ(result->reach_before[0], 1);
    // What it has learnt to look at is the value, not the noise.
    EXPECT_GT(result->reach_after[2], result->reach_after[1]) << name;
  }
}

TEST(TrainToRecall, IsAFunctionOfTheSeed) {
  const ModelConfig config = equal_networks(1000, kRecallVocabulary, 5).front().config;
  const auto loss = [&](std::uint64_t seed) {
    return train_to_recall(config, {.distance = 4, .steps = 5, .seed = seed},
                           [](std::int64_t, double) {})
        ->score.loss;
  };
  EXPECT_EQ(loss(1), loss(1));
  EXPECT_NE(loss(1), loss(2));
}

TEST(TrainToRecall, EndsWithoutAResultWhenInterrupted) {
  const ModelConfig config = equal_networks(1000, kRecallVocabulary, 5).front().config;
  std::int64_t steps = 0;
  std::optional<InterruptWatch> watch(std::in_place);
  const auto result =
      train_to_recall(config, {.distance = 4, .steps = 50}, [&](std::int64_t step, double) {
        steps = step;
        if (step == 3) std::raise(SIGINT);
      });
  watch.reset();
  watch.emplace();  // forgets the signal, for the tests that come after
  EXPECT_FALSE(result);
  EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace clearhead
