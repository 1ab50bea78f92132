// Effects of ablation and patching are those of the interventions that they stand for; attribution
// is their slope.
#include "clearhead/lens/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/lens/interventions.h"
#include "tests/lens/tiny_reading.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;

constexpr LogitMetric kMetric{.place = 3, .token = 5, .other = 7};

class SweepTest : public testing::Test {
 protected:
  double metric_with(const std::string& name, const Change& change) const {
    Tape tape(Keep::nothing);
    tape.intervene(name, change);
    return kMetric.of(reading_.run(tape).value());
  }
  double metric() const { return kMetric.of(reading_.logits.value()); }

  const Reading reading_ = tiny_reading(Family::decoder, {4, 6, 5, 7});
  const Reading other_ = tiny_reading(Family::decoder, {4, 9, 5, 7});
};

TEST_F(SweepTest, GoesThroughHeadsTokensOrValues) {
  const Sweep heads = sweep_of(reading_.tape, "*.hook_z", SweepBy::head);
  EXPECT_THAT(heads.names, ElementsAre("blocks.0.attn.hook_z", "blocks.1.attn.hook_z"));
  EXPECT_EQ(heads.places, 2);
  EXPECT_EQ(heads.selection(1, 1), (Selection{std::nullopt, 1}));
  // Also by a name that is another value's, too.
  const Sweep tokens = sweep_of(reading_.tape, "blocks.*.hook_resid_pre", SweepBy::token);
  EXPECT_EQ(tokens.names.size(), 2u);
  EXPECT_EQ(tokens.places, 4);
  EXPECT_EQ(tokens.selection(0, 3), (Selection{std::nullopt, 3}));
  const Sweep queries = sweep_of(reading_.tape, "*.hook_pattern", SweepBy::token);
  EXPECT_EQ(queries.selection(0, 3), (Selection{std::nullopt, std::nullopt, 3}));
  const Sweep values = sweep_of(reading_.tape, "*.hook_mlp_out", SweepBy::value);
  EXPECT_EQ(values.places, 1);
  EXPECT_EQ(values.selection(0, 0), Selection{});
}

TEST_F(SweepTest, WhatHasNoSuchPlacesIsRefused) {
  expect_error([&] { sweep_of(reading_.tape, "*.hook_mlp_out", SweepBy::head); }, "no heads");
  expect_error([&] { sweep_of(reading_.tape, "hook_none", SweepBy::head); }, "hook_none");
  const Reading translation = tiny_reading(Family::encoder_decoder, {4, 6, 5});
  expect_error([&] { sweep_of(translation.tape, "*.attn.hook_z", SweepBy::token); },
               "one after the other");
}

TEST_F(SweepTest, AblationIsTheMetricWithThatPlaceAtZero) {
  const Sweep sweep = sweep_of(reading_.tape, "*.hook_z", SweepBy::head);
  const Tensor effects = ablation_effects(reading_, sweep, kMetric);
  for (std::int64_t layer = 0; layer < 2; ++layer) {
    for (std::int64_t head = 0; head < 2; ++head) {
      const std::string name = sweep.names[static_cast<std::size_t>(layer)];
      EXPECT_NEAR(effects.at({layer, head}), metric_with(name, zero_head(head)) - metric(), 1e-12);
    }
  }
}

TEST_F(SweepTest, PatchingAllThatPredictsGivesTheOtherMetric) {
  const Sweep sweep = sweep_of(reading_.tape, "blocks.1.hook_resid_post", SweepBy::value);
  const Tensor effects = patching_effects(reading_, other_.tape, sweep, kMetric);
  EXPECT_NEAR(metric() + effects.item(), kMetric.of(other_.logits.value()), 1e-10);
  // Only token 1 differs, and only what follows from it.
  const Sweep tokens = sweep_of(reading_.tape, "blocks.0.hook_resid_pre", SweepBy::token);
  const Tensor by_token = patching_effects(reading_, other_.tape, tokens, kMetric);
  EXPECT_NEAR(by_token.at({0, 1}), kMetric.of(other_.logits.value()) - metric(), 1e-10);
  for (const std::int64_t t : {0, 2, 3}) EXPECT_NEAR(by_token.at({0, t}), 0, 1e-12);
}

TEST_F(SweepTest, AttributionIsTheSlopeOfPatching) {
  const Sweep sweep = sweep_of(reading_.tape, "*.hook_z", SweepBy::head);
  const Tensor effects = attribution_effects(reading_, other_.tape, sweep, kMetric);
  for (std::int64_t head = 0; head < 2; ++head) {
    const std::string name = "blocks.0.attn.hook_z";
    const Tensor here = reading_.tape[name].value(), there = other_.tape[name].value();
    const auto metric_at = [&](double share) {  // of the way from here to there
      Tensor between = here.clone();
      const Tensor end = there.contiguous();
      for (std::int64_t i = 0; i < between.count(); ++i) {
        double& x = between.mutable_data<double>()[i];
        x += share * (end.data<double>()[i] - x);
      }
      return metric_with(name, patch(between, {std::nullopt, head}));
    };
    EXPECT_NEAR(effects.at({0, head}), (metric_at(1e-4) - metric_at(-1e-4)) / 2e-4, 1e-6);
  }
}

TEST_F(SweepTest, TextsOfUnequalLengthAreRefused) {
  const Reading longer = tiny_reading(Family::decoder, {4, 9, 5, 7, 8});
  const Sweep sweep = sweep_of(reading_.tape, "*.hook_z", SweepBy::head);
  expect_error([&] { patching_effects(reading_, longer.tape, sweep, kMetric); }, "as many tokens");
}

TEST_F(SweepTest, SaysHowFarItIs) {
  std::vector<std::int64_t> done;
  const Sweep sweep = sweep_of(reading_.tape, "*.hook_z", SweepBy::head);
  ablation_effects(reading_, sweep, kMetric, [&](std::int64_t n, std::int64_t all) {
    EXPECT_EQ(all, 4);
    done.push_back(n);
  });
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace clearhead
