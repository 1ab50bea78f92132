// Figures in a terminal: never wider than it, plain where there is no colour, pooled where there is
// no room.
#include "clearhead/plot/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/terminal_line.h"
#include "tests/plot/figures.h"
#include "tests/testing.h"

namespace clearhead::plot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr ColorDepth kDepths[] = {ColorDepth::none, ColorDepth::palette_256,
                                  ColorDepth::true_color};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void expect_fits(const Heatmap& heatmap, const TerminalOptions& options,
                 std::string (*render)(const Heatmap&, const TerminalOptions&) = render_terminal) {
  const std::string text = render(heatmap, options);
  ASSERT_TRUE(text.ends_with('\n'));
  for (const std::string& line : lines_of(text)) {
    ASSERT_LE(display_width(stripped(line)), options.columns) << line;
    // Colours end where the line does, so that a pager or a copy keeps none.
    const std::size_t last = line.rfind('\x1b');
    if (last != std::string::npos) {
      ASSERT_TRUE(line.substr(last).starts_with("\x1b[0m")) << line;
    }
  }
  if (options.colors == ColorDepth::none) {
    ASSERT_THAT(text, Not(HasSubstr("\x1b")));
  }
}

TEST(Terminal, EveryEdgeCaseFits) {
  for (const auto& [name, heatmap] : edge_cases()) {
    for (const ColorDepth colors : kDepths) {
      for (const int columns : {20, 80, 200}) {
        SCOPED_TRACE(name + ", " + std::to_string(columns));
        expect_fits(heatmap, {.columns = columns, .colors = colors});
      }
    }
  }
}

TEST(Terminal, LabelsOfAllKindsFit) {
  Random random(31);
  for (int round = 0; round < 150; ++round) {
    const Heatmap heatmap = labelled(1 + random.below(90), 1 + random.below(90), 300 + round);
    expect_fits(heatmap, {.columns = static_cast<int>(20 + random.below(120)),
                          .colors = kDepths[random.below(3)]});
  }
}

TEST(Terminal, ManyPanelsFit) {
  for (const ColorDepth colors : kDepths) {
    for (const int columns : {20, 47, 80, 160}) {
      expect_fits(heads(8, 26, 26), {.columns = columns, .colors = colors});
      expect_fits(heads(5, 3, 3), {.columns = columns, .colors = colors});
    }
  }
}

TEST(Terminal, SmallPanelsFit) {
  for (const auto& [name, heatmap] : edge_cases()) {
    for (const ColorDepth colors : kDepths) {
      SCOPED_TRACE(name);
      expect_fits(heatmap, {.columns = 20, .colors = colors}, render_terminal_small);
    }
  }
  for (const int columns : {20, 47, 80, 160}) {
    for (const int side_by_side : {0, 1, 4, 12, 30}) {
      Heatmap heatmap = heads(24, 26, 40);
      heatmap.panel_columns = side_by_side;
      expect_fits(heatmap, {.columns = columns}, render_terminal_small);
    }
  }
}

TEST(Terminal, SmallPanelsStandInTheColumnsAskedFor) {
  Heatmap heatmap;
  heatmap.panel_columns = 2;
  for (const char* title : {"L0H0", "L0H1", "L1H0", "L1H1"}) {
    heatmap.panels.push_back({.title = title, .values = Tensor::of<double>({2, 2}, {1, 0, 0, 1})});
  }
  EXPECT_EQ(render_terminal_small(heatmap, {}),
            "L0H0    L0H1\n"
            "@@      @@\n"
            "  @@      @@\n"
            "L1H0    L1H1\n"
            "@@      @@\n"
            "  @@      @@\n"
            "\n"
            "0 [ .:-=+*#%@] 1\n");
}

TEST(Terminal, ATitleMayBeWiderThanItsPanel) {
  Heatmap heatmap;
  for (const char* title : {"the first of them", "the second of them"}) {
    heatmap.panels.push_back({.title = title,
                              .values = Tensor::of<double>({2, 2}, {1, 0, 0, 1}),
                              .row_labels = {"a long label", title}});
  }
  EXPECT_THAT(lines_of(render_terminal(heatmap, {}))[0],
              testing::AllOf(HasSubstr("the first of them  "), HasSubstr("the second of them")));
}

TEST(Terminal, SmallPanelsArePooledAndSaySo) {
  Heatmap heatmap = heads(8, 64, 64);
  heatmap.panel_columns = 4;
  const std::string text = render_terminal_small(heatmap, {});
  EXPECT_THAT(text, HasSubstr("the whole has 64 × 64"));
  EXPECT_LT(lines_of(text).size(), 30u);  // two rows of panels, of eight lines each
}

