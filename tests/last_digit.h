// The precision that a printed number shows, for tests that compare printed text.
#ifndef CLEARHEAD_TESTS_LAST_DIGIT_H_
#define CLEARHEAD_TESTS_LAST_DIGIT_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace clearhead {

/// The size of one in the last digit printed: 0.01 of "2.72", 0.001 of "1.23e-1".
inline double last_digit(const std::string& number) {
  const std::size_t point = number.find('.');
  const std::size_t exponent = std::min(number.find('e'), number.size());
  const double digits = point == std::string::npos ? 0 : static_cast<double>(exponent - point - 1);
  const double power = exponent == number.size() ? 0 : std::stod(number.substr(exponent + 1));
  return std::pow(10, power - digits);
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_LAST_DIGIT_H_
