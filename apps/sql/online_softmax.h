// The softmax of rows that come one after the other, and of a frame of rows that moves.
#ifndef CLEARHEAD_APPS_SQL_ONLINE_SOFTMAX_H_
#define CLEARHEAD_APPS_SQL_ONLINE_SOFTMAX_H_

#include <cstddef>
#include <deque>
#include <limits>
#include <span>
#include <vector>

namespace clearhead::sql {

/// What is kept of rows, each with a score and a value [Dv]:
///
///   max = max score,  sum = Σ exp(score − max),  weighted = Σ exp(score − max)·value
///
/// The softmax of the scores weighs the values to weighted / sum. Two of these make one of all
/// their rows: the sums that belong to the smaller max are brought to the larger by
/// exp(smaller − larger). No exponential exceeds 1. (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018, section 3.1.)
struct OnlineSoftmax {
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;
  std::vector<double> weighted = {};  // [Dv]

  bool is_empty() const { return sum == 0; }
  /// Joins rows, whose values are as long as those here.
  void add(const OnlineSoftmax& rows) { add(rows.max, rows.sum, rows.weighted); }
  void add(double max, double sum, std::span<const double> weighted);
};

/// The same for a frame of rows: new ones come at its end, the oldest leave.
///
/// Nothing can be subtracted from an OnlineSoftmax: once the row of the max is gone, what it had
/// rounded away would be missing. So the rows are kept, as a queue made of two stacks: the older
/// rows as the softmax of each with all older rows behind it, the younger ones by themselves and as
/// the softmax of all. A row is merged twice, whatever the size of the frame.
class MovingSoftmax {
 public:
  /// Rows are kept up to this size in bytes. A frame that grows beyond it before a row has left is
  /// taken for one that none will leave, such as all rows of a table, and takes no memory from then
  /// on.
  static constexpr std::size_t kMostKept = std::size_t{64} << 20;

  void push(double score, std::span<const double> value);
  /// Throws Error if the rows were not kept.
  void pop();
  OnlineSoftmax total() const;

 private:
  std::deque<OnlineSoftmax> rows_ = {};
  std::size_t older_ = 0;  // of rows_, from the front: row i stands for rows i … older_ − 1
  OnlineSoftmax younger_ = {};  // all rows from older_ on
  bool is_kept_ = true;
  bool moves_ = false;
};

}  // namespace clearhead::sql

#endif  // CLEARHEAD_APPS_SQL_ONLINE_SOFTMAX_H_
