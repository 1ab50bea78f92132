// Curves as text: dots of braille in colour, else a character for each curve.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/plot/label.h"
#include "clearhead/plot/line_figure.h"
#include "clearhead/plot/line_plot.h"
#include "clearhead/plot/terminal_line.h"
#include "clearhead/plot/terminal_writer.h"

namespace clearhead::plot {
namespace {

constexpr int kMostLines = 18;  // of the body; about as wide to high as on a page
constexpr int kMostColumns = 100;
constexpr std::string_view kMarks = "*o+x#@%";  // of the curves where there is no colour

// The style of a curve; black is the terminal's own, which need not be dark on light.
TerminalStyle style_of(std::size_t curve) {
  const Rgb color = curve_color(curve);
  if (luminance(color) < 0.05) return {};
  return {.foreground = color};
}

// The characters of the body, each of which holds dots and belongs to the last curve drawn there.
class Canvas {
 public:
  // In colour a character has 2 × 4 dots (braille), else one.
  Canvas(int columns, int lines, ColorDepth colors)
      : columns_(columns),
        lines_(lines),
        across_(colors == ColorDepth::none ? 1 : 2),
        down_(colors == ColorDepth::none ? 1 : 4),
        colors_(colors),
        cells_(static_cast<std::size_t>(columns) * static_cast<std::size_t>(lines)) {}

  void draw(const LineCurve& curve, int number);
  TerminalLine line(int row) const;

 private:
  struct Cell {
    std::uint8_t dots = 0;
    int curve = -1;
  };

  void set(std::int64_t x, std::int64_t y, int curve);

  int columns_, lines_, across_, down_;
  ColorDepth colors_;
  std::vector<Cell> cells_;
};

void Canvas::set(std::int64_t x, std::int64_t y, int curve) {
  if (x < 0 || y < 0 || x >= columns_ * across_ || y >= lines_ * down_) return;
  // The bits of braille: columns of three dots each, the fourth row came later.
  static constexpr std::uint8_t kBits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
  Cell& cell = cells_[static_cast<std::size_t>(y / down_ * columns_ + x / across_)];
  if (cell.curve != curve && colors_ == ColorDepth::none) cell.dots = 0;
  cell.dots |= kBits[y % down_][x % across_];
  cell.curve = curve;
}

void Canvas::draw(const LineCurve& curve, int number) {
  const auto place = [](double position, int dots) {
    return std::llround(std::clamp(position, -1.0, 2.0) * (dots - 1));
  };
  for (const std::vector<LinePoint>& piece : curve.pieces) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const LinePoint from = piece[i > 0 ? i - 1 : 0], to = piece[i];
      const auto x1 = place(from.x, columns_ * across_), x2 = place(to.x, columns_ * across_);
      const auto y1 = place(1 - from.y, lines_ * down_), y2 = place(1 - to.y, lines_ * down_);
      const auto steps = std::max({std::abs(x2 - x1), std::abs(y2 - y1), 1LL});
      for (std::int64_t k = 0; k <= steps; ++k) {
        const double part = static_cast<double>(k) / static_cast<double>(steps);
        set(std::llround(static_cast<double>(x1) + part * static_cast<double>(x2 - x1)),
            std::llround(static_cast<double>(y1) + part * static_cast<double>(y2 - y1)), number);
      }
    }
  }
}

TerminalLine Canvas::line(int row) const {
  TerminalLine line(colors_);
  for (int column = 0; column < columns_; ++column) {
    const Cell& cell = cells_[static_cast<std::size_t>(row * columns_ + column)];
    if (cell.curve < 0) {
      line.add(" ");
    } else if (colors_ == ColorDepth::none) {
      line.add(kMarks.substr(static_cast<std::size_t>(cell.curve), 1));
    } else {
      const unsigned code = 0x2800u + cell.dots;
      const char braille[] = {static_cast<char>(0xE0 | code >> 12),
                              static_cast<char>(0x80 | (code >> 6 & 63)),
                              static_cast<char>(0x80 | (code & 63))};
      line.add({braille, 3}, style_of(static_cast<std::size_t>(cell.curve)));
    }
  }
  return line;
}

