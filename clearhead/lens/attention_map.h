// Maps of very long attention: an overview of a pattern of any length, and any window of it in full
// detail. Memory is O(T), plus a number of cells that does not grow with T.
//
//     P_ij = exp(score_ij − row_max_i) / row_sum_i      the pattern; [T, S] numbers, never stored
//
// One pass over q and k gives row_max, row_sum and the entropy of each row, and for each cell of
// `cell` × `cell` pairs the largest and the mean weight. Coarser cells follow from finer ones
// exactly: the largest of the largest, and means weighted by pairs. Details are calculated again
// from q and k when they are asked for: a window of the pattern, the strongest keys of a row, the
// mass that each key receives.
//
// The overview is calculated with the precision asked for (docs/numerics.md states the errors).
// Windows and strongest keys are always calculated with the highest precision, row_max and row_sum
// of their rows included, so that rows sum to 1.
#ifndef CLEARHEAD_LENS_ATTENTION_MAP_H_
#define CLEARHEAD_LENS_ATTENTION_MAP_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "clearhead/base/attention_rule.h"
#include "clearhead/base/precision.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// What is mapped, and how finely.
struct AttentionMapOptions {
  AttentionRule rule =
      {};  ///< which pairs see each other and how they are scored; query 0 stands at key 0
  Precision precision = Precision::highest;  ///< of the overview
  /// Queries and keys of the finest cells; 0: `default_cell`.
  std::int64_t cell = 0;
  /// Called now and then, from any thread, with the part of the work that is done, 0 … 1. What it
  /// throws ends the calculation.
  std::function<void(double)> progress = {};
};

/// The smallest power of two with which the finest level has at most 2,048 cells a side.
std::int64_t default_cell(std::int64_t queries, std::int64_t keys);

/// Cells of one size, f32 [queries/cell, keys/cell], rounded up. −∞ where no query sees a key.
struct AttentionMapLevel {
  std::int64_t cell = 1;  ///< queries and keys of one cell
  Tensor max;             ///< the largest weight of a cell
  Tensor mean;            ///< the mean over its pairs that see each other
};

/// The numbers of a map.
struct AttentionMap {
  Tensor row_max;      ///< f32 [T]; −∞ for a query that sees no key
  Tensor row_sum;      ///< f32 [T]
  Tensor row_entropy;  ///< f32 [T]: −Σ P·ln P, in nats
  Tensor z;            ///< f32 [T, Dv]: P·v, if there were values
  /// Finest first; each next one has cells twice as large, until one cell is left.
  std::vector<AttentionMapLevel> levels;
  /// f64 [keys/cell]: the sum of all weights that the keys of a finest cell receive.
  Tensor cell_mass;
  /// The precision of the calculation: the one asked for, if the processor has tiles of bf16 and
  /// the finest cells fit them (a multiple of 32, at least 64); else the highest.
  Precision precision = Precision::highest;
};

/// The map of queries q [T, D] and keys k [S, D]; unless `v` is undefined also their attention to
/// values v [S, Dv], in the same pass. Other types than f32 are converted. Throws Error on shapes
/// and options that do not fit, and if the finest level were larger than 8,192 × 8,192.
AttentionMap attention_map(const Tensor& q, const Tensor& k,
                           const AttentionMapOptions& options = {}, const Tensor& v = {});

/// Queries [t, t_end) and keys [s, s_end).
struct AttentionWindow {
  std::int64_t t = 0, t_end = 0, s = 0, s_end = 0;  ///< the first, and the one past the last
};

/// The most pairs of a window: 1 GiB.
inline constexpr std::int64_t kMostWindowPairs = std::int64_t{1} << 28;

/// The pattern in a window, f32 [t_end − t, s_end − s]; −∞ where a query does not see a key. Reads
/// every key that the window's queries see. Throws Error as attention_map, and if the window is not
/// within the pattern or has more than kMostWindowPairs.
Tensor attention_window(const Tensor& q, const Tensor& k, const AttentionWindow& window,
                        const AttentionMapOptions& options = {});

/// A key and the weight that a query gives it.
struct KeyWeight {
  std::int64_t key = 0;  ///< counted from 0
  double weight = 0;     ///< 0 … 1
};

/// The `count` keys with the largest weights of query t (fewer if it sees fewer), largest first; of
/// equal weights the first key. A weight that is NaN comes first. Throws Error as attention_window.
std::vector<KeyWeight> strongest_keys(const Tensor& q, const Tensor& k, std::int64_t t,
                                      std::int64_t count, const AttentionMapOptions& options = {});

/// f64 [S]: the sum of the weights that each key receives from all queries, Σ_i P_ij, with the
/// row_max and row_sum of `map`. This is a second pass over all pairs, in f32, in which each row's
/// log-sum-exp is one f32: at scores of 10⁴ a mass is exact to 10⁻³. Throws Error as attention_map,
/// and if the map is of other queries or not of the highest precision, because its row_max and
/// row_sum then belong to other scores.
Tensor mass_received(const Tensor& q, const Tensor& k, const AttentionMap& map,
                     const AttentionMapOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_ATTENTION_MAP_H_
