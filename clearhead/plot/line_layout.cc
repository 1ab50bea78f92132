// From the body outwards: ticks, titles of the axes, the legend at the right, then what stands
// above and below.
#include "clearhead/plot/line_layout.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "clearhead/plot/axis_labels.h"

namespace clearhead::plot {
namespace {

constexpr double kMargin = 12;
constexpr double kBodyWidth = 400;
constexpr double kBodyHeight = 240;
constexpr double kMark = 3;
constexpr double kLabelGap = 3.5;
constexpr double kTickGap = 10;       // between the texts of two ticks of x
constexpr double kSample = 26;        // length of a line in the legend
constexpr double kLegendWidth = 150;  // of names; longer ones are shortened
constexpr double kLegendPitch = 15;
constexpr int kMostTicks = 9;

constexpr TextStyle kTitleStyle{11.5, true, {0x1a, 0x1a, 0x1a}};
constexpr TextStyle kAxisTitleStyle{8.5, false, {0x33, 0x33, 0x33}};
constexpr TextStyle kTickStyle{8, false, {0x40, 0x40, 0x40}};
constexpr TextStyle kNameStyle{8.5, false, {0x26, 0x26, 0x26}};
constexpr TextStyle kNoteStyle{7.5, false, {0x59, 0x59, 0x59}};

// Coordinates have their origin at the upper left corner of the body, until all is placed.
class Builder {
 public:
  Builder(const LineFigure& figure, TextSetter& setter) : figure_(figure), setter_(setter) {}

  LineLayout build();

 private:
  void place_x_ticks();
  void place_y_ticks();
  void place_axis_titles();
  void place_legend();
  void place_title_and_notes();
  void move_onto_page();
  void add_text(const std::string& text, const TextStyle& style, double x, double y,
                double max_width = 0, bool vertical = false);
  double width_of(const std::string& text, const TextStyle& style, double max_width = 0) {
    return setter_.measure(text, style, max_width).width;
  }

