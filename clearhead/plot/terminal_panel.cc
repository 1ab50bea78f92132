// Labels above, labels beside, cells.
#include "clearhead/plot/terminal_panel.h"

#include <algorithm>
#include <cmath>

#include "clearhead/base/ceil_div.h"
#include "clearhead/plot/axis_labels.h"
#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

constexpr int kLongestUpright = 12;  // lines that labels of columns may take
constexpr Rgb kNanGrey{0x80, 0x80, 0x80};
constexpr Rgb kInfiniteWhite{0xff, 0xff, 0xff};

std::string to_right(const std::string& text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ') +
         text;
}

// The text of a cell that shows its number.
std::string number(double value, const NumberFormat& format) {
  return std::isfinite(value) ? format(value) : value_text(value, 1);
}

// The number beside a line of cells that stands for the rows [begin, end): each line's own, or else
// a round one now and then.
std::string line_number(const Axis& axis, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t kLinesApart = 3;
  if (end - begin == 1) return axis.label(begin);
  for (const std::int64_t step : round_steps(axis.count)) {
    if (step < kLinesApart * (end - begin)) continue;
    const std::int64_t next = round_up(begin, step);
    return next < std::min(end, axis.count) ? axis.label(next) : "";
  }
  return begin == 0 ? axis.label(0) : "";
}

// The label beside the line whose first cells are those of `row`; two names share one line.
std::string line_label(const FigurePanel& panel, const TerminalPlan& plan, std::int64_t row) {
  const Axis& axis = panel.rows;
  const std::int64_t next = row + 1;
  if (axis.labels.empty()) {
    return line_number(axis, row * axis.step, (row + plan.rows_per_line()) * axis.step);
  }
  if (plan.rows_per_line() == 1 || next >= panel.grid.rows) return axis.label(row * axis.step);
  const int half = (plan.label_width - 1) / 2;
  return shorten(axis.label(row * axis.step), half) + "/" +
         shorten(axis.label(next * axis.step), plan.label_width - 1 - half);
}

// The items whose labels stand above the columns: numbers at round steps, names wherever the one
// before leaves room.
std::vector<std::int64_t> level_items(const Axis& axis, const TerminalPlan& plan) {
  const double pitch = static_cast<double>(plan.cell_width) / static_cast<double>(axis.step);
  const auto width = [&](std::int64_t i) { return display_width(axis.label(i)); };
  std::vector<std::int64_t> items;
  if (axis.labels.empty()) {
    std::vector<std::int64_t> steps = round_steps(axis.count);
    std::erase_if(steps, [&](std::int64_t k) { return static_cast<double>(k) * pitch < 1; });
    // Cells start at whole characters, so a label may come one earlier than its pitch says.
    const double gap = axis.step > 1 ? 2 : 1;
    const std::int64_t step = label_step(axis.count, pitch, gap, steps, [&](std::int64_t i) {
      return Reach{0, static_cast<double>(width(i))};
    });
    for (std::int64_t i = 0; i < axis.count; i += step) items.push_back(i);
  } else {
    double free = 0;  // the first place that is not taken
    for (std::int64_t i = 0; i < axis.count; i += axis.step) {
      if (static_cast<double>(i) * pitch < free) continue;
      items.push_back(i);
      free = static_cast<double>(i) * pitch + width(i) + 1;
    }
  }
  return items;
}

// Labels of columns side by side, each beginning above its column.
TerminalLine level_header(const FigurePanel& panel, const TerminalPlan& plan) {
  const Axis& axis = panel.columns;
  TerminalLine line(plan.colors);
  for (const std::int64_t i : level_items(axis, plan)) {
    const int start = static_cast<int>(i / axis.step) * plan.cell_width;
    const int room = static_cast<int>(panel.grid.columns) * plan.cell_width - start;
    if (i > 0 && display_width(axis.label(i)) > room) continue;
    line.pad_to(plan.margin() + start);
    line.add(shorten(axis.label(i), room));
  }
  return line;
}

