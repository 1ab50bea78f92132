// Stretched rotary angles, one function a way.
#include "clearhead/nn/rotary_scaling.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

// Each frequency as kept·frequency + (1 − kept)·frequency/factor.
template <typename F>
std::vector<double> mixed(std::vector<double> frequencies, double factor, const F& kept) {
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double share = std::clamp(kept(i, frequencies[i]), 0.0, 1.0);
    frequencies[i] *= share + (1 - share) / factor;
  }
  return frequencies;
}

// The base with which the slowest angle of a text of `length` is as large as at the original one
// divided by the factor that the length needs.
double dynamic_theta(std::int64_t length, std::int64_t dim, double theta,
                     const RotaryScaling& scaling) {
  const auto original = static_cast<double>(scaling.original_length);
  const double longest = std::max(static_cast<double>(length), original);
  const double stretch = scaling.factor * longest / original - (scaling.factor - 1);
  return theta * std::pow(stretch, static_cast<double>(dim) / static_cast<double>(dim - 2));
}

std::vector<double> llama3(const std::vector<double>& frequencies, const RotaryScaling& scaling) {
  const double turn = 2 * std::numbers::pi;
  return mixed(frequencies, scaling.factor, [&](std::size_t, double frequency) {
    const double turns = static_cast<double>(scaling.original_length) * frequency / turn;
    return (turns - scaling.low_frequency) / (scaling.high_frequency - scaling.low_frequency);
  });
}

// Which of the angles makes so many turns in the original length, as a number between them.
double angle_of(double turns, std::int64_t dim, double theta, const RotaryScaling& scaling) {
  const auto original = static_cast<double>(scaling.original_length);
  return static_cast<double>(dim) * std::log(original / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(theta));
}

std::vector<double> yarn(const std::vector<double>& frequencies, std::int64_t dim, double theta,
                         const RotaryScaling& scaling) {
  const double first = std::max(0.0, std::floor(angle_of(scaling.beta_fast, dim, theta, scaling)));
  const double last = std::min(static_cast<double>(dim - 1),
                               std::ceil(angle_of(scaling.beta_slow, dim, theta, scaling)));
  const double width = last == first ? 0.001 : last - first;
  return mixed(frequencies, scaling.factor,
               [&](std::size_t i, double) { return 1 - (static_cast<double>(i) - first) / width; });
}

}  // namespace

void RotaryScaling::validate() const {
  if (kind == RotaryScalingKind::none) return;
  const bool has_length = kind == RotaryScalingKind::linear || original_length > 0;
  if (!(factor > 0) || !has_length || !(high_frequency > low_frequency) || !(beta_slow > 0) ||
      !(beta_fast > 0) || !(length_factor > 0)) {
    throw Error(
        "rotary scaling: expected a factor and an original_length above 0, high_frequency above "
        "low_frequency, beta_fast, beta_slow and length_factor above 0, got " +
        std::to_string(factor) + ", " + std::to_string(original_length) + ", " +
        std::to_string(high_frequency) + ", " + std::to_string(low_frequency) + ", " +
        std::to_string(beta_fast) + ", " + std::to_string(beta_slow) + " and " +
        std::to_string(length_factor));
  }
}

RotaryAngles scaled_angles(std::int64_t first, std::int64_t T, std::int64_t dim, double theta,
                           const RotaryScaling& scaling, DType dtype) {
  const auto of = [&](const std::vector<double>& frequencies, double factor = 1) {
    return rotary_angles(first, T, frequencies, factor, dtype);
  };
  const std::vector<double> plain = rotary_frequencies(dim, theta);
  switch (scaling.kind) {
    case RotaryScalingKind::linear:
      return of(mixed(plain, scaling.factor, [](std::size_t, double) { return 0.0; }));
    case RotaryScalingKind::dynamic:
      return of(rotary_frequencies(dim, dynamic_theta(first + T, dim, theta, scaling)));
    case RotaryScalingKind::llama3:
      return of(llama3(plain, scaling));
    case RotaryScalingKind::yarn:
      return of(yarn(plain, dim, theta, scaling), scaling.length_factor);
    case RotaryScalingKind::none:
      break;
  }
  return of(plain);
}

}  // namespace clearhead
