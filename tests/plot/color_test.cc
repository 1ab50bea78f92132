// What the colour maps promise, measured: even steps, lightness that orders values also in grey,
// and colours that stay apart for the colour-blind.
#include "clearhead/plot/color.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace clearhead::plot {
namespace {

constexpr ColorMap kSequential[] = {ColorMap::violet_to_yellow, ColorMap::blue_to_yellow};
constexpr ColorMap kAll[] = {ColorMap::violet_to_yellow, ColorMap::blue_to_yellow,
                             ColorMap::blue_to_red};

// L* of CIELAB, 0 … 100: how light a colour is, by another formula than OKLab's, of which the maps
// are made.
double cie_lightness(Rgb color) {
  const double y = luminance(color);
  return y > 216.0 / 24389 ? 116 * std::cbrt(y) - 16 : y * 24389.0 / 27;
}

double linear(std::uint8_t channel) {
  const double x = channel / 255.0;
  return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4);
}

std::uint8_t channel(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return static_cast<std::uint8_t>(
      std::lround(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055)));
}

using Matrix = double[3][3];

// How one who lacks a kind of cone sees a colour. Source: Machado, Oliveira, Fernandes, "A
// physiologically-based model for simulation of color vision deficiency" (2009), severity 1.
constexpr Matrix kProtanopia = {{0.152286, 1.052583, -0.204868},
                                {0.114503, 0.786281, 0.099216},
                                {-0.003882, -0.048116, 1.051998}};
constexpr Matrix kDeuteranopia = {{0.367322, 0.860646, -0.227968},
                                  {0.280085, 0.672501, 0.047413},
                                  {-0.011820, 0.042940, 0.968881}};

Rgb seen(const Matrix& m, Rgb c) {
  const double in[3] = {linear(c.r), linear(c.g), linear(c.b)};
  double out[3];
  for (int i = 0; i < 3; ++i) out[i] = m[i][0] * in[0] + m[i][1] * in[1] + m[i][2] * in[2];
  return {channel(out[0]), channel(out[1]), channel(out[2])};
}

double difference(Rgb x, Rgb y) { return distance(to_oklab(x), to_oklab(y)); }

TEST(Color, OkLabReturnsEveryColour) {
  for (int r = 0; r < 256; r += 15) {
    for (int g = 0; g < 256; g += 15) {
      for (int b = 0; b < 256; b += 15) {
        const Rgb color{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                        static_cast<std::uint8_t>(b)};
        ASSERT_EQ(to_rgb(to_oklab(color)), color);
      }
    }
  }
}

// Reference values of B. Ottosson's page: white is (1, 0, 0), pure red is (0.628, 0.225, 0.126).
TEST(Color, OkLabMatchesItsSource) {
  const OkLab white = to_oklab(Rgb{255, 255, 255});
  EXPECT_NEAR(white.l, 1, 1e-6);
  EXPECT_NEAR(std::hypot(white.a, white.b), 0, 1e-6);
  const OkLab red = to_oklab(Rgb{255, 0, 0});
  EXPECT_NEAR(red.l, 0.628, 1e-3);
  EXPECT_NEAR(red.a, 0.225, 1e-3);
  EXPECT_NEAR(red.b, 0.126, 1e-3);
}

// Over eight entries the rounding to 8 bits, up to half a step of a channel at each end, averages
// out to within a few per cent; curvature shortens the chord a little.
TEST(ColorMaps, StepsAreEven) {
  for (const ColorMap map : kAll) {
    const ColorTable& table = color_table(map);
    double least = 1e9, most = 0;
    for (int i = 8; i < kColorCount; ++i) {
      if (map == ColorMap::blue_to_red && i >= 128 && i < 136) continue;  // the turn at white
      const double step = difference(table[i], table[i - 8]);
      least = std::min(least, step);
      most = std::max(most, step);
    }
    EXPECT_LT(most / least, 1.3) << static_cast<int>(map);
  }
}

TEST(ColorMaps, SequentialOnesGrowLighterThroughout) {
  for (const ColorMap map : kSequential) {
    const ColorTable& table = color_table(map);
    for (int i = 1; i < kColorCount; ++i) {
      // Half an 8-bit step of green, the heaviest channel, is worth 0.15 of L*.
      ASSERT_GT(cie_lightness(table[i]), cie_lightness(table[i - 1]) - 0.15) << i;
      if (i >= 4) {
        ASSERT_GT(cie_lightness(table[i]), cie_lightness(table[i - 4]) + 0.3) << i;
      }
    }
    EXPECT_GT(cie_lightness(table.back()) - cie_lightness(table.front()), 70);
  }
}

TEST(ColorMaps, DivergingArmsDarkenAlikeFromWhite) {
  const ColorTable& table = color_table(ColorMap::blue_to_red);
  EXPECT_GT(cie_lightness(table[127]), 95);
  EXPECT_GT(cie_lightness(table[128]), 95);
  for (int i = 0; i < 128; ++i) {
    if (i > 0) {
      ASSERT_GT(cie_lightness(table[i]), cie_lightness(table[i - 1]) - 0.15) << i;
    }
    // Equal magnitudes are about equally light: OKLab and L* weigh red and blue differently by a
    // few units.
    ASSERT_NEAR(cie_lightness(table[i]), cie_lightness(table[255 - i]), 8) << i;
  }
  EXPECT_LT(cie_lightness(table[0]), 35);
  EXPECT_GT(to_oklab(table[0]).b, -1);
  EXPECT_LT(to_oklab(table[0]).b, -0.1);    // blue lies below zero
  EXPECT_GT(to_oklab(table[255]).a, 0.08);  // and red above
}

// Two of nine levels of a map: 0.05 is more than twice what the eye notices (0.02).
TEST(ColorMaps, LevelsStayApartForTheColourBlind) {
  for (const Matrix* eye : {&kProtanopia, &kDeuteranopia}) {
    for (const ColorMap map : kAll) {
      const ColorTable& table = color_table(map);
      for (int i = 0; i < 9; ++i) {
        for (int j = 0; j < i; ++j) {
          const Rgb x = seen(*eye, table[i * 255 / 8]), y = seen(*eye, table[j * 255 / 8]);
          EXPECT_GT(difference(x, y), 0.05) << static_cast<int>(map) << ": " << i << ", " << j;
        }
      }
    }
  }
}

TEST(ColorMaps, SignsStayApartForTheColourBlind) {
  const ColorTable& table = color_table(ColorMap::blue_to_red);
  for (const Matrix* eye : {&kProtanopia, &kDeuteranopia}) {
    for (int i = 0; i < 96; ++i) {  // magnitudes from a quarter of the greatest on
      EXPECT_GT(difference(seen(*eye, table[i]), seen(*eye, table[255 - i])), 0.08) << i;
    }
  }
}

// 4.5 : 1 is what WCAG asks of text.
TEST(ColorMaps, NumbersAreReadableOnEveryColour) {
  for (const ColorMap map : kAll) {
    for (const Rgb color : color_table(map)) {
      const double a = luminance(color) + 0.05, b = luminance(text_color_on(color)) + 0.05;
      ASSERT_GE(std::max(a, b) / std::min(a, b), 4.5);
    }
  }
}

}  // namespace
}  // namespace clearhead::plot
