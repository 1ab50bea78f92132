// The page is built from the inside outwards: cells, their labels, titles of axes, the colour bar,
// then what is written above and below.
#include "clearhead/plot/layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/plot/axis_labels.h"
#include "clearhead/plot/cell_numbers.h"

namespace clearhead::plot {
namespace {

constexpr double kMargin = 12;
constexpr int kMostColumns = 16;      // of panels
constexpr double kBodyWidth = 540;    // of all panels side by side; a page of text is 470 wide
constexpr double kBodyHeight = 640;   // of all panels above each other
constexpr double kSmallestRoom = 48;  // of one of many panels, for which the page grows
constexpr double kSmallestCell = 0.75;
constexpr double kLargestCell = 46;
constexpr double kThinnest = 70;      // a very wide or high matrix gets oblong cells up to this …
constexpr double kThinnestCell = 14;  // … but none thicker than a line of text
constexpr double kPanelGap = 14;
constexpr double kSeparatedCell = 14;  // from this size on, cells have gaps between them
constexpr double kSmallestSignedCell = 6;
constexpr double kMark = 2.5;
constexpr double kLabelGap = 3.5;
constexpr double kBarWidth = 10;
constexpr double kShortestVerticalBar = 90;
constexpr double kBarLength = 220;
constexpr double kTickGap = 1.5;    // half of what lies at least between two texts
constexpr double kTextWidth = 190;  // titles and notes have at least this much room

constexpr TextStyle kTitleStyle{11.5, true, {0x1a, 0x1a, 0x1a}};
constexpr TextStyle kSubtitleStyle{8.5, false, {0x4d, 0x4d, 0x4d}};
constexpr TextStyle kPanelTitleStyle{8.5, true, {0x33, 0x33, 0x33}};
constexpr TextStyle kAxisTitleStyle{8.5, false, {0x33, 0x33, 0x33}};
constexpr TextStyle kBarStyle{7.5, false, {0x40, 0x40, 0x40}};
constexpr TextStyle kNoteStyle{7.5, false, {0x59, 0x59, 0x59}};

// Lengths on a grid of quarter points fall on whole pixels in a PNG, which has four to the point.
double snap_down(double x) { return std::floor(x * 4 + 1e-9) / 4; }
double snap_up(double x) { return std::ceil(x * 4 - 1e-9) / 4; }

// How much room one of the panels of a grid has for its cells.
struct Room {
  double width;
  double height;
};

Room room(PanelGrid grid) {
  const auto share = [](double whole, int count) {
    return std::max(kSmallestRoom, (whole - (count - 1) * kPanelGap) / count);
  };
  return {share(kBodyWidth, grid.columns), std::min(kBodyWidth, share(kBodyHeight, grid.rows))};
}

double aspect_of(double rows, double columns) { return std::clamp(columns / rows, 0.25, 4.0); }

struct CellSize {
  double width;
  double height;
};

// Whether a matrix is so much wider than high, or higher than wide, that it needs oblong cells.
bool is_line(double rows, double columns) { return aspect_of(rows, columns) != columns / rows; }

// Square cells that fill the room; oblong ones only if the matrix were a thin line otherwise.
CellSize cell_size(const Grid& grid, Room room) {
  const double rows = static_cast<double>(grid.rows), columns = static_cast<double>(grid.columns);
  const double square = std::min({room.width / columns, room.height / rows, kLargestCell});
  const auto side = [&](double available, double count) {
    const double thinnest = is_line(rows, columns) ? std::min(kThinnest, available) : 0;
    const double least = std::min(kThinnestCell, thinnest / count);
    return std::max(kSmallestCell, snap_down(std::max(square, least)));
  };
  return {side(room.width, columns), side(room.height, rows)};
}

// Builds a layout in coordinates whose origin is the upper left corner of the first panel's cells.
class Builder {
 public:
  Builder(const Figure& figure, TextSetter& setter) : figure_(figure), setter_(setter) {}

  Layout build();

 private:
  struct Slot {       // one panel and what belongs to it
    int row, column;  // in the grid of panels
    CellSize cell;
    double width, height;      // of its cells together
    AxisLabels rows, columns;  // without indices if a neighbour's labels serve
  };

