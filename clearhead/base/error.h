// The one exception that clearhead throws at its public boundaries.
#ifndef CLEARHEAD_BASE_ERROR_H_
#define CLEARHEAD_BASE_ERROR_H_

#include <stdexcept>

namespace clearhead {

/// A fault of the caller's: a wrong shape, option or file. The message says what was expected, what
/// came and what to do. Faults of ours are asserts.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ERROR_H_
