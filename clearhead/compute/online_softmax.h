// The softmax of rows that come one after the other, and of a frame of rows that moves, in f64.
#ifndef CLEARHEAD_COMPUTE_ONLINE_SOFTMAX_H_
#define CLEARHEAD_COMPUTE_ONLINE_SOFTMAX_H_

#include <cstddef>
#include <deque>
#include <limits>
#include <span>
#include <vector>

namespace clearhead::compute {

/// What is kept of rows, each with a finite score and a value [Dv]:
///
///   max = max score,  sum = Σ exp(score − max),  weighted = Σ exp(score − max)·value
///
/// The softmax of the scores weighs the values to weighted / sum. Two of these make one of all
/// their rows: the sums that belong to the smaller max are brought to the larger by
/// exp(smaller − larger). No exponential exceeds 1. (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018, section 3.1.)
struct OnlineSoftmax {
  double max = -std::numeric_limits<double>::infinity();  ///< −∞ without rows
  double sum = 0;                                         ///< 0 without rows
  std::vector<double> weighted = {};                      ///< [Dv]; empty without rows

  /// Whether it has no rows.
  bool is_empty() const { return sum == 0; }
  /// Joins rows, whose values are as long as those here.
  void add(const OnlineSoftmax& rows) { add(rows.max, rows.sum, rows.weighted); }
  /// The same, for rows that are given by what is kept of them; of one row that is its score, 1 and
  /// its value.
  void add(double max, double sum, std::span<const double> weighted);
};

/// The same for a frame of rows: new ones come at its end, the oldest leave.
///
/// Nothing can be subtracted from an OnlineSoftmax: next to a much larger score, the other rows
/// were rounded away. So the rows are kept, as a queue made of two stacks. The place of an older
/// row has the softmax of that row and all older ones after it, so the first place speaks for all
/// of them. The younger rows lie as they came, with the softmax of all beside them. When the last
/// older row has left, the younger ones become the older ones. So each row is merged twice,
/// however long the frame is.
class MovingSoftmax {
 public:
  /// Rows of at most `most_kept` bytes are kept before the first row leaves. A frame that grows
  /// beyond it gives its rows up: who never lets a row leave needs none of them.
  explicit MovingSoftmax(std::size_t most_kept) : most_kept_(most_kept) {}

  /// A row at the end; or several, which will leave together, by what is kept of them.
  void push(double max, double sum, std::span<const double> weighted);
  /// The oldest row leaves. Throws Error if there is none, or the rows were not kept.
  void pop();
  /// Of all rows.
  OnlineSoftmax total() const;

 private:
  std::size_t most_kept_;
  std::deque<OnlineSoftmax> rows_ = {};
  std::size_t older_ = 0;  // the number of older rows; rows_[i] is of the rows i … older_ − 1
  OnlineSoftmax younger_ = {};  // of all rows from older_ on
  bool is_kept_ = true;
  bool moves_ = false;
};

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ONLINE_SOFTMAX_H_
