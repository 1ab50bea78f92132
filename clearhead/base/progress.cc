// Redrawing by carriage return and the escape sequence that clears the rest of a line.
#include "clearhead/base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace clearhead {
namespace {

constexpr double kRedrawSeconds = 0.1;  // faster than this nobody reads
constexpr std::string_view kClear = "\r\x1b[K";

// The first `columns` characters of UTF-8, each taken for one column.
std::string cut(const std::string& text, int columns) {
  std::size_t end = 0;
  for (int used = 0; end < text.size(); ++end) {
    const bool begins_character = (text[end] & 0xC0) != 0x80;
    if (begins_character && ++used > columns) break;
  }
  return text.substr(0, end);
}

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string duration_text(double seconds) {
  const std::int64_t s = std::llround(std::max(seconds, 0.0));
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + two_digits(s % 60) + " s";
  if (s < 86400) return std::to_string(s / 3600) + " h " + two_digits(s / 60 % 60) + " min";
  return std::to_string(s / 86400) + " d " + two_digits(s / 3600 % 24) + " h";
}

ProgressOptions detect_progress(int fd) {
  ProgressOptions options;
  const char* term = std::getenv("TERM");
  options.live = ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) options.columns = size.ws_col;
  return options;
}

Progress::Progress(std::ostream& out, std::int64_t total, const ProgressOptions& options,
                   std::int64_t done)
    : out_(out),
      total_(total),
      options_(options),
      first_(done),
      done_(done),
      begun_(options_.clock()) {}

Progress::~Progress() {
  if (!line_.empty()) out_ << '\n' << std::flush;
}

void Progress::update(std::int64_t done, std::string_view about) {
  done_ = done;
  const double now = options_.clock();
  if (now - begun_ < options_.quiet_seconds) return;
  const double wait = options_.live ? kRedrawSeconds : options_.log_seconds;
  if (shown_ && now - *shown_ < wait && done < total_) return;
  shown_ = now;
  std::string line = std::to_string(done) + "/" + std::to_string(total_);
  if (!about.empty()) line.append("  ").append(about);
  const std::optional<double> left = seconds_left();
  if (left && done < total_) line += "  " + duration_text(*left) + " left";
  draw(line);
}

void Progress::draw(const std::string& line) {
  if (!options_.live) {
    out_ << line << '\n' << std::flush;
    return;
  }
  // A line as wide as the terminal would let some of them begin the next.
  line_ = cut(line, options_.columns - 1);
  out_ << kClear << line_ << std::flush;
}

void Progress::log(std::string_view line) {
  if (!line_.empty()) out_ << kClear;
  out_ << line << '\n' << line_ << std::flush;
}

std::optional<double> Progress::seconds_left() const {
  if (done_ <= first_) return std::nullopt;
  const double a_step = (options_.clock() - begun_) / static_cast<double>(done_ - first_);
  return a_step * static_cast<double>(total_ - done_);
}

}  // namespace clearhead
