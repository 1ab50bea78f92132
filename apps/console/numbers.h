// Numbers as tables show them.
#ifndef CLEARHEAD_APPS_CONSOLE_NUMBERS_H_
#define CLEARHEAD_APPS_CONSOLE_NUMBERS_H_

#include <cstdint>
#include <span>
#include <string>

namespace clearhead::console {

/// How the numbers of one table are written, so that their points stand below each other.
class NumberFormat {
 public:
  /// As many decimals as give the largest of `values` five significant digits, fewer if that loses
  /// nothing; exponents if the values are very large or very small.
  explicit NumberFormat(std::span<const double> values);

  /// An exact zero is "0", −∞ is "−∞".
  std::string operator()(double value) const;

 private:
  int decimals_ = 0;
  bool scientific_ = false;
};

/// A number with the minus of figures: "-1.5" becomes "−1.5".
std::string with_minus(std::string number);

/// "1,234,567".
std::string with_commas(std::int64_t count);

/// "512 B", "1.25 MiB".
std::string bytes_text(std::int64_t bytes);

/// "1 head", "8 heads".
std::string counted(std::int64_t count, const std::string& thing);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_NUMBERS_H_
