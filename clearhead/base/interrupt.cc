// The handler of the two signals, and the check of others.
#include "clearhead/base/interrupt.h"

#include <signal.h>

#include <atomic>

namespace clearhead {
namespace {

// Handlers may touch only what is free of locks.
std::atomic<bool> signalled = false;
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM};
std::atomic<void (*)()> check_of_others = nullptr;

struct sigaction earlier[2];  // what the watch replaced

void handle(int) {
  signalled = true;
  for (const int number : kSignals) ::signal(number, SIG_DFL);  // the next one ends the process
}

}  // namespace

InterruptWatch::InterruptWatch() {
  signalled = false;
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;  // files are read and written on
  ::sigemptyset(&action.sa_mask);
  for (const int number : kSignals) ::sigaddset(&action.sa_mask, number);
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &action, &earlier[i]);
}

InterruptWatch::~InterruptWatch() {
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &earlier[i], nullptr);
}

bool interrupted() { return signalled; }

void set_interrupt_check(void (*check)()) { check_of_others = check; }

void check_interrupt() {
  if (void (*const check)() = check_of_others.load(std::memory_order_relaxed)) check();
}

}  // namespace clearhead
