// What a heatmap refuses, and what its figure says.
#include "clearhead/plot/heatmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/plot/figure.h"
#include "tests/plot/figures.h"

namespace clearhead::plot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string fault(const Heatmap& heatmap) {
  try {
    heatmap.validate();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Heatmap, AcceptsEveryEdgeCase) {
  for (const auto& [name, heatmap] : edge_cases()) EXPECT_EQ(fault(heatmap), "") << name;
}

TEST(Heatmap, NamesTheFault) {
  EXPECT_THAT(fault({}), HasSubstr("expected 1 to 256 panels, got 0"));
  EXPECT_THAT(fault(heads(257, 1, 1)), HasSubstr("got 257"));
  EXPECT_THAT(fault({.panels = {{}}}), HasSubstr("no values"));
  EXPECT_THAT(fault({.panels = {{.title = "x", .values = Tensor({2, 3, 4})}}}),
              testing::AllOf(HasSubstr("panel 1 of 1 (x)"), HasSubstr("[2, 3, 4]")));
  EXPECT_THAT(fault(one_panel(Tensor({0, 3}))), HasSubstr("nothing to draw, its shape is [0, 3]"));
  Heatmap heatmap = one_panel(Tensor({2, 3}));
  heatmap.panels[0].row_labels = {"a"};
  EXPECT_THAT(fault(heatmap), HasSubstr("expected 2 row labels"));
  heatmap.panels[0].row_labels = {"a", "b"};
  heatmap.panels[0].column_labels = {"a", "b"};
  EXPECT_THAT(fault(heatmap), HasSubstr("expected 3 column labels"));
}

TEST(Heatmap, RefusesARangeThatDoesNotAscend) {
  Heatmap heatmap = one_panel(Tensor({2, 2}));
  for (const Range range : {Range{1, 1}, Range{2, 1}, Range{0, kInfinity}, Range{kNan, 1}}) {
    heatmap.range = range;
    EXPECT_THAT(fault(heatmap), HasSubstr("low < high"));
  }
  heatmap.scale = Scale::log;
  heatmap.range = Range{0, 1};
  EXPECT_THAT(fault(heatmap), HasSubstr("above 0"));
}

TEST(Heatmap, LogScaleTakesZeroAndMaskedButNothingNegative) {
  Heatmap heatmap = one_panel(Tensor::of<double>({1, 3}, {0, 1, -kInfinity}));
  heatmap.scale = Scale::log;
  EXPECT_EQ(fault(heatmap), "");
  heatmap.panels[0].values = Tensor::of<double>({1, 2}, {1, -0.5});
  EXPECT_THAT(fault(heatmap), testing::AllOf(HasSubstr("-0.5"), HasSubstr("linear")));
}

TEST(Heatmap, NamesOfOptionsAreComplete) {
  EXPECT_EQ(color_map_names().size(), 4u);
  EXPECT_EQ(pool_names().at("mean"), Pool::mean);
  EXPECT_EQ(scale_names().at("log"), Scale::log);
}

TEST(Figure, SaysHowItWasPooled) {
  Heatmap heatmap = one_panel(random_weights(100, 60, 1));
  EXPECT_THAT(prepare_figure(heatmap, 100, 60).notes, IsEmpty());
  EXPECT_THAT(prepare_figure(heatmap, 50, 20).notes,
              ElementsAre("Each cell is the max of 2 × 3 values; the whole has 100 × 60."));
  EXPECT_THAT(prepare_figure(heatmap, 40, 60).notes,
              ElementsAre("Each cell is the max of up to 3 × 1 values; the whole has 100 × 60."));
  heatmap.pool = Pool::mean;
  EXPECT_THAT(prepare_figure(heatmap, 50, 20).notes[0], HasSubstr("the mean of 2 × 3"));
}

// The max of signed values would hide all that lies far below zero.
TEST(Figure, PoolsSignedValuesByMagnitudeUnlessToldOtherwise) {
  Heatmap heatmap = one_panel(Tensor::of<double>({1, 4}, {-5, 1, 2, -1}));
  const Figure figure = prepare_figure(heatmap, 1, 2);
  EXPECT_THAT(figure.panels[0].grid.values, ElementsAre(-5, 2));
  EXPECT_THAT(figure.notes[0], HasSubstr("value farthest from zero"));
  EXPECT_EQ(figure.scale.color_map(), ColorMap::blue_to_red);
  heatmap.pool = Pool::max;
  EXPECT_THAT(prepare_figure(heatmap, 1, 2).panels[0].grid.values, ElementsAre(1, 2));
}

TEST(Figure, NamesThePanelsThatArePooled) {
  Heatmap heatmap = one_panel(Tensor({4, 4}));
  heatmap.panels[0].title = "small";
  heatmap.panels.push_back({.title = "large", .values = Tensor({8, 8})});
  EXPECT_THAT(prepare_figure(heatmap, 4, 4).notes,
              ElementsAre("large: Each cell is the max of 2 × 2 values; the whole has 8 × 8."));
}

TEST(Figure, SaysWhatLiesBeyondTheRange) {
  Heatmap heatmap = one_panel(Tensor::of<double>({1, 4}, {0, 0.5, 2, 9}));
  heatmap.range = Range{1, 4};
  EXPECT_THAT(prepare_figure(heatmap, 9, 9).notes,
              ElementsAre("Values below 1 have the lowest colour.",
                          "Values above 4 have the highest colour."));
  heatmap.range.reset();
  heatmap.scale = Scale::log;
  EXPECT_THAT(prepare_figure(heatmap, 9, 9).notes, ElementsAre("0 has the lowest colour."));
}

TEST(Figure, ShortensTitlesOfAbsurdLength) {
  Heatmap heatmap = one_panel(Tensor({1, 1}));
  heatmap.title = std::string(1'000'000, 'a');
  EXPECT_EQ(prepare_figure(heatmap, 1, 1).title, std::string(499, 'a') + "…");
}

TEST(Figure, SharesAxesOnlyIfAllAreTheSame) {
  Heatmap heatmap = heads(3, 4, 5);
  EXPECT_TRUE(prepare_figure(heatmap, 9, 9).shares_axes());
  heatmap.panels[2].row_labels[1] += "x";
  EXPECT_FALSE(prepare_figure(heatmap, 9, 9).shares_axes());
}

}  // namespace
}  // namespace clearhead::plot
