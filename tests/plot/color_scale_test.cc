// Ranges, positions, ticks, and numbers as text.
#include "clearhead/plot/color_scale.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/plot/figures.h"

namespace clearhead::plot {
namespace {

ColorScale scale_of(const std::vector<double>& values, Heatmap heatmap = {}) {
  Statistics seen;
  for (const double x : values) seen.add(x);
  return ColorScale(heatmap, seen, seen.both_signs());
}

TEST(ColorScale, RangeBeginsAtZeroUnlessValuesLieFarFromIt) {
  EXPECT_EQ(scale_of({0.1, 0.9}).range().low, 0);
  EXPECT_EQ(scale_of({0.1, 0.9}).range().high, 0.9);
  EXPECT_EQ(scale_of({100, 101}).range().low, 100);
  EXPECT_EQ(scale_of({-8, -1}).range().high, 0);
  EXPECT_EQ(scale_of({-8, -1}).range().low, -8);
}

TEST(ColorScale, SignedValuesDivergeAboutZero) {
  const ColorScale scale = scale_of({-1, 4});
  EXPECT_EQ(scale.color_map(), ColorMap::blue_to_red);
  EXPECT_EQ(scale.range().low, -4);
  EXPECT_EQ(scale.range().high, 4);
  EXPECT_EQ(scale.position(0), 0.5);
  EXPECT_EQ(scale_of({1, 4}).color_map(), ColorMap::violet_to_yellow);
}

TEST(ColorScale, ChosenMapAndRangeHold) {
  Heatmap heatmap{.color_map = ColorMap::blue_to_yellow, .range = Range{-1, 3}};
  const ColorScale scale = scale_of({-5, 5}, heatmap);
  EXPECT_EQ(scale.color_map(), ColorMap::blue_to_yellow);
  EXPECT_EQ(scale.position(-1), 0);
  EXPECT_EQ(scale.position(1), 0.5);
  EXPECT_EQ(scale.position(9), 1);  // cut at the end
  // A diverging map keeps white at zero also in an uneven range.
  heatmap.color_map = ColorMap::blue_to_red;
  const ColorScale uneven = scale_of({-5, 5}, heatmap);
  EXPECT_GT(luminance(uneven.color(0)), 0.9);
  EXPECT_LT(luminance(uneven.color(3)), 0.1);
}

TEST(ColorScale, LogScaleSpansAtMostSixDecades) {
  const Heatmap log{.scale = Scale::log};
  const ColorScale narrow = scale_of({0, 0.01, 1}, log);
  EXPECT_EQ(narrow.range().low, 0.01);
  EXPECT_NEAR(narrow.position(0.1), 0.5, 1e-12);
  EXPECT_EQ(narrow.position(0), 0);
  EXPECT_NEAR(scale_of({1e-30, 1}, log).range().low, 1e-6, 1e-18);
}

TEST(ColorScale, ValueAtInvertsPosition) {
  for (const Scale kind : {Scale::linear, Scale::log}) {
    const ColorScale scale = scale_of({0.001, 7}, {.scale = kind});
    for (const double x : {0.01, 0.5, 3.0}) {
      EXPECT_NEAR(scale.value_at(scale.position(x)), x, 1e-12 * 7);
    }
  }
}

TEST(ColorScale, TicksAscendWithinTheBarAndDoNotRepeat) {
  std::vector<std::vector<double>> samples{{0, 1},           {0.2, 0.21}, {-3, 8},
                                           {1000, 1000.001}, {1e-9, 1e9}, {-1e300, 1e300},
                                           {0, 5e-324},      {0, 1e-320}, {12345678, 12345679}};
  for (const auto& values : samples) {
    for (const Scale kind : {Scale::linear, Scale::log}) {
      if (kind == Scale::log && values[0] < 0) continue;
      const ColorScale scale = scale_of(values, {.scale = kind});
      for (int count = 1; count < 12; ++count) {
        const std::vector<Tick> ticks = scale.ticks(count);
        ASSERT_GE(ticks.size(), 2u);
        ASSERT_LE(ticks.size(), 3u * count + 2);
        EXPECT_EQ(ticks.front().position, 0);
        EXPECT_EQ(ticks.back().position, 1);
        for (std::size_t i = 1; i < ticks.size(); ++i) {
          ASSERT_GT(ticks[i].position, ticks[i - 1].position);
        }
      }
    }
  }
}

TEST(ColorScale, TicksAreRound) {
  std::vector<std::string> texts;
  for (const Tick& tick : scale_of({0, 1}).ticks(5)) texts.push_back(tick.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  texts.clear();
  for (const Tick& tick : scale_of({1e-4, 1}, {.scale = Scale::log}).ticks(5)) {
    texts.push_back(tick.text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"}));
}

TEST(NumberText, IsTypeset) {
  EXPECT_EQ(number_text(0.25, 3), "0.25");
  EXPECT_EQ(number_text(-3, 3), "−3");
  EXPECT_EQ(number_text(1.5e-7, 3), "1.5e−7");
  EXPECT_EQ(number_text(-0.0, 3), "0");
  EXPECT_EQ(decimal_text(-0.5, 2), "−0.50");
  EXPECT_EQ(decimal_text(-0.001, 2), "0.00");
  EXPECT_EQ(value_text(-kInfinity, 3), "·");
  EXPECT_EQ(value_text(kInfinity, 3), "+∞");
  EXPECT_EQ(value_text(kNan, 3), "NaN");
}

}  // namespace
}  // namespace clearhead::plot
