// Nothing on the page touches anything else, whatever the labels and however many.
#include "clearhead/plot/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/plot/axis_labels.h"
#include "clearhead/plot/panel_places.h"
#include "tests/plot/figures.h"

namespace clearhead::plot {
namespace {

Layout layout_of(const Heatmap& heatmap) {
  const CellLimit limit = cell_limit(heatmap);
  TextSetter setter;
  return lay_out(prepare_figure(heatmap, limit.rows, limit.columns), setter);
}

bool contains(const Rect& outer, const Rect& inner) {
  constexpr double kTouch = 0.01;
  return inner.x >= outer.x - kTouch && inner.y >= outer.y - kTouch &&
         inner.right() <= outer.right() + kTouch && inner.bottom() <= outer.bottom() + kTouch;
}

// The promises of a layout, checked on the measured boxes of its texts.
void expect_tidy(const Layout& layout, const std::string& name) {
  SCOPED_TRACE(name);
  const Rect page{0, 0, layout.width, layout.height};
  for (std::size_t i = 0; i < layout.texts.size(); ++i) {
    const PlacedText& text = layout.texts[i];
    ASSERT_TRUE(contains(page, text.ink)) << text.text;
    ASSERT_GE(text.style.size, kSmallestType) << text.text;
    ASSERT_FALSE(overlap(text.ink, layout.bar)) << text.text;
    for (const PanelLayout& panel : layout.panels) {
      ASSERT_FALSE(overlap(text.ink, panel.body)) << text.text;
    }
    for (std::size_t j = 0; j < i; ++j) {
      ASSERT_FALSE(overlap(text.ink, layout.texts[j].ink))
          << '"' << text.text << "\" and \"" << layout.texts[j].text << '"';
    }
  }
  for (std::size_t i = 0; i < layout.panels.size(); ++i) {
    const PanelLayout& panel = layout.panels[i];
    ASSERT_TRUE(contains(page, panel.body));
    ASSERT_FALSE(overlap(panel.body, layout.bar));
    for (std::size_t j = 0; j < i; ++j) {
      ASSERT_FALSE(overlap(panel.body, layout.panels[j].body));
    }
    for (const PlacedText& number : panel.numbers) {
      ASSERT_GE(number.style.size, kSmallestType);
      const double column = std::floor((number.ink.x - panel.body.x) / panel.cell_width);
      const double row = std::floor((number.ink.y - panel.body.y) / panel.cell_height);
      const Rect cell{panel.body.x + column * panel.cell_width,
                      panel.body.y + row * panel.cell_height, panel.cell_width, panel.cell_height};
      ASSERT_TRUE(contains(cell, number.ink)) << number.text;
    }
  }
}

TEST(Layout, IsTidyForEveryEdgeCase) {
  for (const auto& [name, heatmap] : edge_cases()) expect_tidy(layout_of(heatmap), name);
}

TEST(Layout, IsTidyForLabelsOfAllKinds) {
  Random random(21);
  for (int round = 0; round < 40; ++round) {
    const std::int64_t rows = 1 + random.below(120), columns = 1 + random.below(120);
    expect_tidy(layout_of(labelled(rows, columns, 50 + round)),
                std::to_string(rows) + " x " + std::to_string(columns));
  }
}

TEST(Layout, IsTidyForManyPanels) {
  for (const int count : {2, 3, 5, 7, 8, 12, 16, 37, 64}) {
    expect_tidy(layout_of(heads(count, 26, 26)), std::to_string(count));
  }
}

TEST(Layout, IsTidyForPanelsOfDifferentShapes) {
  Heatmap heatmap = heads(3, 5, 7);
  heatmap.panels[1] = labelled(60, 20, 1).panels[0];
  heatmap.panels.push_back({.title = "long", .values = random_weights(300, 1200, 2)});
  expect_tidy(layout_of(heatmap), "different shapes");
}

TEST(Layout, IsTidyForLongTitles) {
  Heatmap heatmap = heads(4, 3, 3);
  const std::string text = "A title that is much longer than the figure is wide, and goes on. ";
  heatmap.title = text + text + text + text + text + text;
  heatmap.row_title = heatmap.column_title = heatmap.value_title = text;
  for (Panel& panel : heatmap.panels) panel.title = text;
  expect_tidy(layout_of(heatmap), "long titles");
}

TEST(Layout, ShowsEveryOneOfSixtyTokens) {
  Heatmap heatmap = one_panel(random_weights(60, 60, 1));
  for (int i = 0; i < 60; ++i) heatmap.panels[0].row_labels.push_back("row" + std::to_string(i));
  const Layout layout = layout_of(heatmap);
  for (const std::string& label : heatmap.panels[0].row_labels) {
    EXPECT_TRUE(std::any_of(layout.texts.begin(), layout.texts.end(), [&](const PlacedText& text) {
      return text.text == label;
    })) << label;
  }
}

TEST(Layout, WritesNumbersIntoLargeCellsOnly) {
  EXPECT_EQ(layout_of(one_panel(random_weights(3, 3, 1))).panels[0].numbers.size(), 9u);
  EXPECT_TRUE(layout_of(one_panel(random_weights(60, 60, 1))).panels[0].numbers.empty());
}

TEST(Layout, PoolsWhatHasNoRoom) {
  const Heatmap heatmap = one_panel(Tensor({5000, 5000}));
  const CellLimit limit = cell_limit(heatmap);
  EXPECT_LE(limit.rows, 1000);
  EXPECT_GE(limit.rows, 400);
  const Layout layout = layout_of(heatmap);
  EXPECT_TRUE(std::any_of(layout.texts.begin(), layout.texts.end(), [](const PlacedText& text) {
    return text.text.find("Each cell is the max of") != std::string::npos;
  }));
}

TEST(Layout, DrawsSquareMatricesSquareHoweverManyAndLarge) {
  for (const std::size_t heads : {1, 2, 3, 8, 64}) {
    for (const std::int64_t size : {30, heads < 8 ? 1500 : 400}) {  // whole, and pooled
      const Tensor values({size, size}, DType::boolean);
      const Layout layout =
          layout_of(Heatmap{.panels = std::vector<Panel>(heads, Panel{.values = values})});
      for (const PanelLayout& panel : layout.panels) {
        EXPECT_EQ(panel.body.width, panel.body.height) << heads << " of " << size;
      }
    }
  }
}

TEST(ArrangePanels, LeavesNoNeedlessGaps) {
  const auto grid = [](int count) {
    const PanelGrid g = arrange_panels(count, 1);
    EXPECT_GE(g.rows * g.columns, count);
    EXPECT_LT((g.rows - 1) * g.columns, count);
    return std::pair(g.rows, g.columns);
  };
  EXPECT_EQ(grid(1), std::pair(1, 1));
  EXPECT_EQ(grid(2), std::pair(1, 2));
  EXPECT_EQ(grid(4), std::pair(2, 2));
  EXPECT_EQ(grid(8), std::pair(2, 4));
  EXPECT_EQ(grid(12), std::pair(3, 4));
  EXPECT_EQ(grid(64), std::pair(8, 8));
  for (int count = 1; count <= 256; ++count) grid(count);
}

TEST(ArrangePanels, AsAskedFor) {
  const PanelGrid grid = arrange_panels(14, 1, 6);
  EXPECT_EQ(grid.columns, 6);
  EXPECT_EQ(grid.rows, 3);
  EXPECT_EQ(arrange_panels(3, 1, 6).columns, 3);
}

// Against the definition: the first step at which no two neighbours come closer than the gap.
TEST(LabelStep, IsTheSmallestThatFits) {
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    const std::int64_t count = 1 + random.below(60);
    const double pitch = 0.5 + 10 * random.uniform(), gap = 2 * random.uniform();
    std::vector<Reach> reach;
    std::vector<std::int64_t> steps;
    for (std::int64_t i = 0; i < count; ++i) {
      reach.push_back({-8 * random.uniform(), 8 * random.uniform()});
      steps.push_back(i + 1);
    }
    const auto fits = [&](std::int64_t k) {
      for (std::int64_t i = 0; i + k < count; i += k) {
        const double distance = reach[i + k].low + pitch * static_cast<double>(k) - reach[i].high;
        if (distance < gap) return false;
      }
      return true;
    };
    const std::int64_t step = label_step(count, pitch, gap, steps, [&](std::int64_t i) {
      return reach[static_cast<std::size_t>(i)];
    });
    EXPECT_TRUE(fits(step));
    for (std::int64_t k = 1; k < step; ++k) EXPECT_FALSE(fits(k));
  }
}

}  // namespace
}  // namespace clearhead::plot
