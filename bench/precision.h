// Sets the precision of an operation's options.
#ifndef CLEARHEAD_BENCH_PRECISION_H_
#define CLEARHEAD_BENCH_PRECISION_H_

#include <string>

#include "clearhead/base/error.h"

namespace clearhead::bench {

inline constexpr const char* kPrecisions[] = {"highest", "high", "medium"};

/// Whether the options have precisions to choose from; else there is only "highest".
template <typename Options>
constexpr bool has_precision(const Options& options) {
  return requires { options.precision; };
}

/// `precision`: place in kPrecisions.
template <typename Options>
void set_precision(Options& options, int precision) {
  if constexpr (requires { options.precision; }) {
    options.precision = static_cast<decltype(options.precision)>(precision);
  } else if (precision != 0) {
    throw Error(std::string("precision ") + kPrecisions[precision] + " is not there yet");
  }
}

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_PRECISION_H_
