// Text for a terminal, line by line, none wider than it.
#ifndef CLEARHEAD_PLOT_TERMINAL_WRITER_H_
#define CLEARHEAD_PLOT_TERMINAL_WRITER_H_

#include <string>
#include <string_view>
#include <utility>

#include "clearhead/plot/terminal.h"
#include "clearhead/plot/terminal_line.h"

namespace clearhead::plot {

/// Gathers lines of text.
class TerminalWriter {
 public:
  /// For a terminal of this width.
  explicit TerminalWriter(const TerminalOptions& options) : options_(options) {}

  /// A line.
  void line(const TerminalLine& line) { text_ += line.text() + "\n"; }
  /// An empty line.
  void blank() { text_ += "\n"; }
  /// `text` in as many lines as it takes, broken between words where it can be.
  void paragraph(std::string_view text, const TerminalStyle& style);
  /// All of it.
  std::string take() { return std::move(text_); }

 private:
  const TerminalOptions& options_;
  std::string text_;
};

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TERMINAL_WRITER_H_
