// Ctrl-C as a flag that long work checks, so that it ends where nothing is half done.
#ifndef CLEARHEAD_BASE_INTERRUPT_H_
#define CLEARHEAD_BASE_INTERRUPT_H_

namespace clearhead {

/// While one lives, the first SIGINT (Ctrl-C) or SIGTERM only makes `interrupted()` true; the next
/// ends the process as usual. There may be one at a time. Programs make it; the library only
/// checks.
class InterruptWatch {
 public:
  /// Begins to watch.
  InterruptWatch();
  /// Ctrl-C ends the program again.
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
};

/// Whether a watched signal has come since the last `InterruptWatch` was made. May be called at any
/// time, by any thread.
bool interrupted();

/// From now on, `parallel_for` calls `check` before each piece, in the thread that runs the piece;
/// null: nothing. What it throws ends the loop, and so the calculation, whose result is lost. So
/// whoever embeds the library, as an interpreter does, ends pure calculations in its own way. It
/// must be quick.
void set_interrupt_check(void (*check)());
/// What `parallel_for` does before each piece.
void check_interrupt();

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_INTERRUPT_H_
