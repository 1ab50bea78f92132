// The one exception that clearhead throws at its public boundaries.
#ifndef CLEARHEAD_BASE_ERROR_H_
#define CLEARHEAD_BASE_ERROR_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace clearhead {

/// The caller's fault: a wrong shape, option or file. The message says what was expected, what came
/// and what to do. Our own faults are asserts.
class Error : public std::runtime_error {
 public:
  /// The message may quote files and names, so it is kept `without_controls`.
  explicit Error(std::string_view message);
};

/// `text` with its control characters, except line ends, escaped ("\r", "\x1b", "\x00"), so that a
/// terminal shows them and does not obey them.
std::string without_controls(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ERROR_H_