// The text beside each line of the body: the ticks of y, where they fall.
std::vector<std::string> side_labels(const LineFigure& figure, int lines) {
  std::vector<std::string> labels(static_cast<std::size_t>(lines));
  for (const Tick& tick : figure.y.ticks(std::max(2, lines / 3))) {
    const auto row = std::llround((1 - tick.position) * (lines - 1));
    if (row >= 0 && row < lines) labels[static_cast<std::size_t>(row)] = tick.text;
  }
  return labels;
}

// The ticks of x below the body, as many as do not touch.
void write_bottom(const LineFigure& figure, int left, int columns, const TerminalOptions& options,
                  TerminalWriter& writer) {
  TerminalLine marks(options.colors), texts(options.colors);
  marks.pad_to(left);
  marks.add("└");
  for (const Tick& tick : figure.x.ticks(std::max(2, columns / 10))) {
    const int width = display_width(tick.text);
    const int at = left + 1 + static_cast<int>(std::llround(tick.position * (columns - 1)));
    const int start = std::clamp(at - width / 2, 0, std::max(0, options.columns - width));
    if (start < texts.width() + (texts.width() > 0 ? 2 : 0)) continue;
    while (marks.width() < at) marks.add("─");
    marks.add("┴");
    texts.pad_to(start);
    texts.add(tick.text);
  }
  while (marks.width() < left + 1 + columns) marks.add("─");
  writer.line(marks);
  writer.line(texts);
}

void write_legend(const LineFigure& figure, const TerminalOptions& options,
                  TerminalWriter& writer) {
  TerminalLine line(options.colors);
  for (std::size_t i = 0; i < figure.curves.size(); ++i) {
    if (figure.curves[i].name.empty()) continue;
    const std::string name = shorten(figure.curves[i].name, options.columns - 5);
    if (line.width() > 0 && line.width() + 6 + display_width(name) > options.columns) {
      writer.line(line);
      line = TerminalLine(options.colors);
    }
    if (line.width() > 0) line.add("   ");
    if (options.colors == ColorDepth::none) {
      line.add(kMarks.substr(i, 1));
    } else {
      line.add("━━", style_of(i));
    }
    line.add(" " + name);
  }
  if (line.width() > 0) writer.line(line);
}

std::string axes_text(const LineFigure& figure) {
  std::vector<std::string> parts;
  const auto add = [&](const char* arrow, const LineAxis& axis) {
    if (axis.title.empty() && axis.scale == Scale::linear) return;
    parts.push_back(
        fmt::format("{} {}{}", arrow, axis.title, axis.scale == Scale::log ? " (log scale)" : ""));
  };
  add("↑", figure.y);
  add("→", figure.x);
  return fmt::format("{}", fmt::join(parts, "   "));
}

}  // namespace

std::string render_terminal(const LinePlot& plot, const TerminalOptions& options) {
  options.validate();
  const LineFigure figure = prepare_line_figure(plot);
  const int lines = std::min(options.lines, kMostLines);
  const std::vector<std::string> labels = side_labels(figure, lines);
  int left = 1;
  for (const std::string& label : labels) left = std::max(left, display_width(label) + 1);
  left = std::min(left, options.columns / 2);
  const int columns = std::min(kMostColumns, options.columns - left - 1);

  Canvas canvas(columns, lines, options.colors);
  for (std::size_t i = 0; i < figure.curves.size(); ++i) {
    canvas.draw(figure.curves[i], static_cast<int>(i));
  }
  TerminalWriter writer(options);
  writer.paragraph(figure.title, {.bold = true});
  writer.paragraph(axes_text(figure), {.faint = true});
  for (int row = 0; row < lines; ++row) {
    const std::string label = shorten(labels[static_cast<std::size_t>(row)], left - 1);
    TerminalLine line(options.colors);
    line.pad_to(left - 1 - display_width(label));
    line.add(label);
    line.pad_to(left);
    line.add(label.empty() ? "│" : "┤");
    line.append(canvas.line(row));
    writer.line(line);
  }
  write_bottom(figure, left, columns, options, writer);
  write_legend(figure, options, writer);
  for (const std::string& note : figure.notes) writer.paragraph(note, {.faint = true});
  return writer.take();
}

}  // namespace clearhead::plot
