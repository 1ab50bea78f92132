// Choosing how cells are shown, and putting title, panels, colour bar and notes below each other.
#include "clearhead/plot/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/panel_places.h"
#include "clearhead/plot/terminal_line.h"
#include "clearhead/plot/terminal_panel.h"
#include "clearhead/plot/terminal_writer.h"

namespace clearhead::plot {
namespace {

constexpr int kFewestColumns = 20;
constexpr int kFewestLines = 4;
constexpr std::int64_t kFewestRows = 16;  // no pooling below, for the sake of panels with few rows
constexpr int kBarWidth = 24;
constexpr int kFewestSmall = 4;               // cells of a small panel: at least …
constexpr int kMostSmall = 16;                // … and at most, in each direction
constexpr int kSmallTitle = 6;                // what it has room for, even if the cells are fewer
constexpr std::int64_t kNarrowestNumber = 3;  // a digit and a blank at each side

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int terminal_width(int fd) {
  const std::string_view set = environment("COLUMNS");
  int columns = 0;
  std::from_chars(set.data(), set.data() + set.size(), columns);
  winsize size{};
  if (columns <= 0 && ::ioctl(fd, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  return columns > 0 ? std::max(columns, kFewestColumns) : TerminalOptions{}.columns;
}

int most_label_width(const TerminalOptions& options) { return options.columns / 5; }

// How many rows and columns fit if a cell is one character (in colour: half of one).
CellLimit terminal_limit(const Heatmap& heatmap, const TerminalOptions& options) {
  heatmap.validate();
  const int per_line = options.colors == ColorDepth::none ? 1 : 2;
  int label_width = 1;
  std::int64_t rows = 1, columns = 1;
  for (const Panel& panel : heatmap.panels) {
    rows = std::max(rows, panel.values.size(0));
    columns = std::max(columns, panel.values.size(1));
    if (panel.row_labels.empty()) {
      const AxisNumbers& numbers = panel.row_numbers;
      const std::int64_t end = numbers.first + panel.values.size(0) * numbers.unit;
      label_width = std::max(label_width, display_width(std::to_string(end)));
    }
    for (const std::string& label : panel.row_labels) {  // as many as share a line, and a slash
      label_width = std::max(label_width, per_line * (display_width(visible_label(label)) + 1));
    }
  }
  CellLimit limit{static_cast<std::int64_t>(options.lines) * per_line,
                  options.columns - std::min(label_width, most_label_width(options)) - 1};
  const std::int64_t step = ceil_div(columns, limit.columns);
  if (step > 1) {
    // A character is about twice as high as wide: with these steps a square looks like one.
    const std::int64_t row_step = per_line == 1 ? 2 * step : step;
    limit.rows = std::min(std::max(kFewestRows, ceil_div(rows, row_step)), limit.rows);
  }
  return limit;
}

// The most telling way to show cells that fits: numbers, squares, narrow blocks.
TerminalPlan choose_plan(const Figure& figure, const TerminalOptions& options) {
  const int most_label = most_label_width(options);
  const int panels = static_cast<int>(figure.panels.size());
  const auto fits = [&](const TerminalPlan& plan, int side_by_side) {
    return std::all_of(figure.panels.begin(), figure.panels.end(), [&](const FigurePanel& panel) {
      const int further = plan.beside(figure).panel_width(panel) + plan.gap;
      return plan.panel_width(panel) + (side_by_side - 1) * further <= options.columns &&
             panel.grid.rows <= options.lines;
    });
  };
  const bool few =
      std::all_of(figure.panels.begin(), figure.panels.end(), [&](const FigurePanel& panel) {
        return kNarrowestNumber * panel.grid.columns < options.columns &&
               panel.grid.rows <= options.lines;
      });
  for (const NumberFormat& format : few ? number_formats(figure) : std::vector<NumberFormat>{}) {
    const TerminalPlan plan =
        plan_terminal(figure, CellStyle::numbers, format, most_label, options.colors);
    if (fits(plan, 1)) return plan;
  }
  const TerminalPlan wide = plan_terminal(figure, CellStyle::wide, {}, most_label, options.colors);
  if (fits(wide, std::min(2, panels))) return wide;
  return plan_terminal(figure, CellStyle::narrow, {}, most_label, options.colors);
}

// One panel in its place among others.
struct Placed {
  const FigurePanel* panel;
  TerminalPlan plan;
  int start;
};

// As many panels from `begin` on as fit side by side.
std::vector<Placed> next_band(const Figure& figure, std::size_t begin, const TerminalPlan& plan,
                              int columns) {
  std::vector<Placed> band;
  int start = 0;
  for (std::size_t i = begin; i < figure.panels.size(); ++i) {
    const FigurePanel& panel = figure.panels[i];
    const TerminalPlan own = i == begin ? plan : plan.beside(figure);
    const int width = own.panel_width(panel);
    const bool is_full = figure.panel_columns > 0 && std::ssize(band) == figure.panel_columns;
    if (i > begin && (is_full || start + width > columns)) break;
    band.push_back({&panel, own, start});
    start += width + plan.gap;
  }
  return band;
}

void write_panels(const Figure& figure, const TerminalPlan& plan, const TerminalOptions& options,
                  TerminalWriter& writer) {
  for (std::size_t begin = 0; begin < figure.panels.size();) {
    const std::vector<Placed> band = next_band(figure, begin, plan, options.columns);
    std::vector<TerminalLine> lines{TerminalLine(options.colors)};  // the first holds the titles
    for (std::size_t i = 0; i < band.size(); ++i) {
      const auto& [panel, own, start] = band[i];
      const int title_begin = start + own.margin();
      const int title_end = i + 1 < band.size()
                                ? band[i + 1].start + band[i + 1].plan.margin() - plan.gap
                                : options.columns;
      lines[0].pad_to(title_begin);
      lines[0].add(shorten(panel->title, title_end - title_begin), {.bold = true});
      const std::vector<TerminalLine> cells = panel_lines(*panel, figure.scale, own);
      lines.resize(std::max(lines.size(), cells.size() + 1), TerminalLine(options.colors));
      for (std::size_t k = 0; k < cells.size(); ++k) {
        lines[k + 1].pad_to(start);
        lines[k + 1].append(cells[k]);
      }
    }
    if (lines[0].text().empty()) lines.erase(lines.begin());
    for (const TerminalLine& line : lines) writer.line(line);
    begin += band.size();
    if (plan.has_labels || begin == figure.panels.size()) writer.blank();
  }
}

TerminalLine color_bar(const ColorScale& scale, const TerminalOptions& options) {
  TerminalLine bar(options.colors);
  if (options.colors == ColorDepth::none) {
    bar.add("[" + std::string(ramp(scale)) + "]");
  } else {
    const int width = std::min(kBarWidth, options.columns / 2);
    for (int i = 0; i < width; ++i) {
      bar.add(" ", {.background = scale.color_at((i + 0.5) / width)});
    }
  }
  return bar;
}

void write_color_bar(const Figure& figure, const TerminalOptions& options, TerminalWriter& writer) {
  const std::vector<Tick> ends = figure.scale.ticks(1);
  const std::string& low = ends.front().text;
  const std::string& high = ends.back().text;
  const TerminalLine bar = color_bar(figure.scale, options);
  TerminalLine line(options.colors);
  if (display_width(low) + bar.width() + display_width(high) + 2 > options.columns) {
    writer.line(bar);  // and the numbers below it
    line.add(low + " … " + high);
  } else {
    line.add(low + " ");
    line.append(bar);
    line.add(" " + high);
  }
  std::string about = figure.value_title;
  if (figure.scale.scale() == Scale::log) about += about.empty() ? "log scale" : " (log scale)";
  const int room = options.columns - line.width() - 2;
  if (!about.empty() && room > 0) line.add("  " + shorten(about, room));
  writer.line(line);
}

void write_legend(const Figure& figure, const TerminalPlan& plan, TerminalWriter& writer) {
  std::vector<std::string> entries;
  if (figure.drawn.any_masked) entries.push_back("· masked");
  if (plan.style != CellStyle::numbers) {  // which name these in their cells
    if (figure.drawn.any_nan) entries.push_back("? not a number (NaN)");
    if (figure.drawn.any_infinite) entries.push_back("∞ +∞");
  }
  writer.paragraph(fmt::format("{}", fmt::join(entries, "   ")), {});
}

std::string write_figure(const Figure& figure, const TerminalPlan& plan,
                         const TerminalOptions& options) {
  TerminalWriter writer(options);
  writer.paragraph(figure.title, {.bold = true});
  std::string axes;
  if (!figure.row_title.empty()) axes += "↓ " + figure.row_title;
  if (!figure.column_title.empty()) axes += (axes.empty() ? "→ " : "   → ") + figure.column_title;
  writer.paragraph(axes, {.faint = true});
  if (!figure.title.empty() || !axes.empty()) writer.blank();
  write_panels(figure, plan, options, writer);
  write_color_bar(figure, options, writer);
  write_legend(figure, plan, writer);
  for (const std::string& note : figure.notes) writer.paragraph(note, {.faint = true});
  return writer.take();
}

}  // namespace

TerminalOptions detect_terminal(int fd) {
  TerminalOptions options;
  options.columns = terminal_width(fd);
  const std::string_view term = environment("TERM");
  const std::string_view color_term = environment("COLORTERM");
  if (::isatty(fd) == 0 || !environment("NO_COLOR").empty() || term.empty() || term == "dumb") {
    options.colors = ColorDepth::none;
  } else if (contains(color_term, "truecolor") || contains(color_term, "24bit") ||
             contains(term, "direct")) {
    options.colors = ColorDepth::true_color;
  } else {
    options.colors = ColorDepth::palette_256;
  }
  return options;
}

void TerminalOptions::validate() const {
  if (columns < kFewestColumns || lines < kFewestLines) {
    throw Error(fmt::format("terminal: expected at least {} columns and {} lines, got {} and {}",
                            kFewestColumns, kFewestLines, columns, lines));
  }
}

std::string render_terminal(const Heatmap& heatmap, const TerminalOptions& options) {
  options.validate();
  const CellLimit limit = terminal_limit(heatmap, options);
  const Figure figure = prepare_figure(heatmap, limit.rows, limit.columns);
  return write_figure(figure, choose_plan(figure, options), options);
}

std::string render_terminal_small(const Heatmap& heatmap, const TerminalOptions& options) {
  options.validate();
  const int beside = std::max(1, heatmap.panel_columns) - 1;
  TerminalPlan plan{.style = CellStyle::wide, .has_labels = false, .colors = options.colors};
  const auto room_of = [&] { return (options.columns - beside * plan.gap) / (beside + 1); };
  const bool fits = std::ranges::all_of(heatmap.panels, [&](const Panel& panel) {
    return display_width(visible_label(panel.title)) <= room_of();
  });
  if (!fits) plan.gap = 1;
  const int room = room_of();
  const std::int64_t cells = std::clamp(room, kFewestSmall, kMostSmall);
  const bool has_halves = options.colors != ColorDepth::none;
  const Figure figure = prepare_figure(heatmap, has_halves ? cells : (cells + 1) / 2, cells);
  for (const FigurePanel& panel : figure.panels) {
    if (2 * std::max(panel.grid.rows, panel.grid.columns) > cells) plan.style = CellStyle::narrow;
  }
  plan.cell_width = plan.style == CellStyle::narrow ? 1 : 2;
  plan.least_width = std::min(room, kSmallTitle);
  return write_figure(figure, plan, options);
}

TerminalRoom labelled_room(const std::vector<std::string>& row_labels,
                           const std::vector<std::string>& column_labels,
                           const TerminalOptions& options) {
  options.validate();
  const auto widest = [](const std::vector<std::string>& labels) {
    int width = 1;
    for (const std::string& label : labels) {
      width = std::max(width, display_width(visible_label(label)));
    }
    return width;
  };
  const bool is_narrow = widest(column_labels) == 1;  // an upright label needs a cell of two
  const int per_line = is_narrow && options.colors != ColorDepth::none ? 2 : 1;
  const int labels = std::min(per_line * (widest(row_labels) + 1), most_label_width(options));
  return {static_cast<std::int64_t>(options.lines) * per_line,
          (options.columns - labels - 1) / (is_narrow ? 1 : 2)};
}

}  // namespace clearhead::plot
