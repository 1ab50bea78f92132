// How the learning rate rises and falls.
#ifndef CLEARHEAD_TRAIN_SCHEDULE_H_
#define CLEARHEAD_TRAIN_SCHEDULE_H_

#include <cstdint>

#include "clearhead/base/fields.h"

namespace clearhead {

/// How the learning rate falls after the warm-up.
enum class ScheduleKind {
  constant,             ///< it does not
  linear,               ///< down to min_learning_rate
  cosine,               ///< likewise, along half a cosine (Loshchilov and Hutter 2017)
  inverse_square_root,  ///< with 1/√step after the warm-up (Vaswani et al. 2017, equation 3)
};

/// The learning rate over a run.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::cosine;  ///< which
  double learning_rate = 1e-3;               ///< the highest
  double min_learning_rate = 0;              ///< the lowest after the warm-up
  std::int64_t warmup_steps = 0;             ///< in which it rises from 0, evenly
  std::int64_t decay_steps = 0;              ///< where it has come down; 0: at the last step
};

/// Its fields as JSON.
void describe(Fields& fields, ScheduleConfig& config);

/// The learning rate of step 0, 1, … of `steps`.
double learning_rate_at(const ScheduleConfig& config, std::int64_t step, std::int64_t steps);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_SCHEDULE_H_
