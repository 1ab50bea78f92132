// Rotary positions: queries and keys are turned by angles that grow with their position, so that a
// score depends only on the distance.
#ifndef CLEARHEAD_OPS_ROTARY_H_
#define CLEARHEAD_OPS_ROTARY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Cosines and sines of the angles, both [positions, n], or [B, positions, n] with angles for each
/// batch.
struct RotaryAngles {
  Tensor cos;  ///< of the angles
  Tensor sin;  ///< likewise
};

/// theta^(−2i/dim), i < n, for `dim` = 2·n turned channels (Su et al. 2021, equation 15). Throws
/// Error if `dim` is odd.
std::vector<double> rotary_frequencies(std::int64_t dim, double theta);

/// Of the positions `first` … `first` + T − 1: angle t·frequencies[i]. Cosines and sines are
/// multiplied by `factor`.
RotaryAngles rotary_angles(std::int64_t first, std::int64_t T, std::span<const double> frequencies,
                           double factor, DType dtype);

/// Those of `rotary_frequencies`.
RotaryAngles rotary_angles(std::int64_t first, std::int64_t T, std::int64_t dim, double theta,
                           DType dtype);

/// Which channels turn together, and where tokens stand.
struct RotaryOptions {
  /// Which channels turn together: 2i and 2i + 1 (Su et al.), or i and i + n, two halves (as in
  /// GPT-NeoX and Llama of Hugging Face).
  bool interleaved = false;
  /// i64 [B, T]: the row of cos and sin [positions, n] for each token. Default: the t-th.
  Tensor position_ids = {};
};

/// x [B, H, T, D] with the first 2·n of its D channels turned, in pairs (a, b), to (a·cos − b·sin,
/// a·sin + b·cos). As the ONNX operator `RotaryEmbedding`. x is f32 or f64, and so are the angles.
/// Throws Error if types or shapes do not fit.
Var rotary(const Var& x, const RotaryAngles& angles, const RotaryOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ROTARY_H_
