// Sweeps: one place after another of some activations is changed, and each time it is asked what
// that does to a prediction.
//
//     ablation              place := 0                     effect m' − m
//     activation patching   place := that of another run   effect m' − m
//     attribution patching  Σ (a_other − a) · ∂m/∂a        the same to first order, for all places
//                                                          in two runs and one walk backward
//
// A place is a head, a token, or a whole value. The two runs of patching read texts of as many
// tokens. An effect says what changes if this alone is changed: parts that stand in for each other
// show little, and what is shown for a part includes all that follows from it.
//
// Sources: Vig et al., "Causal mediation analysis" (2020); Meng et al., "Locating and editing
// factual associations in GPT" (2022); Nanda, "Attribution patching" (2023); Syed et al.,
// "Attribution patching outperforms automated circuit discovery" (2023).
#ifndef CLEARHEAD_LENS_SWEEP_H_
#define CLEARHEAD_LENS_SWEEP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/lens/logit_metric.h"
#include "clearhead/lens/reading.h"
#include "clearhead/ops/replace.h"

namespace clearhead {

/// What one place of a sweep is.
enum class SweepBy {
  head,   ///< a head of hook_q, hook_k, hook_v, hook_z, hook_pattern, …
  token,  ///< a token: of what attention has, a query or a key
  value,  ///< all of it
};

/// The activations that are swept, and their places.
struct Sweep {
  std::vector<std::string> names;                ///< on the tape, in the order of the calculation
  std::vector<std::optional<std::size_t>> axes;  ///< of each: along which places lie; none: `value`
  std::int64_t places = 1;                       ///< of each

  /// Place `i` of value `name`.
  Selection selection(std::size_t name, std::int64_t i) const;
};

/// The activations of a tape whose names match `pattern`, in which * stands for any text. Throws
/// Error if none does, if one is no hook_… with floating-point numbers, or if they do not have the
/// places asked for, equally many each.
Sweep sweep_of(const Tape& tape, std::string_view pattern, SweepBy by);

/// Called after each run with how many are done, and of how many.
using SweepProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// f64 [names, places]: the metric with each place at 0, less the metric as it is. Runs the network
/// once a place.
Tensor ablation_effects(const Reading& reading, const Sweep& sweep, const LogitMetric& metric,
                        const SweepProgress& progress = {});

/// f64 [names, places]: the metric with each place as it is on the tape `other`, less the metric as
/// it is. Throws Error if a value has another shape there.
Tensor patching_effects(const Reading& reading, const Tape& other, const Sweep& sweep,
                        const LogitMetric& metric, const SweepProgress& progress = {});

/// The same to first order, without further runs: one walk backward on the tape of `reading`, whose
/// gradients are those of the metric then. Throws Error also if no gradient comes to a value.
Tensor attribution_effects(const Reading& reading, const Tape& other, const Sweep& sweep,
                           const LogitMetric& metric);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_SWEEP_H_
