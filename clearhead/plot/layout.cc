// The page is built from the inside outwards: cells, their labels, titles of axes, the colour bar,
// then what is written above and below.
#include "clearhead/plot/layout.h"

#include <algorithm>
#include <cmath>

#include "clearhead/plot/axis_labels.h"
#include "clearhead/plot/cell_numbers.h"
#include "clearhead/plot/panel_places.h"

namespace clearhead::plot {
namespace {

constexpr double kMargin = 12;
constexpr double kSeparatedCell = 14;  // from this size on, cells have gaps between them
constexpr double kSmallestSignedCell = 6;
constexpr double kBarWidth = 10;
constexpr double kShortestVerticalBar = 90;
constexpr double kBarLength = 220;
constexpr double kTickGap = 1.5;    // half of what lies at least between two texts
constexpr double kTextWidth = 190;  // titles and notes have at least this much room

constexpr TextStyle kTitleStyle{11.5, true, {0x1a, 0x1a, 0x1a}};
constexpr TextStyle kSubtitleStyle{8.5, false, {0x4d, 0x4d, 0x4d}};
constexpr TextStyle kAxisTitleStyle{8.5, false, {0x33, 0x33, 0x33}};
constexpr TextStyle kBarStyle{7.5, false, {0x40, 0x40, 0x40}};
constexpr TextStyle kNoteStyle{7.5, false, {0x59, 0x59, 0x59}};

// Builds a layout in coordinates whose origin is the upper left corner of the first panel's cells.
class Builder {
 public:
  Builder(const Figure& figure, TextSetter& setter)
      : figure_(figure), setter_(setter), places_(place_panels(figure, setter)) {}

  Layout build();

 private:
  void add_panels();
  void add_row_labels(const PanelPlace& place, const Axis& axis);
  void add_column_labels(const PanelPlace& place, const Axis& axis);
  void choose_sign_marks();
  void add_axis_titles();
  std::vector<Tick> separate_ticks(int count, double length);
  void add_vertical_bar();
  void add_horizontal_bar();
  void add_heading();
  void add_swatches();
  void add_notes();
  void move_onto_page();

  TextExtents measure(const std::string& text, const TextStyle& style, double max_width = 0) {
    return setter_.measure(text, style, max_width);
  }
  void add_text(const std::string& text, const TextStyle& style, double x, double y,
                double max_width = 0, bool vertical = false);
  double text_width() const { return std::max(kTextWidth, extent_.right() - places_.bodies.x); }

  const Figure& figure_;
  TextSetter& setter_;
  Layout layout_;
  PanelPlaces places_;
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
  add_panels();
  place_numbers(figure_, setter_, layout_);
  choose_sign_marks();
  add_axis_titles();
  if (places_.bodies.height >= kShortestVerticalBar) {
    add_vertical_bar();
  } else {
    add_horizontal_bar();
  }
  add_heading();
  add_swatches();
  add_notes();
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

// The cells of all panels, with their titles and the labels of their axes.
void Builder::add_panels() {
  for (std::size_t i = 0; i < places_.panels.size(); ++i) {
    const PanelPlace& place = places_.panels[i];
    const FigurePanel& panel = figure_.panels[i];
    include(extent_, place.body);
    layout_.panels.push_back(
        {.body = place.body,
         .cell_width = place.cell_width,
         .cell_height = place.cell_height,
         .separated = std::min(place.cell_width, place.cell_height) >= kSeparatedCell});
    if (places_.titled) {
      add_text(panel.title, kPanelTitleStyle, place.body.x, place.body.y - 5, place.title_width);
    }
    add_row_labels(place, panel.rows);
    add_column_labels(place, panel.columns);
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

void Builder::add_row_labels(const PanelPlace& place, const Axis& axis) {
  const Rect& body = place.body;
  const AxisLabels& labels = place.rows;
  const double right = body.x - kLabelGap - (labels.marks ? kMark : 0);
  for (const std::int64_t i : labels.indices) {
    const std::string text = axis.label(i);
    const double y = body.y + axis.position(i) * place.cell_height;
    const double width = measure(text, labels.style, labels.max_width).width;
    add_text(text, labels.style, right - width, y + middle_height(labels.style), labels.max_width);
    if (labels.marks) layout_.marks.push_back({body.x - kMark, y, body.x, y});
  }
}

void Builder::add_column_labels(const PanelPlace& place, const Axis& axis) {
  const Rect& body = place.body;
  const AxisLabels& labels = place.columns;
  const double top = body.bottom() + kLabelGap + (labels.marks ? kMark : 0);
  for (const std::int64_t i : labels.indices) {
    const std::string text = axis.label(i);
    const double x = body.x + axis.position(i) * place.cell_width;
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

void Builder::add_axis_titles() {
  const double left = extent_.x, bottom = extent_.bottom();
  const auto middle_start = [&](const std::string& text, double length, double& max_width) {
    max_width = std::max(length, kTextWidth / 2);
    return (length - measure(text, kAxisTitleStyle, max_width).width) / 2;
  };
  double max_width = 0;
  if (!figure_.row_title.empty()) {
    const double start = middle_start(figure_.row_title, places_.bodies.height, max_width);
    add_text(figure_.row_title, kAxisTitleStyle, left - 8, places_.bodies.height - start, max_width,
             true);
  }
  if (!figure_.column_title.empty()) {
    const double start = middle_start(figure_.column_title, places_.bodies.width, max_width);
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

void Builder::add_vertical_bar() {
  Rect& bar = layout_.bar;
  bar = {extent_.right() + 18, 0, kBarWidth,
         snap_down(std::min(places_.bodies.height, kBarLength))};
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

void Builder::add_horizontal_bar() {
  layout_.bar_is_vertical = false;
  Rect& bar = layout_.bar;
  bar = {0, snap_up(extent_.bottom() + 14),
         snap_down(std::clamp(places_.bodies.width, kTextWidth - 40, kBarLength)), kBarWidth};
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

void Builder::add_heading() {
  std::vector<std::pair<std::string, TextStyle>> lines;
  for (std::string& line : setter_.wrap(figure_.title, kTitleStyle, text_width(), 3)) {
    lines.emplace_back(std::move(line), kTitleStyle);
  }
  if (places_.panels.size() == 1) {
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

void Builder::add_swatches() {
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

void Builder::add_notes() {
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

void draw_text(cairo_t* cairo, TextSetter& setter, const PlacedText& text) {
  setter.draw(cairo, text.text, text.style, text.max_width, text.x, text.y, text.vertical);
}

Layout lay_out(const Figure& figure, TextSetter& setter) { return Builder(figure, setter).build(); }

}  // namespace clearhead::plot