  void size_panels();
  void place_panels();
  void place_row_labels(const Slot& slot, const Axis& axis, const Rect& body);
  void place_column_labels(const Slot& slot, const Axis& axis, const Rect& body);
  void choose_sign_marks();
  void place_axis_titles();
  std::vector<Tick> separate_ticks(int count, double length);
  void place_vertical_bar();
  void place_horizontal_bar();
  void place_heading();
  void place_swatches();
  void place_notes();
  void move_onto_page();

  TextExtents measure(const std::string& text, const TextStyle& style, double max_width = 0) {
    return setter_.measure(text, style, max_width);
  }
  void add_text(const std::string& text, const TextStyle& style, double x, double y,
                double max_width = 0, bool vertical = false);
  double text_width() const { return std::max(kTextWidth, extent_.right() - bodies_.x); }

  const Figure& figure_;
  TextSetter& setter_;
  Layout layout_;
  PanelGrid grid_;
  std::vector<Slot> slots_;
  Rect bodies_;  // around the cells of all panels
  Rect extent_;  // around everything placed so far
};

void include(Rect& extent, const Rect& box) {
  const double right = std::max(extent.right(), box.right());
  const double bottom = std::max(extent.bottom(), box.bottom());
  extent.x = std::min(extent.x, box.x);
  extent.y = std::min(extent.y, box.y);
  extent.width = right - extent.x;
  extent.height = bottom - extent.y;
}

Layout Builder::build() {
  size_panels();
  place_panels();
  place_numbers(figure_, setter_, layout_);
  choose_sign_marks();
  place_axis_titles();
  if (bodies_.height >= kShortestVerticalBar) {
    place_vertical_bar();
  } else {
    place_horizontal_bar();
  }
  place_heading();
  place_swatches();
  place_notes();
  move_onto_page();
  return std::move(layout_);
}

void Builder::add_text(const std::string& text, const TextStyle& style, double x, double y,
                       double max_width, bool vertical) {
  const TextExtents e = measure(text, style, max_width);
  PlacedText placed{text, style, max_width, x, y, vertical, {}};
  placed.ink = vertical ? Rect{x + e.top, y - e.right, e.bottom - e.top, e.right - e.left}
                        : Rect{x + e.left, y + e.top, e.right - e.left, e.bottom - e.top};
  include(extent_, placed.ink);
  layout_.texts.push_back(std::move(placed));
}

void Builder::size_panels() {
  const int count = static_cast<int>(figure_.panels.size());
  const Grid& first = figure_.panels[0].grid;
  grid_ = arrange_panels(count, aspect_of(first.rows, first.columns), figure_.panel_columns);
  const bool shared = figure_.shares_axes();
  for (int i = 0; i < count; ++i) {
    const FigurePanel& panel = figure_.panels[i];
    Slot slot{};
    slot.row = i / grid_.columns;
    slot.column = i % grid_.columns;
    slot.cell = cell_size(panel.grid, room(grid_));
    slot.width = slot.cell.width * static_cast<double>(panel.grid.columns);
    slot.height = slot.cell.height * static_cast<double>(panel.grid.rows);
    const bool leftmost = slot.column == 0, lowest = i + grid_.columns >= count;
    if (leftmost || !shared) slot.rows = row_labels(panel.rows, slot.cell.height, setter_);
    if (lowest || !shared) slot.columns = column_labels(panel.columns, slot.cell.width, setter_);
    slots_.push_back(std::move(slot));
  }
}

void Builder::place_panels() {
  std::vector<double> widths(grid_.columns), heights(grid_.rows);
  std::vector<double> before(grid_.columns), below(grid_.rows);  // room for labels
  const bool shared = figure_.shares_axes();
  for (const Slot& slot : slots_) {
    widths[slot.column] = std::max(widths[slot.column], slot.width);
    heights[slot.row] = std::max(heights[slot.row], slot.height);
    const auto add = [](double& room, double thickness) {
      if (thickness > 0) room = std::max(room, thickness + kMark + kLabelGap);
    };
    if (slot.column > 0) add(before[slot.column], slot.rows.thickness);
    // Labels of a panel above a missing one reach into the empty place.
    if (!shared || slot.row + 1 == grid_.rows) add(below[slot.row], slot.columns.thickness);
  }
  const bool titled = slots_.size() > 1 && std::any_of(figure_.panels.begin(), figure_.panels.end(),
                                                       [](auto& p) { return !p.title.empty(); });
  const double above = titled ? kPanelTitleStyle.size + 6 : 0;
  std::vector<double> x(grid_.columns), y(grid_.rows);
  for (int c = 1; c < grid_.columns; ++c) {
    x[c] = snap_up(x[c - 1] + widths[c - 1] + kPanelGap + before[c]);
  }
  for (int r = 1; r < grid_.rows; ++r) {
    y[r] = snap_up(y[r - 1] + heights[r - 1] + below[r - 1] + kPanelGap + above);
  }
  bodies_ = {0, 0, x.back() + widths.back(), y.back() + heights.back()};
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const FigurePanel& panel = figure_.panels[i];
    const Rect body{x[slot.column], y[slot.row], slot.width, slot.height};
    include(extent_, body);
    PanelLayout cells{.body = body, .cell_width = slot.cell.width, .cell_height = slot.cell.height};
    cells.separated = std::min(slot.cell.width, slot.cell.height) >= kSeparatedCell;
    layout_.panels.push_back(std::move(cells));
    if (titled) {
      add_text(panel.title, kPanelTitleStyle, body.x, body.y - 5,
               widths[slot.column] + kPanelGap - 4);
    }
    place_row_labels(slot, panel.rows, body);
    place_column_labels(slot, panel.columns, body);
  }
}

// Where no numbers tell, dashes do, in cells large enough.
void Builder::choose_sign_marks() {
  if (figure_.scale.color_map() != ColorMap::blue_to_red || !(figure_.drawn.low < 0)) return;
  for (PanelLayout& panel : layout_.panels) {
    panel.marks_signs = panel.numbers.empty() &&
                        std::min(panel.cell_width, panel.cell_height) >= kSmallestSignedCell;
  }
}

void Builder::place_row_labels(const Slot& slot, const Axis& axis, const Rect& body) {
  const AxisLabels& labels = slot.rows;
  const double right = body.x - kLabelGap - (labels.marks ? kMark : 0);
  for (const std::int64_t i : labels.indices) {
    const std::string text = axis.label(i);
    const double y = body.y + axis.position(i) * slot.cell.height;
    const double width = measure(text, labels.style, labels.max_width).width;
    add_text(text, labels.style, right - width, y + middle_height(labels.style), labels.max_width);
    if (labels.marks) layout_.marks.push_back({body.x - kMark, y, body.x, y});
  }
}

void Builder::place_column_labels(const Slot& slot, const Axis& axis, const Rect& body) {
  const AxisLabels& labels = slot.columns;
  const double top = body.bottom() + kLabelGap + (labels.marks ? kMark : 0);
  for (const std::int64_t i : labels.indices) {
    const std::string text = axis.label(i);
    const double x = body.x + axis.position(i) * slot.cell.width;
    const double width = measure(text, labels.style, labels.max_width).width;
    if (labels.vertical) {
      add_text(text, labels.style, x + middle_height(labels.style), top + width, labels.max_width,
               true);
    } else {
      add_text(text, labels.style, x - width / 2, top + 0.78 * labels.style.size);
    }
    if (labels.marks) layout_.marks.push_back({x, body.bottom(), x, body.bottom() + kMark});
  }
}

void Builder::place_axis_titles() {
  const double left = extent_.x, bottom = extent_.bottom();
  const auto middle_start = [&](const std::string& text, double length, double& max_width) {
    max_width = std::max(length, kTextWidth / 2);
    return (length - measure(text, kAxisTitleStyle, max_width).width) / 2;
  };
  double max_width = 0;
  if (!figure_.row_title.empty()) {
    const double start = middle_start(figure_.row_title, bodies_.height, max_width);
    add_text(figure_.row_title, kAxisTitleStyle, left - 8, bodies_.height - start, max_width, true);
  }
  if (!figure_.column_title.empty()) {
    const double start = middle_start(figure_.column_title, bodies_.width, max_width);
    add_text(figure_.column_title, kAxisTitleStyle, start, bottom + 7 + 0.8 * kAxisTitleStyle.size,
             max_width);
  }
}

// The ticks of the colour bar, without those whose text would touch that of another; the ends stay.
std::vector<Tick> Builder::separate_ticks(int count, double length) {
  const auto half = [&](const Tick& tick) {
    const double width = measure(tick.text, kBarStyle).width;
    return (layout_.bar_is_vertical ? kBarStyle.size : width) / 2 + kTickGap;
  };
  std::vector<Tick> kept;
  const std::vector<Tick> ticks = figure_.scale.ticks(std::max(1, count));
  const Tick& end = ticks.back();
  for (const Tick& tick : ticks) {
    const auto apart = [&](const Tick& other) {
      return std::abs(tick.position - other.position) * length >= half(tick) + half(other);
    };
    if (kept.empty() || &tick == &end || (apart(kept.back()) && apart(end))) kept.push_back(tick);
  }
  return kept;
}

void Builder::place_vertical_bar() {
  Rect& bar = layout_.bar;
  bar = {extent_.right() + 18, 0, kBarWidth, snap_down(std::min(bodies_.height, kBarLength))};
  include(extent_, bar);
  const double x = bar.right() + kMark + kLabelGap;
  for (const Tick& tick : separate_ticks(static_cast<int>(bar.height / 34), bar.height)) {
    const double y = bar.bottom() - tick.position * bar.height;
    layout_.marks.push_back({bar.right(), y, bar.right() + kMark, y});
    add_text(tick.text, kBarStyle, x, y + middle_height(kBarStyle));
  }
  const std::string& title = figure_.value_title;
  if (title.empty()) return;
  const double length = measure(title, kAxisTitleStyle, bar.height).width;
  add_text(title, kAxisTitleStyle, extent_.right() + 6 + 0.8 * kAxisTitleStyle.size,
           bar.bottom() - (bar.height - length) / 2, bar.height, true);
}

void Builder::place_horizontal_bar() {
  layout_.bar_is_vertical = false;
  Rect& bar = layout_.bar;
  bar = {0, snap_up(extent_.bottom() + 14),
         snap_down(std::clamp(bodies_.width, kTextWidth - 40, kBarLength)), kBarWidth};
  include(extent_, bar);
  const double y = bar.bottom() + kMark + kLabelGap + 0.75 * kBarStyle.size;
  for (const Tick& tick : separate_ticks(static_cast<int>(bar.width / 40), bar.width)) {
    const double x = bar.x + tick.position * bar.width;
    layout_.marks.push_back({x, bar.bottom(), x, bar.bottom() + kMark});
    add_text(tick.text, kBarStyle, x - measure(tick.text, kBarStyle).width / 2, y);
  }
  if (figure_.value_title.empty()) return;
  add_text(figure_.value_title, kAxisTitleStyle, bar.x, extent_.bottom() + 12, text_width());
}

void Builder::place_heading() {
  std::vector<std::pair<std::string, TextStyle>> lines;
  for (std::string& line : setter_.wrap(figure_.title, kTitleStyle, text_width(), 3)) {
    lines.emplace_back(std::move(line), kTitleStyle);
  }
  if (slots_.size() == 1) {
    const std::string& title = figure_.panels[0].title;
    for (std::string& line : setter_.wrap(title, kSubtitleStyle, text_width(), 2)) {
      lines.emplace_back(std::move(line), kSubtitleStyle);
    }
  }
  double y = extent_.y - 10;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    add_text(line->first, line->second, 0, y, text_width());
    y -= 1.35 * line->second.size;
  }
}