// A label without the marks of the blanks before it, which would be a line of their own.
std::string without_blanks(const std::string& label) {
  constexpr std::string_view kMark = "␣";
  std::string_view rest = label;
  while (rest.starts_with(kMark)) rest.remove_prefix(kMark.size());
  return rest.empty() ? label : std::string(rest);
}

// The characters of a text with what combines with each; empty if one is wider than `width`.
std::vector<std::string> upright_characters(const std::string& text, int width) {
  std::vector<std::string> characters;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    const std::string character = text.substr(begin, end - begin);
    const int columns = display_width(character);
    if (columns > width) return {};
    if (columns == 0 && !characters.empty()) {
      characters.back() += character;
    } else {
      characters.push_back(character);
    }
    begin = end;
  }
  return characters;
}

// Labels of columns from top to bottom, ending above their columns; empty if they cannot be set so.
std::vector<TerminalLine> upright_header(const FigurePanel& panel, const TerminalPlan& plan) {
  const Axis& axis = panel.columns;
  std::vector<std::vector<std::string>> labels;
  std::size_t height = 0;
  for (std::int64_t j = 0; j < panel.grid.columns; ++j) {
    const std::string label = shorten(without_blanks(axis.label(j * axis.step)), kLongestUpright);
    labels.push_back(upright_characters(label, plan.cell_width));
    if (labels.back().empty()) return {};
    height = std::max(height, labels.back().size());
  }
  std::vector<TerminalLine> lines;
  for (std::size_t i = 0; i < height; ++i) {
    TerminalLine line(plan.colors);
    for (std::size_t j = 0; j < labels.size(); ++j) {
      const std::size_t skipped = height - labels[j].size();
      if (i < skipped) continue;
      line.pad_to(plan.margin() + static_cast<int>(j) * plan.cell_width);
      line.add(labels[j][i - skipped]);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<TerminalLine> header(const FigurePanel& panel, const TerminalPlan& plan) {
  if (plan.style == CellStyle::numbers) {
    TerminalLine line(plan.colors);
    line.pad_to(plan.margin());
    for (std::int64_t j = 0; j < panel.grid.columns; ++j) {
      const std::string label = panel.columns.label(j * panel.columns.step);
      line.add(to_right(shorten(label, plan.cell_width - 2), plan.cell_width - 1) + " ");
    }
    return {line};
  }
  const bool has_names = !panel.columns.labels.empty();
  if (panel.columns.has_letters() || (has_names && plan.style == CellStyle::wide)) {
    std::vector<TerminalLine> lines = upright_header(panel, plan);
    if (!lines.empty()) return lines;
  }
  return {level_header(panel, plan)};
}

void add_number_cell(TerminalLine& line, double value, const ColorScale& scale,
                     const TerminalPlan& plan) {
  TerminalStyle style;
  if (std::isfinite(value)) {
    style.background = scale.color(value);
    style.foreground = text_color_on(*style.background);
  }
  line.add(to_right(number(value, plan.format), plan.cell_width - 1) + " ", style);
}

void add_block_cell(TerminalLine& line, double value, const ColorScale& scale,
                    const TerminalPlan& plan) {
  const std::size_t width = static_cast<std::size_t>(plan.cell_width);
  if (!std::isfinite(value)) {
    std::string text;
    for (std::size_t i = 0; i < width; ++i) text += special_character(value);
    line.add(text, {.faint = value < 0});
  } else if (plan.colors == ColorDepth::none) {
    line.add(std::string(width, ramp_character(scale, scale.position(value))));
  } else {
    line.add(std::string(width, ' '), {.background = scale.color(value)});
  }
}

// The colour of half a character; none where the cell is masked.
std::optional<Rgb> half_color(double value, const ColorScale& scale) {
  if (std::isfinite(value)) return scale.color(value);
  if (std::isnan(value)) return kNanGrey;
  return value > 0 ? std::optional(kInfiniteWhite) : std::nullopt;
}

// Two cells above each other.
void add_half_cells(TerminalLine& line, double upper, double lower, const ColorScale& scale) {
  const std::optional<Rgb> above = half_color(upper, scale), below = half_color(lower, scale);
  if (!std::isfinite(upper) && !std::isfinite(lower)) {
    const double shown = std::isnan(upper) ? upper : lower;
    line.add(special_character(shown), {.faint = shown < 0});
  } else if (!above) {
    line.add("▄", {.foreground = below});
  } else {
    line.add("▀", {.foreground = above, .background = below});
  }
}

TerminalLine cell_line(const FigurePanel& panel, const ColorScale& scale, const TerminalPlan& plan,
                       std::int64_t row) {
  const Grid& grid = panel.grid;
  TerminalLine line(plan.colors);
  if (plan.has_labels && plan.label_width > 0) {
    line.add(to_right(shorten(line_label(panel, plan, row), plan.label_width), plan.label_width));
  }
  line.pad_to(plan.margin());
  for (std::int64_t j = 0; j < grid.columns; ++j) {
    const double value = grid.at(row, j);
    if (plan.style == CellStyle::numbers) {
      add_number_cell(line, value, scale, plan);
    } else if (plan.rows_per_line() == 1) {
      add_block_cell(line, value, scale, plan);
    } else if (row + 1 < grid.rows) {
      add_half_cells(line, value, grid.at(row + 1, j), scale);
    } else if (std::isfinite(value)) {
      line.add("▀", {.foreground = scale.color(value)});
    } else {
      line.add(special_character(value), {.faint = value < 0});
    }
  }
  return line;
}

}  // namespace

TerminalPlan plan_terminal(const Figure& figure, CellStyle style, const NumberFormat& format,
                           int most_label, ColorDepth colors) {
  TerminalPlan plan{.style = style, .format = format, .colors = colors};
  plan.cell_width = style == CellStyle::narrow ? 1 : 2;
  for (const FigurePanel& panel : figure.panels) {
    const Axis& rows = panel.rows;
    for (std::int64_t i = 0; i < panel.grid.rows; ++i) {
      plan.label_width = std::max(plan.label_width, display_width(rows.label(i * rows.step)));
    }
    if (style != CellStyle::numbers) continue;
    for (std::int64_t j = 0; j < panel.grid.columns; ++j) {
      const int label = display_width(panel.columns.label(j * panel.columns.step));
      plan.cell_width = std::max(plan.cell_width, std::min(label, 12) + 2);
    }
    for (const double value : panel.grid.values) {
      plan.cell_width = std::max(plan.cell_width, display_width(number(value, format)) + 2);
    }
  }
  if (plan.rows_per_line() == 2 && !figure.panels[0].rows.labels.empty()) {
    plan.label_width = 2 * plan.label_width + 1;  // two rows share a line
  }
  plan.label_width = std::min(plan.label_width, most_label);
  return plan;
}

std::vector<TerminalLine> panel_lines(const FigurePanel& panel, const ColorScale& scale,
                                      const TerminalPlan& plan) {
  std::vector<TerminalLine> lines;
  if (plan.has_labels) lines = header(panel, plan);
  for (std::int64_t i = 0; i < panel.grid.rows; i += plan.rows_per_line()) {
    lines.push_back(cell_line(panel, scale, plan, i));
  }
  return lines;
}

std::string_view ramp(const ColorScale& scale) {
  // Signed values: small letters are weaker than capitals, w lies below zero and x above.
  return scale.color_map() == ColorMap::blue_to_red ? "Ww- +xX" : " .:-=+*#%@";
}

char ramp_character(const ColorScale& scale, double position) {
  const std::string_view characters = ramp(scale);
  const double i = std::floor(position * static_cast<double>(characters.size()));
  return characters[std::min(static_cast<std::size_t>(i), characters.size() - 1)];
}

std::string special_character(double value) {
  if (std::isnan(value)) return "?";
  return value < 0 ? "·" : "∞";
}

}  // namespace clearhead::plot
