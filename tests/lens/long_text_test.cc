// The lens on a text so long that a matrix of its attention would be seen in the memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "clearhead/base/peak_memory.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/contributions.h"
#include "clearhead/lens/head_scores.h"
#include "clearhead/lens/logit_lens.h"
#include "clearhead/lens/logit_metric.h"
#include "clearhead/lens/sweep.h"
#include "clearhead/lens/weighed_attention.h"
#include "clearhead/models/decoder.h"
#include "clearhead/text/characters.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

constexpr std::int64_t kLong = 4096;
constexpr std::size_t kMatrix = kLong * kLong * 4;  // bytes of one in f32, the least there could be

std::vector<std::int64_t> long_text() {
  std::vector<std::int64_t> ids;
  for (std::int64_t t = 0; t < kLong; ++t) ids.push_back(t * t % kV);
  return ids;
}

// One run over the long text, after `backward` from a logit.
Tape long_run() {
  TransformerConfig config = small(gpt2());
  config.context = kLong;
  const Decoder model(config, 1, DType::f32);
  Tape tape;
  const Var logits =
      model.forward(tape.input("tokens", Tensor::of<std::int64_t>({1, kLong}, long_text())), {});
  LogitMetric{.place = kLong - 1, .token = 3}.backward(logits);
  return tape;
}

class LongText : public testing::Test {
 protected:
  // What `f` takes, which is to be far less than a matrix.
  template <typename F>
  void expect_no_matrix(const char* what, const F& f) {
    const PeakMemory peak;
    f();
    EXPECT_LT(peak.bytes(), kMatrix / 4) << what;
  }

  const Tape tape_ = long_run();
  const AttentionStack stack_ = attention_stacks(tape_).at(0);
  const HeadPlace place_{.scope = "blocks.1.attn.", .head = 1};
};

TEST_F(LongText, NoLensHoldsAMatrix) {
  expect_no_matrix("run", [] { long_run(); });
  expect_no_matrix("measures", [&] {
    const HeadMeasures measures = measure_head(visible_weights(tape_, place_), true);
    EXPECT_GT(measures.entropy, 0);
    EXPECT_LT(measures.entropy, std::log(kLong));
  });
  expect_no_matrix("scores", [&] {
    EXPECT_GT(score_head(visible_weights(tape_, place_), long_text()).duplicate_token, 0);
  });
  const auto last_row_sums_to = [&](const WeightMatrix& weights) {
    const std::vector<std::int64_t> queries = {kLong - 1};
    std::vector<std::int64_t> keys;
    for (std::int64_t s = 0; s < kLong; ++s) keys.push_back(s);
    return sum_of_weights(weights, queries, keys);
  };
  expect_no_matrix("norms", [&] {
    const WeightMatrix norms = norm_weights(tape_, place_);
    EXPECT_GT(last_row_sums_to(norms), 0);
    EXPECT_LE(sinks(mean_weights({norms, norms})).size(), 3U);
  });
  expect_no_matrix("gradients",
                   [&] { EXPECT_NE(last_row_sums_to(gradient_weights(tape_, place_)), 0); });
  expect_no_matrix("rollout", [&] {
    EXPECT_NEAR(last_row_sums_to(rollout(tape_, stack_)), 1, 1e-5);
    EXPECT_EQ(mean_rollout(tape_, stack_, 64).queries(), kLong / 64);
  });
}

// Scores of a vocabulary so large that those of all tokens would be seen in the memory, too.
TEST(LongTextAndVocabulary, NoLensHoldsAllLogits) {
  constexpr std::int64_t kLarge = 20'000;
  constexpr std::size_t kScores = kLong * kLarge * 4;
  TransformerConfig config = small(gpt2());
  config.context = kLong;
  config.vocabulary = kLarge;
  const ModelConfig whole{Family::decoder, config};
  auto tokenizer = std::make_shared<Tokenizer>(learn_characters("abcdefghijklmnopqrstuvwxyz"));
  std::vector<std::int64_t> ids = long_text();
  for (std::int64_t& id : ids) id %= tokenizer->size();
  const PeakMemory peak;
  const Reading reading("large", {whole, tokenizer, make_model(whole, 1)}, ids, Precision::highest);
  const LogitMetric metric{.place = kLong - 2, .token = 3, .other = 19'999};
  const double value = metric.of(reading.logits);
  const Var same = reading.run_at(metric.place, Tape(Keep::nothing));
  EXPECT_NEAR(value, (LogitMetric{.token = 3, .other = 19'999}.of(same)), 1e-4);
  const Var last = logits_of_residual(reading, residual_names(reading.tape).back());
  EXPECT_NEAR(metric.of(last), value, 1e-4);
  const Sweep sweep = sweep_of(reading.tape, "blocks.1.attn.hook_z", SweepBy::head);
  EXPECT_NE(ablation_effects(reading, sweep, metric).at({0, 0}), 0);
  metric.backward(reading.logits);
  EXPECT_NE(reading.tape["blocks.0.hook_resid_pre"].grad().at({0, 0, 0}), 0);
  double sum = 0;
  for (const Contribution& part : decompose(reading.logits, metric)) sum += part.value;
  EXPECT_NEAR(sum, value, 1e-4);
  EXPECT_LT(peak.bytes(), kScores / 2);
}

}  // namespace
}  // namespace clearhead
