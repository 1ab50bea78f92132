// What each part of a network adds to a logit: the residual stream is a sum, and so is the logit.
//
//     logit = u·x_L + …
//     x_L = embedding + Σ_l (Σ_h z_lh·W_O,lhᵀ + b_O,l + post_l·W_out,lᵀ + b_out,l)
//
// The final norm divides each token by a scale that depends on all parts. It is held at the value
// that it had, and then the norm is linear: u is the row of W_U, taken back through the norm,
//
//     layer norm:  u_x = (w ⊙ W_U − mean(w ⊙ W_U)) / s        RMS norm:  u_x = w ⊙ W_U / s
//
// The same goes for the norms between the blocks of a network whose norms stand after its parts,
// and for a softcap of the logits and the activation in the head of a masked model, y = f(x), which
// are held as the factors f(x)/x that they were.
//
// It tells what is written directly to the prediction, not what a part does through later ones.
//
// Source: Elhage et al., "A mathematical framework for transformer circuits" (2021); nostalgebraist
// (2020) and TransformerLens, "direct logit attribution".
#ifndef CLEARHEAD_LENS_CONTRIBUTIONS_H_
#define CLEARHEAD_LENS_CONTRIBUTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/lens/logit_metric.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// What one part adds.
struct Contribution {
  /// Of the part on the tape: "blocks.2.attn.hook_z", "blocks.2.mlp.hook_post", "hook_embed", or a
  /// bias, "blocks.2.attn.b_O".
  std::string name;
  std::optional<std::int64_t> head = {};  ///< of attention, counted from 0
  double value = 0;                       ///< its summand
};

/// The parts of a metric of `logits` [B, T, V], a value of a tape that keeps everything, in the
/// order of the calculation; they sum to the metric, up to rounding. A part is what cannot be
/// divided further because something other than a sum, a linear map or a norm made it. So all of a
/// recurrent network, and the vector from which a class is told, is one part. Throws Error if the
/// tape has kept less, or if the metric does not lie in the logits.
std::vector<Contribution> decompose(const Var& logits, const LogitMetric& metric);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_CONTRIBUTIONS_H_