void Builder::place_swatches() {
  const Statistics& drawn = figure_.drawn;
  std::vector<std::pair<Special, std::string>> entries;
  if (drawn.any_masked) entries.emplace_back(Special::masked, "masked");
  if (drawn.any_nan) entries.emplace_back(Special::nan, "not a number (NaN)");
  if (drawn.any_infinite) entries.emplace_back(Special::infinite, "+∞");
  if (entries.empty()) return;
  const double size = 9;
  double x = 0, y = snap_up(extent_.bottom() + 14);
  for (const auto& [kind, text] : entries) {
    const double width = size + 5 + measure(text, kNoteStyle).width;
    if (x > 0 && x + width > text_width()) {
      x = 0;
      y += size + 5;
    }
    layout_.swatches.push_back({{x, y, size, size}, kind});
    include(extent_, layout_.swatches.back().box);
    add_text(text, kNoteStyle, x + size + 5, y + size / 2 + middle_height(kNoteStyle));
    x = snap_up(x + width + 14);
  }
}

void Builder::place_notes() {
  double y = extent_.bottom() + 7 + kNoteStyle.size;
  const double width = text_width();
  std::vector<std::string> notes = figure_.notes;
  if (std::any_of(layout_.panels.begin(), layout_.panels.end(),
                  [](const PanelLayout& panel) { return panel.marks_signs; })) {
    notes.push_back("A dash marks a value below zero.");
  }
  for (const std::string& note : notes) {
    for (const std::string& line : setter_.wrap(note, kNoteStyle, width, 6)) {
      add_text(line, kNoteStyle, 0, y, width);
      y += 1.4 * kNoteStyle.size;
    }
  }
}

