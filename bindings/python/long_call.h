// What every call into the library is made in: other threads of Python run, and Ctrl-C ends it.
#ifndef CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_
#define CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_

#include <nanobind/nanobind.h>

#include <chrono>

namespace clearhead::python {

/// While one lives, this thread does not hold Python's lock. Between pieces of loops the library
/// asks, now and then, whether Ctrl-C was pressed; then KeyboardInterrupt ends the calculation,
/// whose result is lost, and nothing else.
class LongCall {
 public:
  /// Begins the call. It may live within another, which has called back into Python.
  LongCall();
  ~LongCall();
  LongCall(const LongCall&) = delete;
  LongCall& operator=(const LongCall&) = delete;

  /// Makes the library ask. Once, when the module is loaded.
  static void watch();

 private:
  static void check();

  LongCall* outer_;
  std::chrono::steady_clock::time_point next_;  // when to ask Python again
  nanobind::gil_scoped_release released_;
};

/// The same for what changes something and must not be left half done: Ctrl-C comes afterwards.
using WholeCall = nanobind::gil_scoped_release;

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_
