// The loop in memory does what the trainer does.
#include "clearhead/train/training_loop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "clearhead/train/attention_time.h"
#include "clearhead/train/tasks.h"

namespace clearhead {
namespace {

// 0 1 2 3 0 1 2 3 …: the next token is certain.
TEST(TrainingLoop, LearnsWhatIsCertain) {
  Sequence tokens;
  for (std::int64_t i = 0; i < 400; ++i) tokens.push_back(i % 4);
  TrainingConfig training{.steps = 150, .batch = 4, .schedule = {.learning_rate = 1e-2}, .seed = 1};
  const std::shared_ptr<const Task> task =
      text_task(tokens, {tokens.begin(), tokens.begin() + 40}, 8, 4, training);
  const ModelConfig config{
      .network =
          TransformerConfig{.vocabulary = 4, .context = 8, .layers = 1, .heads = 2, .channels = 8}};
  TrainingLoop loop(config, task, training);
  const StepReport first = loop.step();
  EXPECT_EQ(first.step, 1);
  EXPECT_EQ(first.tokens, 4 * 8);
  EXPECT_NEAR(first.loss, std::log(4.0), 0.2);
  StepReport last;
  while (last.step < training.steps) last = loop.step();
  EXPECT_LT(last.loss, 0.1);
  EXPECT_LT(loop.validate(), 0.1);

  TrainingLoop again(config, task, training);
  EXPECT_EQ(again.step().loss, first.loss);
  TrainingLoop of_text =
      text_training(config, tokens, {tokens.begin(), tokens.begin() + 40}, training);
  EXPECT_EQ(of_text.step().loss, first.loss);
}

TEST(AttentionTime, IsMeasured) { EXPECT_GT(attention_seconds({2, 1, 3, 4}), 0); }

}  // namespace
}  // namespace clearhead