  const LineFigure& figure_;
  TextSetter& setter_;
  LineLayout layout_;
  double left_ = 0, top_ = 0, right_ = kBodyWidth, bottom_ = kBodyHeight;  // of all so far
};

LineLayout Builder::build() {
  layout_.body = {0, 0, kBodyWidth, kBodyHeight};
  place_x_ticks();
  place_y_ticks();
  place_axis_titles();
  place_legend();
  place_title_and_notes();
  move_onto_page();
  return std::move(layout_);
}

void Builder::add_text(const std::string& text, const TextStyle& style, double x, double y,
                       double max_width, bool vertical) {
  const TextExtents e = setter_.measure(text, style, max_width);
  PlacedText placed{text, style, max_width, x, y, vertical, {}};
  placed.ink = vertical ? Rect{x + e.top, y - e.right, e.bottom - e.top, e.right - e.left}
                        : Rect{x + e.left, y + e.top, e.right - e.left, e.bottom - e.top};
  left_ = std::min(left_, placed.ink.x);
  top_ = std::min(top_, placed.ink.y);
  right_ = std::max(right_, placed.ink.right());
  bottom_ = std::max(bottom_, placed.ink.bottom());
  layout_.texts.push_back(std::move(placed));
}

// As many ticks as their texts leave room for.
void Builder::place_x_ticks() {
  std::vector<Tick> ticks;
  for (int count = kMostTicks; count >= 2; --count) {
    ticks = figure_.x.ticks(count);
    const bool fit = std::adjacent_find(ticks.begin(), ticks.end(), [&](auto& a, auto& b) {
                       const double widths =
                           width_of(a.text, kTickStyle) + width_of(b.text, kTickStyle);
                       return (b.position - a.position) * kBodyWidth < widths / 2 + kTickGap;
                     }) == ticks.end();
    if (fit) break;
  }
  const double y = kBodyHeight + kMark + kLabelGap + 0.75 * kTickStyle.size;
  for (const Tick& tick : ticks) {
    const double x = tick.position * kBodyWidth;
    layout_.grid.push_back({x, 0, x, kBodyHeight});
    layout_.marks.push_back({x, kBodyHeight, x, kBodyHeight + kMark});
    add_text(tick.text, kTickStyle, x - width_of(tick.text, kTickStyle) / 2, y);
  }
}

void Builder::place_y_ticks() {
  for (const Tick& tick : figure_.y.ticks(kMostTicks - 2)) {
    const double y = (1 - tick.position) * kBodyHeight;
    layout_.grid.push_back({0, y, kBodyWidth, y});
    layout_.marks.push_back({-kMark, y, 0, y});
    add_text(tick.text, kTickStyle, -kMark - kLabelGap - width_of(tick.text, kTickStyle),
             y + middle_height(kTickStyle));
  }
}

void Builder::place_axis_titles() {
  if (!figure_.y.title.empty()) {
    const double length = width_of(figure_.y.title, kAxisTitleStyle, kBodyHeight);
    add_text(figure_.y.title, kAxisTitleStyle, left_ - 8, (kBodyHeight + length) / 2, kBodyHeight,
             true);
  }
  if (!figure_.x.title.empty()) {
    const double length = width_of(figure_.x.title, kAxisTitleStyle, kBodyWidth);
    add_text(figure_.x.title, kAxisTitleStyle, (kBodyWidth - length) / 2,
             bottom_ + 7 + 0.8 * kAxisTitleStyle.size, kBodyWidth);
  }
}

// One curve without a name needs none.
void Builder::place_legend() {
  if (figure_.curves.size() == 1 && figure_.curves[0].name.empty()) return;
  const double x = right_ + 16;
  for (std::size_t i = 0; i < figure_.curves.size(); ++i) {
    const double y = 6 + kLegendPitch * static_cast<double>(i);
    layout_.samples.push_back({x, y, x + kSample, y});
  }
  right_ = x + kSample;
  for (std::size_t i = 0; i < figure_.curves.size(); ++i) {
    add_text(figure_.curves[i].name, kNameStyle, x + kSample + 6,
             layout_.samples[i].y1 + middle_height(kNameStyle), kLegendWidth);
  }
}

void Builder::place_title_and_notes() {
  const double width = right_;
  double y = top_ - 12;
  std::vector<std::string> lines = setter_.wrap(figure_.title, kTitleStyle, width, 3);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    add_text(*line, kTitleStyle, 0, y, width);
    y -= 1.35 * kTitleStyle.size;
  }
  y = bottom_ + 7 + kNoteStyle.size;
  for (const std::string& note : figure_.notes) {
    for (const std::string& line : setter_.wrap(note, kNoteStyle, width, 6)) {
      add_text(line, kNoteStyle, 0, y, width);
      y += 1.4 * kNoteStyle.size;
    }
  }
}

void Builder::move_onto_page() {
  // Whole points, so that the lines of the axes are sharp.
  const double dx = std::ceil(kMargin - left_), dy = std::ceil(kMargin - top_);
  const auto move = [&](Line& line) {
    line = {line.x1 + dx, line.y1 + dy, line.x2 + dx, line.y2 + dy};
  };
  layout_.body.x += dx;
  layout_.body.y += dy;
  for (PlacedText& text : layout_.texts) {
    text.x += dx;
    text.y += dy;
    text.ink.x += dx;
    text.ink.y += dy;
  }
  for (auto* lines : {&layout_.grid, &layout_.marks, &layout_.samples}) {
    for (Line& line : *lines) move(line);
  }
  layout_.width = std::ceil(right_ + dx + kMargin);
  layout_.height = std::ceil(bottom_ + dy + kMargin);
}

}  // namespace

LineLayout lay_out(const LineFigure& figure, TextSetter& setter) {
  return Builder(figure, setter).build();
}

}  // namespace clearhead::plot
