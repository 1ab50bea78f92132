// Escape sequences of ECMA-48 (SGR), written only where the style changes.
#include "clearhead/plot/terminal_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

// Colour `number` (16 … 255): a cube of six levels a channel, then 24 greys.
Rgb fixed_color(int number) {
  if (number >= 232) {
    const auto grey = static_cast<std::uint8_t>(8 + 10 * (number - 232));
    return {grey, grey, grey};
  }
  static constexpr std::uint8_t kLevels[] = {0, 95, 135, 175, 215, 255};
  const int i = number - 16;
  return {kLevels[i / 36], kLevels[i / 6 % 6], kLevels[i % 6]};
}

// The parameters that choose a colour; `base` is 38 for text, 48 for what is behind it.
std::string color_code(int base, Rgb color, ColorDepth colors) {
  if (colors == ColorDepth::palette_256) {
    return fmt::format(";{};5;{}", base, nearest_of_256(color));
  }
  return fmt::format(";{};2;{};{};{}", base, color.r, color.g, color.b);
}

}  // namespace

int nearest_of_256(Rgb color) {
  static const std::vector<OkLab> kFixed = [] {
    std::vector<OkLab> fixed;
    for (int i = 16; i < 256; ++i) fixed.push_back(to_oklab(fixed_color(i)));
    return fixed;
  }();
  const OkLab wanted = to_oklab(color);
  const auto nearest = std::min_element(kFixed.begin(), kFixed.end(), [&](OkLab x, OkLab y) {
    return distance(x, wanted) < distance(y, wanted);
  });
  return 16 + static_cast<int>(nearest - kFixed.begin());
}

void TerminalLine::set(const TerminalStyle& style) {
  if (style == style_) return;
  style_ = style;
  if (colors_ == ColorDepth::none) return;
  text_ += "\x1b[0";
  if (style.bold) text_ += ";1";
  if (style.faint) text_ += ";2";
  if (style.foreground) text_ += color_code(38, *style.foreground, colors_);
  if (style.background) text_ += color_code(48, *style.background, colors_);
  text_ += 'm';
}

void TerminalLine::add(std::string_view text, const TerminalStyle& style) {
  if (text.empty()) return;
  set(style);
  text_ += text;
  width_ += display_width(text);
}

void TerminalLine::pad_to(int width) {
  if (width > width_) add(std::string(static_cast<std::size_t>(width - width_), ' '));
}

void TerminalLine::append(const TerminalLine& line) {
  set({});
  text_ += line.text_;
  style_ = line.style_;
  width_ += line.width_;
}

std::string TerminalLine::text() const {
  TerminalLine line = *this;
  if (style_ == TerminalStyle{} || colors_ == ColorDepth::none) {
    line.text_.erase(line.text_.find_last_not_of(' ') + 1);
  }
  line.set({});
  return line.text_;
}

}  // namespace clearhead::plot
