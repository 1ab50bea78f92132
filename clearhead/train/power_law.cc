// Least squares on logarithms, and the t-distribution for the interval.
#include "clearhead/train/power_law.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

// P(|t| < tan θ · √n) for n degrees of freedom:
//     n odd    2/π · (θ + sin θ · (cos θ + 2/3 · cos³θ + … up to cos^(n−2)))
//     n even   sin θ · (1 + 1/2 · cos²θ + 1·3/(2·4) · cos⁴θ + … up to cos^(n−2))
double student_probability(double theta, int degrees) {
  const double sine = std::sin(theta), cosine = std::cos(theta);
  const bool is_odd = degrees % 2 == 1;
  double sum = 0, term = is_odd ? cosine : 1;
  for (int power = is_odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= cosine * cosine * (power + 1) / (power + 2);
  }
  return is_odd ? 2 / std::numbers::pi * (theta + sine * sum) : sine * sum;
}

std::vector<double> logarithms(const std::vector<double>& numbers) {
  std::vector<double> logs;
  for (const double number : numbers) {
    if (!(number > 0 && std::isfinite(number))) {
      throw Error(fmt::format("fit_power_law: expected positive numbers, got {}", number));
    }
    logs.push_back(std::log(number));
  }
  return logs;
}

double mean(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

}  // namespace

double student_t_bound(double probability, int degrees) {
  double low = 0, high = std::numbers::pi / 2;
  for (int i = 0; i < 60; ++i) {  // halves the interval below the last bit
    const double middle = (low + high) / 2;
    (student_probability(middle, degrees) < probability ? low : high) = middle;
  }
  return std::tan(low) * std::sqrt(degrees);
}

PowerLaw fit_power_law(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size() || x.empty() ||
      std::all_of(x.begin(), x.end(), [&](double other) { return other == x.front(); })) {
    throw Error(fmt::format(
        "fit_power_law: expected as many y as x, and at least two different x, got {} x and {} y",
        x.size(), y.size()));
  }
  const std::vector<double> u = logarithms(x), v = logarithms(y);
  const double u_mean = mean(u), v_mean = mean(v);
  double uu = 0, uv = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    uu += (u[i] - u_mean) * (u[i] - u_mean);
    uv += (u[i] - u_mean) * (v[i] - v_mean);
  }
  const double slope = uv / uu;
  double squares = 0;  // of what the line leaves
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double left = v[i] - v_mean - slope * (u[i] - u_mean);
    squares += left * left;
  }
  const int degrees = static_cast<int>(u.size()) - 2;
  const double half = degrees < 1
                          ? std::numeric_limits<double>::infinity()
                          : student_t_bound(0.95, degrees) * std::sqrt(squares / degrees / uu);
  return {.factor = std::exp(v_mean - slope * u_mean),
          .exponent = slope,
          .low = slope - half,
          .high = slope + half};
}

}  // namespace clearhead
