// Schedules: values worked out by hand.
#include "clearhead/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace clearhead {
namespace {

TEST(Schedule, WarmsUpEvenlyAsNanoGptDoes) {
  const ScheduleConfig config{.learning_rate = 1, .warmup_steps = 4};
  for (std::int64_t step = 0; step < 4; ++step) {
    EXPECT_DOUBLE_EQ(learning_rate_at(config, step, 100), static_cast<double>(step + 1) / 5);
  }
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 4, 100), 1);
}

TEST(Schedule, CosineFallsAlongHalfACosine) {
  const ScheduleConfig config{
      .kind = ScheduleKind::cosine, .learning_rate = 1, .min_learning_rate = 0.2};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 100), 1);
  EXPECT_NEAR(learning_rate_at(config, 25, 100), 0.6 + 0.4 * std::sqrt(0.5), 1e-15);
  EXPECT_NEAR(learning_rate_at(config, 50, 100), 0.6, 1e-15);
  EXPECT_NEAR(learning_rate_at(config, 100, 100), 0.2, 1e-15);
}

TEST(Schedule, StaysLowOnceItHasComeDown) {
  ScheduleConfig config{
      .learning_rate = 1, .min_learning_rate = 0.1, .warmup_steps = 10, .decay_steps = 60};
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::linear}) {
    config.kind = kind;
    EXPECT_NEAR(learning_rate_at(config, 35, 100), 0.55, 1e-15);  // half way from 10 to 60
    EXPECT_NEAR(learning_rate_at(config, 60, 100), 0.1, 1e-15);
    EXPECT_NEAR(learning_rate_at(config, 99, 100), 0.1, 1e-15);
  }
}

TEST(Schedule, InverseSquareRootHalvesWhereStepsAreFourfold) {
  const ScheduleConfig config{
      .kind = ScheduleKind::inverse_square_root, .learning_rate = 2, .warmup_steps = 99};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 99, 1000), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 399, 1000), 1);
}

TEST(Schedule, ConstantIsConstant) {
  const ScheduleConfig config{.kind = ScheduleKind::constant, .learning_rate = 0.3};
  for (const std::int64_t step : {0, 50, 99}) {
    EXPECT_DOUBLE_EQ(learning_rate_at(config, step, 100), 0.3);
  }
}

}  // namespace
}  // namespace clearhead
