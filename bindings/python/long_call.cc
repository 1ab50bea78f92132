// Signals reach Python's handlers only in its main thread, and only when that thread asks.
#include "bindings/python/long_call.h"

#include <time.h>

#include <atomic>
#include <thread>

#include "clearhead/base/interrupt.h"

namespace clearhead::python {
namespace {

// To ask takes Python's lock, for which another thread may let us wait some milliseconds.
constexpr std::chrono::milliseconds kBetween{50};

// Read before each piece of a loop, so the clock that takes 5 ns and moves every few milliseconds,
// not the one that takes 45.
std::chrono::nanoseconds now() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// How long the end of Python waits for calls of other threads to stop.
constexpr std::chrono::seconds kLongest{10};

thread_local LongCall* current = nullptr;

std::atomic<int> running = 0;  // threads in a call
std::atomic<bool> ending = false;
std::thread::id ending_thread;  // once `ending` is true

// Once Python ends, a thread that asks for its lock is ended by force, through functions that do
// not allow that. So it asks no more.
void stay_here_if_ending() {
  if (!ending || std::this_thread::get_id() == ending_thread) return;
  --running;
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace

LongCall::LongCall(CtrlC ctrl_c)
    : ctrl_c_(ctrl_c), outer_(current), next_(now() + kBetween), python_(PyEval_SaveThread()) {
  if (outer_ == nullptr) ++running;
  current = this;
  stay_here_if_ending();
}

LongCall::~LongCall() {
  PyEval_RestoreThread(python_);
  current = outer_;
  if (outer_ == nullptr) --running;
}

void LongCall::watch() {
  set_interrupt_check(check);
  nanobind::module_::import_("atexit").attr("register")(nanobind::cpp_function(end_all));
}

void LongCall::check() {
  if (current == nullptr) return;
  stay_here_if_ending();
  if (current->ctrl_c_ == CtrlC::is_left) return;
  if (now() < current->next_) return;
  current->next_ = now() + kBetween;
  const nanobind::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
}

void LongCall::end_all() {
  ending_thread = std::this_thread::get_id();
  ending = true;
  const nanobind::gil_scoped_release released;  // a call that is just over needs it
  const auto latest = std::chrono::steady_clock::now() + kLongest;
  while (running > 0 && std::chrono::steady_clock::now() < latest) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace clearhead::python
