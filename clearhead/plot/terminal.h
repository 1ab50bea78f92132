// A heatmap as text for a terminal, in colour where it has any.
#ifndef CLEARHEAD_PLOT_TERMINAL_H_
#define CLEARHEAD_PLOT_TERMINAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/plot/heatmap.h"

namespace clearhead::plot {

/// The colours of a terminal: none, 256, or 24 bits.
enum class ColorDepth { none, palette_256, true_color };

/// What the terminal can do.
struct TerminalOptions {
  int columns = 80;                      ///< characters in a line, at least 20
  int lines = 48;                        ///< the most lines of cells a panel may take, at least 4
  ColorDepth colors = ColorDepth::none;  ///< none: no escape sequences at all

  /// Throws Error unless there are enough columns and lines.
  void validate() const;
};

/// What the terminal behind the file descriptor `fd` can do. It has no colour if it is not a
/// terminal, NO_COLOR is set or TERM is "dumb"; 24 bits if COLORTERM says truecolor or 24bit; else
/// 256 colours. The width is COLUMNS if set, else what the terminal says, else 80.
TerminalOptions detect_terminal(int fd);

/// `heatmap` as lines of UTF-8, each ended by a newline and at most `options.columns` wide. Small
/// matrices show their numbers; larger ones are coloured blocks. Without colour these are a ramp of
/// characters, and the text has no escape sequences at all. Matrices that do not fit are pooled,
/// and the text says so. Throws Error if the heatmap or the options are not valid.
std::string render_terminal(const Heatmap& heatmap, const TerminalOptions& options);

/// An overview: all panels small, without labels, `heatmap.panel_columns` of them side by side (as
/// many as fit if that is 0). Otherwise as `render_terminal`.
std::string render_terminal_small(const Heatmap& heatmap, const TerminalOptions& options);

/// The largest matrix with such labels in which `render_terminal` shows every cell, each below and
/// beside its own label.
struct TerminalRoom {
  std::int64_t rows = 0;     ///< of cells
  std::int64_t columns = 0;  ///< of cells
};
/// For matrices with these labels.
TerminalRoom labelled_room(const std::vector<std::string>& row_labels,
                           const std::vector<std::string>& column_labels,
                           const TerminalOptions& options);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TERMINAL_H_
