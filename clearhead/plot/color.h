// Colours: sRGB and OKLab, and the three colour maps.
//
// Source of OKLab: B. Ottosson, "A perceptual color space for image processing" (2020).
#ifndef CLEARHEAD_PLOT_COLOR_H_
#define CLEARHEAD_PLOT_COLOR_H_

#include <array>
#include <cstdint>

#include "clearhead/plot/heatmap.h"

namespace clearhead::plot {

/// A colour of a screen: sRGB, 8 bits a channel.
struct Rgb {
  std::uint8_t r = 0;  ///< red
  std::uint8_t g = 0;  ///< green
  std::uint8_t b = 0;  ///< blue

  bool operator==(const Rgb&) const = default;
};

/// A colour by how the eye sees it: lightness 0 … 1, green to red, blue to yellow. Colours at equal
/// distances look about equally different.
struct OkLab {
  double l = 0;  ///< lightness
  double a = 0;  ///< green to red
  double b = 0;  ///< blue to yellow
};

/// Of a colour of the screen (Ottosson 2020).
OkLab to_oklab(Rgb color);
/// The nearest 8-bit colour; channels outside sRGB are cut.
Rgb to_rgb(OkLab color);
/// How different two colours look.
double distance(OkLab x, OkLab y);

/// Relative luminance, 0 … 1: Y of CIE XYZ, by which WCAG defines contrast.
double luminance(Rgb color);
/// White or black, whichever stands out more on `background`.
Rgb text_color_on(Rgb background);

/// The colours of a map.
inline constexpr int kColorCount = 256;
/// From lowest to highest.
using ColorTable = std::array<Rgb, kColorCount>;

/// The colours of a map from lowest to highest: a curve in OKLab, in equal steps. `map` is not
/// automatic.
const ColorTable& color_table(ColorMap map);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_COLOR_H_
