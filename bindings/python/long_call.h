// What every call into the library is made in: other threads of Python run, and Ctrl-C ends it.
#ifndef CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_
#define CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_

#include <nanobind/nanobind.h>

#include <chrono>

namespace clearhead::python {

/// While one lives, this thread does not hold Python's lock. Between pieces of loops the library
/// asks, now and then, whether Ctrl-C was pressed; then KeyboardInterrupt ends the calculation,
/// whose result is lost, and nothing else. When Python ends, calls of daemon threads stop where
/// they are and never return: there would be no Python to return to.
class LongCall {
 public:
  /// Whether Ctrl-C may end the call anywhere, or is left to the caller, who asks where nothing is
  /// half done.
  enum class CtrlC { ends_it, is_left };

  /// Begins the call. It may live within another, which has called back into Python.
  explicit LongCall(CtrlC ctrl_c = CtrlC::ends_it);
  ~LongCall();
  LongCall(const LongCall&) = delete;
  LongCall& operator=(const LongCall&) = delete;

  /// Makes the library ask. Once, when the module is loaded.
  static void watch();

 private:
  static void check();
  static void end_all();

  CtrlC ctrl_c_;
  LongCall* outer_;
  std::chrono::nanoseconds next_;  // when to ask Python again
  PyThreadState* python_;
};

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_LONG_CALL_H_