TEST(Terminal, LettersAboveColumnsReadLikeAText) {
  Heatmap heatmap = one_panel(random_weights(1, 60, 1));
  for (int i = 0; i < 60; ++i) {
    heatmap.panels[0].column_labels.emplace_back(1, static_cast<char>('a' + i % 26));
  }
  EXPECT_THAT(render_terminal(heatmap, {}),
              HasSubstr("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh\n"));
}

TEST(Terminal, AMatrixOfTheLabelledRoomShowsEachLabelAndIsNotPooled) {
  for (const ColorDepth colors : kDepths) {
    for (const int columns : {40, 80, 130}) {
      for (const char* token : {"x", "zone"}) {
        const TerminalOptions options{.columns = columns, .colors = colors};
        const std::vector<std::string> many(500, token);
        const TerminalRoom room = labelled_room(many, many, options);
        Heatmap heatmap = one_panel(random_weights(room.rows, room.columns, 3));
        heatmap.panels[0].row_labels.assign(static_cast<std::size_t>(room.rows), token);
        heatmap.panels[0].column_labels.assign(static_cast<std::size_t>(room.columns), token);
        const std::string text = stripped(render_terminal(heatmap, options));
        EXPECT_THAT(text, Not(HasSubstr("Each cell")));
        const auto count = std::count(text.begin(), text.end(), token[0]);
        EXPECT_EQ(count, room.rows + room.columns) << token << " in " << columns;
      }
    }
  }
}

TEST(Terminal, SmallMatrixShowsItsNumbers) {
  Heatmap heatmap = one_panel(Tensor::of<double>({2, 2}, {1, 0, 0.25, 0.75}));
  heatmap.panels[0].row_labels = {"the", " cat"};
  heatmap.panels[0].column_labels = {"the", " cat"};
  EXPECT_EQ(render_terminal(heatmap, {}),
            "A title\n"
            "↓ queries   → keys\n"
            "\n"
            "        the   ␣cat\n"
            " the  1.000      0\n"
            "␣cat  0.250  0.750\n"
            "\n"
            "0 [ .:-=+*#%@] 1  weight\n");
}

TEST(Terminal, RowsAndColumnsAreCalledByTheirNumbers) {
  Heatmap heatmap;
  heatmap.panels.push_back(
      {.values = Tensor({3, 3}), .row_numbers = {700000, 1}, .column_numbers = {0, 512}});
  const std::string text = render_terminal(heatmap, {});
  EXPECT_THAT(text, HasSubstr("700002 "));
  EXPECT_THAT(text, HasSubstr("1024"));
  EXPECT_THAT(text, Not(HasSubstr("700003")));
}

TEST(Terminal, ColumnsStayAlignedBesideWideAndCombiningCharacters) {
  Heatmap heatmap = one_panel(random_weights(4, 30, 1));
  heatmap.panels[0].row_labels = {"cat", "世界", "W\u030ae\u0301", "한국어"};
  const TerminalOptions options{.columns = 80, .colors = ColorDepth::true_color};
  std::vector<int> starts;  // of the cells, after the widest label, of six columns, and a blank
  for (const std::string& line : lines_of(render_terminal(heatmap, options))) {
    const std::size_t color = line.find("\x1b[0;48");
    if (color == std::string::npos || line.find("weight") != std::string::npos) continue;
    starts.push_back(display_width(line.substr(0, color)));
  }
  EXPECT_THAT(starts, ElementsAre(7, 7, 7, 7));
}

TEST(Terminal, NamesWhatIsNoNumber) {
  Tensor matrix = random_weights(20, 20, 1);
  matrix.mutable_data<float>()[0] = -static_cast<float>(kInfinity);
  matrix.mutable_data<float>()[1] = static_cast<float>(kNan);
  const std::string text = render_terminal(one_panel(matrix), {});
  EXPECT_THAT(text, HasSubstr("··??"));
  EXPECT_THAT(text, HasSubstr("· masked   ? not a number (NaN)\n"));
}

TEST(Terminal, NamesMaskedCellsAmongNumbers) {
  const Tensor matrix = Tensor::of<double>({2, 2}, {1, -kInfinity, 0.25, 0.75});
  const std::string text = render_terminal(one_panel(matrix), {});
  EXPECT_THAT(text, HasSubstr("0  1.000      ·\n"));
  EXPECT_THAT(text, HasSubstr("\n· masked\n"));
}

