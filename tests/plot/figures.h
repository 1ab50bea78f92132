// Heatmaps that several tests draw, and what they ask of drawings.
#ifndef TESTS_PLOT_FIGURES_H_
#define TESTS_PLOT_FIGURES_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/layout.h"
#include "clearhead/tensor/tensor.h"
#include "tests/testing.h"

namespace clearhead::plot {

/// Normal random numbers, [rows, columns].
inline Tensor random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Random random(seed);
  Tensor matrix({rows, columns}, DType::f64);
  for (std::int64_t i = 0; i < matrix.count(); ++i) {
    matrix.mutable_data<double>()[i] = random.normal();
  }
  return matrix;
}

/// Uniform random numbers in [0, 1).
inline Tensor random_weights(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Random random(seed);
  Tensor matrix({rows, columns});
  for (std::int64_t i = 0; i < matrix.count(); ++i) {
    matrix.mutable_data<float>()[i] = static_cast<float>(random.uniform());
  }
  return matrix;
}

/// Labels of many scripts, lengths and faults; `count` of them, chosen at random.
inline std::vector<std::string> random_labels(std::int64_t count, std::uint64_t seed) {
  static const std::vector<std::string> kLabels{
      "the",
      " cat",
      "sat",
      "a",
      ",",
      ".",
      "\n",
      "",
      " ",
      "世界",
      "한국어",
      "مرحبا",
      "שלום",
      "Ünïté",
      "W\u030aq",
      "สวัสดี",
      "नमस्ते",
      "\xff\xfe",
      "\x07",
      "<b>&",
      "'\"",
      "qgjpyÅÇ|",
      "🦊",
      "internationalisation",
      "a label that is far too long to be drawn in full, whatever the room there is"};
  Random random(seed);
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(
        kLabels[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(kLabels.size())))]);
  }
  return labels;
}

inline Heatmap one_panel(Tensor values) {
  return {.title = "A title",
          .panels = {{.values = std::move(values)}},
          .row_title = "queries",
          .column_title = "keys",
          .value_title = "weight"};
}

/// `one_panel` with labels.
inline Heatmap labelled(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Heatmap heatmap = one_panel(random_weights(rows, columns, seed));
  heatmap.panels[0].row_labels = random_labels(rows, seed + 1);
  heatmap.panels[0].column_labels = random_labels(columns, seed + 2);
  return heatmap;
}

inline Heatmap heads(int count, std::int64_t rows, std::int64_t columns) {
  Heatmap heatmap{.title = "Heads", .row_title = "queries", .column_title = "keys"};
  for (int i = 0; i < count; ++i) {
    heatmap.panels.push_back({.title = "head " + std::to_string(i),
                              .values = random_weights(rows, columns, 100 + i),
                              .row_labels = random_labels(rows, 1),
                              .column_labels = random_labels(columns, 2)});
  }
  return heatmap;
}

/// Shapes and values at the edge of what can be drawn.
inline std::vector<std::pair<std::string, Heatmap>> edge_cases() {
  const auto filled = [](std::int64_t rows, std::int64_t columns, double value) {
    Tensor matrix({rows, columns}, DType::f64);
    for (std::int64_t i = 0; i < matrix.count(); ++i) matrix.mutable_data<double>()[i] = value;
    return one_panel(matrix);
  };
  std::vector<std::pair<std::string, Heatmap>> cases{
      {"one cell", filled(1, 1, 0.5)},
      {"zeros", filled(3, 4, 0)},
      {"constant", filled(3, 4, 0.25)},
      {"negative constant", filled(3, 4, -7)},
      {"all masked", filled(3, 4, -kInfinity)},
      {"all NaN", filled(3, 4, kNan)},
      {"all infinite", filled(3, 4, kInfinity)},
      {"greatest numbers", filled(2, 2, std::numeric_limits<double>::max())},
      {"smallest number", filled(2, 2, std::numeric_limits<double>::denorm_min())},
      {"one row", one_panel(random_matrix(1, 3000, 1))},
      {"one column", one_panel(random_matrix(3000, 1, 2))},
      {"no text", {.panels = {{.values = random_matrix(5, 5, 3)}}}},
  };
  Tensor both({1, 2}, DType::f64);
  both.mutable_data<double>()[0] = std::numeric_limits<double>::max();
  both.mutable_data<double>()[1] = -std::numeric_limits<double>::max();
  cases.emplace_back("both extremes", one_panel(both));
  Heatmap log = filled(3, 4, 0);
  log.scale = Scale::log;
  cases.emplace_back("zeros on a log scale", log);
  Tensor specials = random_matrix(6, 6, 4);
  specials.mutable_data<double>()[3] = kNan;
  specials.mutable_data<double>()[8] = kInfinity;
  specials.mutable_data<double>()[9] = -kInfinity;
  cases.emplace_back("specials", one_panel(specials));
  return cases;
}

/// Whether two boxes have more in common than an edge.
inline bool overlap(const Rect& a, const Rect& b) {
  constexpr double kTouch = 0.01;  // points
  return a.x + kTouch < b.right() && b.x + kTouch < a.right() && a.y + kTouch < b.bottom() &&
         b.y + kTouch < a.bottom();
}

/// The text without its escape sequences.
inline std::string stripped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace clearhead::plot

#endif  // TESTS_PLOT_FIGURES_H_
