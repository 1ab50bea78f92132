// The one exception that clearhead throws at its public boundaries.
#ifndef CLEARHEAD_BASE_ERROR_H_
#define CLEARHEAD_BASE_ERROR_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace clearhead {

/// A fault of the caller's: a wrong shape, option or file. The message says what was expected, what
/// came and what to do. Faults of ours are asserts.
class Error : public std::runtime_error {
 public:
  /// The message may quote whatever a file or a name holds: it is kept `without_controls`.
  explicit Error(std::string_view message);
};

/// `text` with its control characters but line ends escaped ("\r", "\x1b", "\x00"), so that a
/// terminal shows all of it and obeys none of it.
std::string without_controls(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ERROR_H_
