// Figures of curves: axes and ticks, nothing that touches, every format, values that cannot be
// drawn.
#include "clearhead/plot/line_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/line_figure.h"
#include "clearhead/plot/line_layout.h"
#include "tests/plot/figures.h"
#include "tests/testing.h"

namespace clearhead::plot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

LinePlot plot_of(std::vector<double> x, std::vector<double> y) {
  return {.title = "A title",
          .curves = {{.name = "loss", .x = std::move(x), .y = std::move(y)}},
          .x_title = "step",
          .y_title = "value"};
}

LinePlot random_plot(int curves, int points, std::uint64_t seed, double greatest = 1) {
  LinePlot plot{.title = "Many curves", .x_title = "step", .y_title = "loss"};
  Random random(seed);
  const std::vector<std::string> names = random_labels(curves, seed);
  for (int c = 0; c < curves; ++c) {
    Curve curve{.name = names[c]};
    for (int i = 1; i <= points; ++i) {
      curve.x.push_back(i);
      curve.y.push_back(greatest * random.uniform() + 1e-3);
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

std::vector<std::pair<std::string, LinePlot>> plots() {
  constexpr double kMost = std::numeric_limits<double>::max();
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  std::vector<std::pair<std::string, LinePlot>> cases{
      {"one point", plot_of({3}, {4})},
      {"zero", plot_of({0}, {0})},
      {"constant", plot_of({1, 2, 3}, {5, 5, 5})},
      {"negative", plot_of({-3, -2, -1}, {-5, -5.5, -7})},
      {"no number", plot_of({1, 2}, {kNan, kInfinity})},
      {"gaps", plot_of({1, 2, 3, 4, 5}, {1, kNan, 3, kInfinity, 2})},
      {"greatest numbers", plot_of({-kMost, kMost}, {-kMost, kMost})},
      {"smallest numbers", plot_of({0, kLeast}, {0, kLeast})},
      {"tiny steps", plot_of({1, 1 + 1e-15}, {1e9, 1e9 + 1e-6})},
      {"no text", {.curves = {{.x = {1, 2}, .y = {1, 2}}}}},
      {"seven curves", random_plot(7, 20, 1)},
      {"large numbers", random_plot(3, 3000, 2, 1e12)},
  };
  for (const bool powers : {false, true}) {
    LinePlot log = powers ? plot_of({8, 16, 32, 64, 512}, {1e-30, 1, 1e4, 0.1, 1e20})
                          : plot_of({1, 30, 700, 8000}, {0.5, 0.7, 0.9, 0});
    log.x_scale = log.y_scale = Scale::log;
    cases.emplace_back(powers ? "log, powers of two" : "log, a zero", log);
  }
  LinePlot ends = plot_of({kLeast, kMost}, {kLeast, kMost});
  ends.x_scale = ends.y_scale = Scale::log;
  cases.emplace_back("log, all numbers", ends);
  LinePlot range = random_plot(2, 10, 4, 5);
  range.y_range = Range{0.5, 1};
  cases.emplace_back("a range within the values", range);
  LinePlot long_text = random_plot(7, 5, 5);
  long_text.title = long_text.x_title = long_text.y_title =
      "A title that is far too long to be drawn in one line, whatever the room that there is for "
      "it";
  cases.emplace_back("long text", long_text);
  return cases;
}

std::vector<std::string> texts_of(const std::vector<Tick>& ticks) {
  std::vector<std::string> texts;
  for (const Tick& tick : ticks) texts.push_back(tick.text);
  return texts;
}

TEST(LineAxis, TicksAreRound) {
  const auto texts = [](Scale scale, double low, double high, bool powers_of_two = false) {
    return texts_of(LineAxis{"", scale, low, high, powers_of_two}.ticks(7));
  };
  EXPECT_THAT(texts(Scale::linear, 0, 5000),
              ElementsAre("0", "1000", "2000", "3000", "4000", "5000"));
  EXPECT_THAT(texts(Scale::linear, -0.5, 1), ElementsAre("−0.5", "0.0", "0.5", "1.0"));
  EXPECT_THAT(texts(Scale::log, 8, 512, true),
              ElementsAre("8", "16", "32", "64", "128", "256", "512"));
  EXPECT_THAT(texts(Scale::log, 0.5, 2000), ElementsAre("1", "10", "100", "1000"));
  EXPECT_THAT(texts(Scale::log, 1e-20, 3),
              ElementsAre("10⁻¹⁸", "10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"));
  EXPECT_THAT(texts(Scale::log, 3, 60), ElementsAre("5", "10", "20", "50"));
}

TEST(LineAxis, PositionsFollowTheScale) {
  EXPECT_DOUBLE_EQ((LineAxis{"", Scale::linear, 2, 4}.position(2.5)), 0.25);
  EXPECT_DOUBLE_EQ((LineAxis{"", Scale::log, 1, 100}.position(10)), 0.5);
}

TEST(LineFigure, RangesHoldTheValues) {
  LineFigure figure = prepare_line_figure(plot_of({10, 990}, {1.2, 4.5}));
  EXPECT_EQ(figure.x.low, 10);
  EXPECT_EQ(figure.x.high, 990);
  EXPECT_EQ(figure.y.low, 1);  // round values around those of y
  EXPECT_EQ(figure.y.high, 4.5);
  figure = prepare_line_figure(plot_of({1, 2}, {0.1, 0.93}));
  EXPECT_EQ(figure.y.low, 0);  // small against the greatest
  EXPECT_EQ(figure.y.high, 1);
}

TEST(LineFigure, WhatCannotBeDrawnBreaksTheLineAndIsSaid) {
  const LineFigure figure = prepare_line_figure(plot_of({1, 2, 3, 4}, {1, 2, kNan, 4}));
  ASSERT_EQ(figure.curves[0].pieces.size(), 2u);
  EXPECT_EQ(figure.curves[0].pieces[1].size(), 1u);
  EXPECT_THAT(figure.notes, ElementsAre("1 point is not drawn: no finite number."));
  LinePlot log = plot_of({1, 2, 3}, {1, 0, -1});
  log.y_scale = Scale::log;
  EXPECT_THAT(prepare_line_figure(log).notes,
              ElementsAre("2 points are not drawn: not above 0, or no number."));
}

TEST(LineFigure, ManyPointsKeepTheirExtremes) {
  LinePlot plot = random_plot(1, 1'000'000, 6);
  plot.curves[0].y[123'456] = 17;
  const LineFigure figure = prepare_line_figure(plot);
  const auto& piece = figure.curves[0].pieces[0];
  EXPECT_LT(piece.size(), 10'000u);
  const auto greatest =
      std::max_element(piece.begin(), piece.end(), [](auto& a, auto& b) { return a.y < b.y; });
  EXPECT_DOUBLE_EQ(greatest->y, figure.y.position(17));
  EXPECT_TRUE(
      std::is_sorted(piece.begin(), piece.end(), [](auto& a, auto& b) { return a.x < b.x; }));
}

TEST(LineLayout, NothingTouches) {
  for (const auto& [name, plot] : plots()) {
    SCOPED_TRACE(name);
    TextSetter setter;
    const LineFigure figure = prepare_line_figure(plot);
    const LineLayout layout = lay_out(figure, setter);
    std::vector<Rect> boxes{layout.body};
    for (const PlacedText& text : layout.texts) boxes.push_back(text.ink);
    for (const Line& line : layout.samples) {
      boxes.push_back({line.x1, line.y1 - 4, line.x2 - line.x1, 8});
    }
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const Rect& box = boxes[i];
      if (box.width == 0) continue;  // a text of blanks
      ASSERT_GE(box.x, 0);
      ASSERT_GE(box.y, 0);
      ASSERT_LE(box.right(), layout.width);
      ASSERT_LE(box.bottom(), layout.height);
      for (std::size_t j = 0; j < i; ++j) {
        ASSERT_FALSE(overlap(box, boxes[j])) << i << " and " << j;
      }
    }
    EXPECT_GE(layout.grid.size(), 2u);
  }
}

TEST(LinePlot, EveryFormatDrawsEveryCase) {
  for (const auto& [name, plot] : plots()) {
    SCOPED_TRACE(name);
    EXPECT_THAT(render_svg(plot), StartsWith("<?xml"));
    EXPECT_THAT(render_pdf(plot), StartsWith("%PDF-"));
    EXPECT_THAT(render_png(plot), StartsWith("\x89PNG"));
    EXPECT_THAT(render_html(plot), StartsWith("<!DOCTYPE html>"));
  }
}

TEST(LinePlot, SamePlotGivesSameBytes) {
  const LinePlot plot = random_plot(3, 20, 7);
  using Renderer = std::string (*)(const LinePlot&);
  constexpr Renderer kRenderers[] = {render_svg, render_png, render_pdf, render_html};
  for (const Renderer render : kRenderers) EXPECT_TRUE(render(plot) == render(plot));
}

TEST(LinePlot, ManyPointsStayASmallFile) {
  const LinePlot plot = random_plot(1, 200'000, 8);
  EXPECT_LT(render_svg(plot).size(), 1u << 20);
  EXPECT_LT(render_html(plot).size(), 2u << 20);
}

TEST(LinePlot, IsAFile) {
  const TemporaryFolder folder;
  for (const std::string& ending : figure_endings()) {
    write_figure(plot_of({1, 2}, {3, 4}), folder / ("figure" + ending));
    EXPECT_GT(content(folder / ("figure" + ending)).size(), 1000u);
  }
}

TEST(LineTerminal, IsNeverWiderThanTheTerminal) {
  for (const auto& [name, plot] : plots()) {
    for (const int columns : {20, 80, 200}) {
      for (const ColorDepth colors : {ColorDepth::none, ColorDepth::true_color}) {
        SCOPED_TRACE(name);
        const std::string text =
            render_terminal(plot, {.columns = columns, .lines = 12, .colors = colors});
        std::istringstream lines(stripped(text));
        for (std::string line; std::getline(lines, line);) {
          ASSERT_LE(display_width(line), columns) << line;
        }
        EXPECT_EQ(text.find('\x1b') == std::string::npos, colors == ColorDepth::none);
      }
    }
  }
}

TEST(LineTerminal, DrawsWhatItIsGiven) {
  LinePlot plot = plot_of({0, 1, 2}, {0, 1, 0});
  plot.curves.push_back({.name = "other", .x = {0, 2}, .y = {1, 1}});
  plot.title = plot.x_title = plot.y_title = "";
  EXPECT_EQ(render_terminal(plot, {.columns = 20, .lines = 5, .colors = ColorDepth::none}),
            "1 ┤ooooooooooooooooo\n"
            "  │      ** **\n"
            "  │    **     **\n"
            "  │  **         **\n"
            "0 ┤**             **\n"
            "  └┴───────────────┴\n"
            "   0               2\n"
            "* loss   o other\n");
}

TEST(LineTerminal, OptionsAreChecked) {
  expect_error([] { render_terminal(plot_of({1}, {1}), {.columns = 10}); }, "at least 20 columns");
}

TEST(LineHtml, HasTheValuesAndLoadsNothing) {
  const std::string attack = "</script><script>alert(1)</script>&\"";
  LinePlot plot = plot_of({1, 2}, {0.1, kNan});
  plot.title = plot.x_title = plot.y_title = plot.curves[0].name = attack;
  const std::string page = render_html(plot);
  for (const char* sign : {"http:", "https:", "src=", "@import", "url(", "alert(1)</script>"}) {
    EXPECT_THAT(page, Not(HasSubstr(sign))) << sign;
  }
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t at = page.find(begin) + begin.size();
  const auto data = nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
  EXPECT_EQ(data["curves"][0]["y"][0], 0.1);
  EXPECT_TRUE(data["curves"][0]["y"][1].is_null());
  EXPECT_EQ(data["xTitle"], attack);
}

TEST(LineHtml, FollowsTheReadersDarkMode) {
  const std::string page = render_html(plot_of({1, 2}, {0.1, 0.2}));
  const std::size_t dark = page.rfind("@media (prefers-color-scheme: dark)");
  ASSERT_NE(dark, std::string::npos);
  const std::string rule = "#plot svg, #tip .item i { filter: invert(";
  EXPECT_GT(page.find(rule), dark);
  EXPECT_NE(page.find(rule), std::string::npos);
  EXPECT_THAT(page, Not(HasSubstr("background: #")));  // nothing keeps its colour
}

TEST(LinePlot, FaultsAreNamed) {
  expect_error([] { LinePlot{}.validate(); }, "expected 1 to 7 curves, got 0");
  expect_error(
      [] {
        plot_of({1, 2}, {1}).validate();
      },
      "curve 1 of 1 (loss): expected as many y as x, at least one, got 2 x and 1 y");
  expect_error([] { plot_of({}, {}).validate(); }, "at least one, got 0 x");
  expect_error([] { plot_of({2, 1}, {1, 1}).validate(); }, "finite and ascend, got 1 at 1");
  expect_error([] { plot_of({kNan}, {1}).validate(); }, "finite and ascend, got nan at 0");
  LinePlot plot = plot_of({1}, {1});
  plot.y_range = Range{1, 1};
  expect_error([&] { render_svg(plot); }, "expected a range low < high, got 1 … 1");
  plot.y_range = Range{0, 1};
  plot.y_scale = Scale::log;
  expect_error([&] { plot.validate(); }, "above 0 on a log axis, got 0 … 1");
}

}  // namespace
}  // namespace clearhead::plot
