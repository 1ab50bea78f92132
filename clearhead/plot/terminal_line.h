// One line of text for a terminal: it knows its width, and has colours if the terminal does.
#ifndef CLEARHEAD_PLOT_TERMINAL_LINE_H_
#define CLEARHEAD_PLOT_TERMINAL_LINE_H_

#include <optional>
#include <string>
#include <string_view>

#include "clearhead/plot/color.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::plot {

/// Colours of text; none means the terminal's own.
struct TerminalStyle {
  std::optional<Rgb> foreground = {};  ///< of the letters
  std::optional<Rgb> background = {};  ///< behind them
  bool bold = false;                   ///< heavier
  bool faint = false;                  ///< less light

  bool operator==(const TerminalStyle&) const = default;
};

/// A line of text in colours, which knows how wide it is.
class TerminalLine {
 public:
  /// An empty line.
  explicit TerminalLine(ColorDepth colors) : colors_(colors) {}

  /// Text at its end.
  void add(std::string_view text, const TerminalStyle& style = {});
  /// Blanks up to `width`, if it is not reached yet.
  void pad_to(int width);
  /// Another line at its end.
  void append(const TerminalLine& line);

  /// Characters as wide as one column each.
  int width() const { return width_; }
  /// The text, with its colours ended; blanks at the end are dropped.
  std::string text() const;

 private:
  void set(const TerminalStyle& style);

  ColorDepth colors_;
  std::string text_;
  TerminalStyle style_;
  int width_ = 0;
};

/// The number of the nearest of the 240 fixed colours (16 … 255) of a terminal with 256.
int nearest_of_256(Rgb color);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TERMINAL_LINE_H_
