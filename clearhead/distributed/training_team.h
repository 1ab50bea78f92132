// A team of ranks: training with the batches of each step divided among processes.
//
//     each rank sends every other one the part of its gradients that this one sums up,
//     adds what it gets in the order of the batches,                    for each batch that it has
//     and sends its part of the sum to all                              once a step
#ifndef CLEARHEAD_DISTRIBUTED_TRAINING_TEAM_H_
#define CLEARHEAD_DISTRIBUTED_TRAINING_TEAM_H_

#include <cstdint>
#include <span>
#include <vector>

#include "clearhead/distributed/ranks.h"
#include "clearhead/train/team.h"

namespace clearhead::distributed {

/// All ranks. With P parameters of f32, of which a rank sums up p = P / R, it sends 4(P − p) bytes
/// for each of its batches and 4p(R − 1) for each step: as much as the best sum in any order, if it
/// has one batch a step.
class TrainingTeam : public Team {
 public:
  /// The ranks must outlive it.
  explicit TrainingTeam(Ranks& ranks) : ranks_(ranks) {}

  std::int64_t rank() const override { return ranks_.rank(); }
  std::int64_t size() const override { return ranks_.size(); }
  std::vector<double> gather(std::span<const double> numbers) override;
  void add(std::vector<Tensor> mine, std::int64_t batches) override;
  std::vector<Tensor> take_sum() override;

 private:
  Tensor part(const Tensor& flat, std::int64_t rank) const;

  Ranks& ranks_;
  std::vector<Shape> shapes_;  // of the parameters, one after the other in a flat tensor
  std::int64_t count_ = 0;     // P
  Tensor sum_;                 // [p]; undefined before the first batch of a step
};

}  // namespace clearhead::distributed

#endif  // CLEARHEAD_DISTRIBUTED_TRAINING_TEAM_H_