void Builder::move_onto_page() {
  const double dx = snap_up(kMargin - extent_.x), dy = snap_up(kMargin - extent_.y);
  const auto move = [&](Rect& rect) {
    rect.x += dx;
    rect.y += dy;
  };
  const auto move_text = [&](PlacedText& text) {
    text.x += dx;
    text.y += dy;
    move(text.ink);
  };
  for (PanelLayout& panel : layout_.panels) {
    move(panel.body);
    for (PlacedText& number : panel.numbers) move_text(number);
  }
  for (Swatch& swatch : layout_.swatches) move(swatch.box);
  for (PlacedText& text : layout_.texts) move_text(text);
  for (Line& mark : layout_.marks) mark = {mark.x1 + dx, mark.y1 + dy, mark.x2 + dx, mark.y2 + dy};
  move(layout_.bar);
  layout_.width = std::ceil(extent_.right() + dx + kMargin);
  layout_.height = std::ceil(extent_.bottom() + dy + kMargin);
}

}  // namespace

PanelGrid arrange_panels(int count, double aspect, int panel_columns) {
  if (panel_columns > 0) {
    const int columns = std::min(count, panel_columns);
    return {(count + columns - 1) / columns, columns};
  }
  PanelGrid best;
  double least = std::numeric_limits<double>::infinity();
  for (int columns = 1; columns <= std::min(count, kMostColumns); ++columns) {
    const int rows = (count + columns - 1) / columns;
    const double empty = static_cast<double>(rows * columns - count) / count;
    // A page is pleasant a little wider than high; empty places are not.
    const double shape = std::abs(std::log(aspect * columns / rows / 1.4));
    if (const double cost = 4 * empty + shape; cost < least) {
      least = cost;
      best = {rows, columns};
    }
  }
  return best;
}

CellLimit cell_limit(const Heatmap& heatmap) {
  const Tensor& first = heatmap.panels.at(0).values;
  const double height = static_cast<double>(first.size(0));
  const double width = static_cast<double>(first.size(1));
  const Room space = room(arrange_panels(static_cast<int>(heatmap.panels.size()),
                                         aspect_of(height, width), heatmap.panel_columns));
  double rows = space.height / kSmallestCell, columns = space.width / kSmallestCell;
  if (!is_line(height, width)) {  // pooled, it keeps its shape
    rows = std::min(rows, columns * height / width);
    columns = std::min(columns, rows * width / height);
  }
  return {std::max<std::int64_t>(1, static_cast<std::int64_t>(rows)),
          std::max<std::int64_t>(1, static_cast<std::int64_t>(columns))};
}

void draw_text(cairo_t* cairo, TextSetter& setter, const PlacedText& text) {
  setter.draw(cairo, text.text, text.style, text.max_width, text.x, text.y, text.vertical);
}

Layout lay_out(const Figure& figure, TextSetter& setter) { return Builder(figure, setter).build(); }

}  // namespace clearhead::plot
