// The formulas of the schedules, and what their fields mean.
#include "clearhead/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clearhead {

void describe(Fields& fields, ScheduleConfig& config) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  fields.choice("kind", config.kind,
                {{"constant", ScheduleKind::constant},
                 {"linear", ScheduleKind::linear},
                 {"cosine", ScheduleKind::cosine},
                 {"inverse_square_root", ScheduleKind::inverse_square_root}},
                "how the learning rate falls after the warm-up");
  fields.number("learning_rate", config.learning_rate, {0, 100}, "the highest");
  fields.number("min_learning_rate", config.min_learning_rate, {0, 100}, "the lowest");
  fields.integer("warmup_steps", config.warmup_steps, {0, kMost}, "in which it rises from 0");
  fields.integer("decay_steps", config.decay_steps, {0, kMost},
                 "step at which it is the lowest; 0: the last");
}

double learning_rate_at(const ScheduleConfig& config, std::int64_t step, std::int64_t steps) {
  const double high = config.learning_rate, low = config.min_learning_rate;
  const auto warmup = static_cast<double>(config.warmup_steps);
  const auto at = static_cast<double>(step);
  if (step < config.warmup_steps) return high * (at + 1) / (warmup + 1);
  const auto end = static_cast<double>(config.decay_steps == 0 ? steps : config.decay_steps);
  const double share = end <= warmup ? 1 : std::min(1.0, (at - warmup) / (end - warmup));
  switch (config.kind) {
    case ScheduleKind::constant:
      break;
    case ScheduleKind::linear:
      return high + (low - high) * share;
    case ScheduleKind::cosine:
      return low + (high - low) * 0.5 * (1 + std::cos(std::numbers::pi * share));
    case ScheduleKind::inverse_square_root:
      return std::max(low, high * std::sqrt((warmup + 1) / (at + 1)));
  }
  return high;
}

}  // namespace clearhead