TEST(Terminal, LargeMatrixIsPooledAndSaysSo) {
  const Heatmap heatmap = one_panel(random_weights(1200, 1200, 1));
  for (const ColorDepth colors : kDepths) {
    const std::string text = render_terminal(heatmap, {.colors = colors});
    EXPECT_THAT(stripped(text), HasSubstr("the whole has 1,200 × 1,200"));
    EXPECT_LT(lines_of(text).size(), 60u);
  }
}

TEST(Terminal, SignsDifferWithoutColours) {
  const std::string text =
      render_terminal(one_panel(Tensor::of<double>({1, 2}, {-1, 1})), {.columns = 20});
  EXPECT_THAT(text, HasSubstr("−1 [Ww- +xX] 1"));
}

TEST(Terminal, RefusesAWidthInWhichNothingFits) {
  const Heatmap heatmap = one_panel(Tensor({2, 2}));
  expect_error([&] { render_terminal(heatmap, {.columns = 19}); }, "at least 20 columns");
  expect_error([&] { render_terminal(heatmap, {.lines = 1}); }, "4 lines");
  EXPECT_THROW(render_terminal(Heatmap(), {}), Error);
}

TEST(TerminalLine, NearestOf256IsExactForTheFixedColours) {
  EXPECT_EQ(nearest_of_256({0, 0, 0}), 16);
  EXPECT_EQ(nearest_of_256({255, 255, 255}), 231);
  EXPECT_EQ(nearest_of_256({255, 0, 0}), 196);
  EXPECT_EQ(nearest_of_256({8, 8, 8}), 232);
}

TEST(TerminalLine, StyleIsWrittenOnlyWhereItChanges) {
  TerminalLine line(ColorDepth::true_color);
  line.add("a", {.foreground = Rgb{1, 2, 3}});
  line.add("b", {.foreground = Rgb{1, 2, 3}});
  line.add("c");
  EXPECT_EQ(line.text(), "\x1b[0;38;2;1;2;3mab\x1b[0mc");
  EXPECT_EQ(line.width(), 3);
}

// Environment variables, set for one test.
class DetectTerminal : public testing::Test {
 protected:
  DetectTerminal() {
    for (const char* name : {"NO_COLOR", "COLORTERM", "TERM", "COLUMNS"}) {
      const char* value = ::getenv(name);
      saved_.emplace_back(name, value == nullptr ? "" : value);
      ::unsetenv(name);
    }
  }
  ~DetectTerminal() override {
    for (const auto& [name, value] : saved_) {
      if (value.empty()) {
        ::unsetenv(name.c_str());
      } else {
        ::setenv(name.c_str(), value.c_str(), 1);
      }
    }
    if (terminal_ >= 0) ::close(terminal_);
  }

  // The descriptor of a pseudo-terminal; below zero if this machine has none.
  int terminal() {
    if (terminal_ < 0) terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    return terminal_;
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }

 private:
  std::vector<std::pair<std::string, std::string>> saved_;
  int terminal_ = -1;
};

TEST_F(DetectTerminal, PipeHasNoColour) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  set("TERM", "xterm-256color");
  set("COLORTERM", "truecolor");
  const TerminalOptions options = detect_terminal(ends[1]);
  EXPECT_EQ(options.colors, ColorDepth::none);
  EXPECT_EQ(options.columns, 80);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(DetectTerminal, EnvironmentChoosesTheDepth) {
  if (terminal() < 0 || ::isatty(terminal()) == 0) GTEST_SKIP() << "no pseudo-terminal here";
  EXPECT_EQ(detect_terminal(terminal()).colors, ColorDepth::none);  // TERM is not set
  set("TERM", "xterm-256color");
  EXPECT_EQ(detect_terminal(terminal()).colors, ColorDepth::palette_256);
  set("COLORTERM", "truecolor");
  EXPECT_EQ(detect_terminal(terminal()).colors, ColorDepth::true_color);
  set("NO_COLOR", "1");
  EXPECT_EQ(detect_terminal(terminal()).colors, ColorDepth::none);
  ::unsetenv("NO_COLOR");
  set("TERM", "dumb");
  EXPECT_EQ(detect_terminal(terminal()).colors, ColorDepth::none);
}

TEST_F(DetectTerminal, ColumnsSetTheWidth) {
  set("COLUMNS", "123");
  EXPECT_EQ(detect_terminal(-1).columns, 123);
  set("COLUMNS", "5");
  EXPECT_EQ(detect_terminal(-1).columns, 20);  // the least that can be drawn in
  for (const char* nonsense : {"-3", "0", "many", "99999999999999"}) {
    set("COLUMNS", nonsense);
    EXPECT_EQ(detect_terminal(-1).columns, 80) << nonsense;
  }
}

}  // namespace
}  // namespace clearhead::plot
