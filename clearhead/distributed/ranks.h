// Processes that calculate together, through MPI: who they are, and what they send each other.
//
//     int main() {
//       return run_ranks([](Ranks& ranks) { ... });
//     }
//
// started as `mpirun -n 4 program`. All ranks run the same program and make the same calls in the
// same order.
#ifndef CLEARHEAD_DISTRIBUTED_RANKS_H_
#define CLEARHEAD_DISTRIBUTED_RANKS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead::distributed {

/// All processes that were started together, as one of them sees them. There is one in a process,
/// made by `run_ranks`. Its calls throw Error if MPI reports that something failed.
class Ranks {
 public:
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  /// The number of this process, from 0.
  std::int64_t rank() const { return rank_; }
  /// How many there are.
  std::int64_t size() const { return size_; }

  /// The numbers of every rank, in the order of the ranks; each gives as many. Nobody goes on
  /// before all have come.
  std::vector<double> gather(std::span<const double> numbers);
  /// Throws Error on every rank, beginning with `who`, unless all give the same numbers, whose
  /// `names` it says.
  void require_equal(const std::string& who, const std::vector<std::string>& names,
                     std::span<const double> numbers);

  /// Bytes of tensors that this rank has sent to others.
  std::int64_t bytes_sent() const { return bytes_sent_; }

 private:
  friend class Transfer;
  friend int run_ranks(const std::function<void(Ranks&)>& program);
  Ranks();

  std::int64_t rank_ = 0, size_ = 1;
  std::int64_t bytes_sent_ = 0;
};

/// Tensors on their way while this rank calculates: named by `send` and `receive`, then moved from
/// `start` to `wait` by a thread that sleeps in between. Until `wait` returns, no other call goes
/// to the same Ranks, what is sent must not change, and what is received must not be read. Between
/// two ranks, tensors arrive in the order in which they were named.
class Transfer {
 public:
  /// Of nothing so far.
  explicit Transfer(Ranks& ranks);
  /// Without `wait`, as when the calculation has thrown, what is still on its way is given up: the
  /// ranks cannot go on together then.
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// A contiguous tensor.
  void send(const Tensor& tensor, std::int64_t to);
  /// Into a contiguous tensor of the size that is sent.
  void receive(const Tensor& tensor, std::int64_t from);
  /// Begins.
  void start();
  /// Returns when everything has arrived and what was sent may change.
  void wait();

 private:
  struct State;
  void add(const Tensor& tensor, std::int64_t other, bool is_sent);

  Ranks& ranks_;
  std::unique_ptr<State> state_;
};

/// Whether a launcher such as mpirun started this process.
bool is_started_by_launcher();

/// Starts MPI, runs `program` as one of the ranks, and returns 0. What it throws ends all ranks:
/// the message goes to stderr with the number of the rank, and the status is 1. To be called once
/// in a process.
int run_ranks(const std::function<void(Ranks&)>& program);

}  // namespace clearhead::distributed

#endif  // CLEARHEAD_DISTRIBUTED_RANKS_H_
