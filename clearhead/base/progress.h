// Shows how far long work is: one line that is redrawn on a terminal, lines of a log elsewhere.
#ifndef CLEARHEAD_BASE_PROGRESS_H_
#define CLEARHEAD_BASE_PROGRESS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace clearhead {

/// Seconds on a clock that only runs forward, from any start.
double seconds_now();

/// A duration for people: "8 s", "4 min 05 s", "2 h 07 min", "3 d 04 h".
std::string duration_text(double seconds);

/// How often what is shown.
struct ProgressOptions {
  bool live = false;         ///< redraw one line; else write lines
  int columns = 80;          ///< of the terminal: a live line is cut there
  double log_seconds = 10;   ///< without `live`, at least so long between two lines
  double quiet_seconds = 0;  ///< nothing is shown of work that is done before
  /// Seconds since some moment; tests have one of their own.
  std::function<double()> clock = seconds_now;
};

/// Live if the file descriptor `fd` is a terminal (TERM not "dumb"), as wide as it is now.
ProgressOptions detect_progress(int fd);

/// Not for several threads at once.
class Progress {
 public:
  /// Work of `total` steps, of which `done` were done earlier (by a run that this one continues).
  Progress(std::ostream& out, std::int64_t total, const ProgressOptions& options,
           std::int64_t done = 0);
  /// Ends the live line, which stays as it is.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` steps are done; `about` is what else there is to say, such as "loss 2.31". Shown as
  /// "120/2000  loss 2.31  4 min 05 s left": live at most ten times a second, else at most once in
  /// `log_seconds`; the last step always.
  void update(std::int64_t done, std::string_view about);
  /// A line that stays.
  void log(std::string_view line);
  /// Seconds until all is done, from the mean time of the steps so far; none before the first.
  std::optional<double> seconds_left() const;

 private:
  void draw(const std::string& line);

  std::ostream& out_;
  std::int64_t total_;
  ProgressOptions options_;
  std::int64_t first_;  // steps that were done at the beginning
  std::int64_t done_;
  double begun_;
  std::optional<double> shown_;  // when something was
  std::string line_;             // the live line, as it stands on the terminal
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PROGRESS_H_
