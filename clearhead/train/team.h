// The processes that train one model together. They share the batches of each step among them, and
// each moves its own copy of the weights by the same sum of gradients. This is the team of one;
// distributed/training_team.h has that of several.
//
// The gradients of a step are summed in the order of its batches, whoever calculated them. So a run
// ends with the same bytes for any number of processes.
#ifndef CLEARHEAD_TRAIN_TEAM_H_
#define CLEARHEAD_TRAIN_TEAM_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// The team of one process. All processes of a team make the same calls in the same order.
class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  virtual ~Team() = default;

  /// The number of this process, from 0. The first one writes files.
  virtual std::int64_t rank() const { return 0; }
  /// How many there are.
  virtual std::int64_t size() const { return 1; }
  /// Whether this is the process that writes files.
  bool is_first() const { return rank() == 0; }

  /// The numbers of every process, in the order of their ranks; each gives as many. Nobody goes on
  /// before all have come.
  virtual std::vector<double> gather(std::span<const double> numbers);
  /// Throws Error, which says `message`, in every process unless all give the same numbers.
  void require_equal(std::span<const double> numbers, const std::string& message);

  /// Adds the gradients of `batches` batches to the step's sum: those of processes 0, 1, …, which
  /// have calculated one each. `mine` are those of this process, contiguous and of f32, always of
  /// the same shapes, and empty if it has none. The first process always has one.
  virtual void add(std::vector<Tensor> mine, std::int64_t batches);
  /// The step's sum. The next `add` begins a new one.
  virtual std::vector<Tensor> take_sum();

 private:
  std::vector<Tensor> sum_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TEAM_H_
