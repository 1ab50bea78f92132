// Signals reach Python's handlers only in its main thread, and only when that thread asks.
#include "bindings/python/long_call.h"

#include "clearhead/base/interrupt.h"

namespace clearhead::python {
namespace {

// To ask takes Python's lock, for which another thread may let us wait some milliseconds.
constexpr std::chrono::milliseconds kBetween{50};

thread_local LongCall* current = nullptr;

}  // namespace

LongCall::LongCall() : outer_(current), next_(std::chrono::steady_clock::now() + kBetween) {
  current = this;
}

LongCall::~LongCall() { current = outer_; }

void LongCall::watch() { set_interrupt_check(check); }

void LongCall::check() {
  if (current == nullptr) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < current->next_) return;
  current->next_ = now + kBetween;
  const nanobind::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
}

}  // namespace clearhead::python
