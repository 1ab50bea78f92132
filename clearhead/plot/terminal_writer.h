// Text for a terminal, line by line, none wider than it.
#ifndef CLEARHEAD_PLOT_TERMINAL_WRITER_H_
#define CLEARHEAD_PLOT_TERMINAL_WRITER_H_

#include <string>
#include <string_view>
#include <utility>

#include "clearhead/plot/terminal.h"
#include "clearhead/plot/terminal_line.h"

namespace clearhead::plot {

class TerminalWriter {
 public:
  explicit TerminalWriter(const TerminalOptions& options) : options_(options) {}

  void line(const TerminalLine& line) { text_ += line.text() + "\n"; }
  void blank() { text_ += "\n"; }
  /// `text` in as many lines as it takes, broken between words where it can be.
  void paragraph(std::string_view text, const TerminalStyle& style);
  std::string take() { return std::move(text_); }

 private:
  const TerminalOptions& options_;
  std::string text_;
};

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TERMINAL_WRITER_H_
