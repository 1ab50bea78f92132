// A figure as Python sees it.
#ifndef CLEARHEAD_BINDINGS_PYTHON_FIGURES_H_
#define CLEARHEAD_BINDINGS_PYTHON_FIGURES_H_

#include <optional>
#include <variant>

#include "clearhead/plot/attention_page.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/line_plot.h"

namespace clearhead::python {

/// A heatmap or curves, and the page that stands for it in HTML, if it is not the figure's own.
struct DrawnFigure {
  std::variant<plot::Heatmap, plot::LinePlot> figure;  ///< on paper
  std::optional<plot::AttentionPage> page = {};        ///< on a screen
};

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_FIGURES_H_
