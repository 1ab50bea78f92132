// Names of options, and the checks of a heatmap.
#include "clearhead/plot/heatmap.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/plot/pool.h"

namespace clearhead::plot {
namespace {

void check_labels(const std::string& panel, std::string_view axis, std::size_t labels,
                  std::int64_t size) {
  if (labels == 0 || static_cast<std::int64_t>(labels) == size) return;
  throw Error(fmt::format("{}: expected {} {} labels, one for each {} (or none), got {}", panel,
                          size, axis, axis, labels));
}

void check_panel(const Panel& panel, const std::string& name, Scale scale) {
  if (!panel.values.defined() || panel.values.rank() != 2) {
    throw Error(fmt::format(
        "{}: expected a matrix [rows, columns], got {}; choose one matrix of it for each panel",
        name, panel.values.defined() ? "shape " + to_string(panel.values.shape()) : "no values"));
  }
  if (panel.values.count() == 0) {
    throw Error(
        fmt::format("{}: nothing to draw, its shape is {}", name, to_string(panel.values.shape())));
  }
  check_labels(name, "row", panel.row_labels.size(), panel.values.size(0));
  check_labels(name, "column", panel.column_labels.size(), panel.values.size(1));
  if (scale != Scale::log) return;
  const Statistics seen = statistics(panel.values);
  if (seen.any_finite() && seen.low < 0) {
    throw Error(fmt::format("{}: a log scale needs values ≥ 0, got {}; use the linear scale", name,
                            seen.low));
  }
}

}  // namespace

const std::map<std::string, Scale>& scale_names() {
  static const std::map<std::string, Scale> kNames{{"linear", Scale::linear}, {"log", Scale::log}};
  return kNames;
}

const std::map<std::string, ColorMap>& color_map_names() {
  static const std::map<std::string, ColorMap> kNames{
      {"automatic", ColorMap::automatic},
      {"violet-to-yellow", ColorMap::violet_to_yellow},
      {"blue-to-yellow", ColorMap::blue_to_yellow},
      {"blue-to-red", ColorMap::blue_to_red}};
  return kNames;
}

const std::map<std::string, Pool>& pool_names() {
  static const std::map<std::string, Pool> kNames{{"automatic", Pool::automatic},
                                                  {"max", Pool::max},
                                                  {"mean", Pool::mean},
                                                  {"extreme", Pool::extreme}};
  return kNames;
}

void Heatmap::validate() const {
  if (panels.empty() || panels.size() > kMostPanels) {
    throw Error(fmt::format("heatmap: expected 1 to {} panels, got {}; choose some of them",
                            kMostPanels, panels.size()));
  }
  if (range) {
    if (!std::isfinite(range->low) || !std::isfinite(range->high) || range->low >= range->high) {
      throw Error(fmt::format("heatmap: expected a range low < high, got {} … {}", range->low,
                              range->high));
    }
    if (scale == Scale::log && range->low <= 0) {
      throw Error(
          fmt::format("heatmap: the range of a log scale begins above 0, got {}", range->low));
    }
  }
  if (panel_columns < 0) {
    throw Error(
        fmt::format("heatmap: expected panel_columns of at least 0, got {}", panel_columns));
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const std::string number = fmt::format("heatmap panel {} of {}", i + 1, panels.size());
    const std::string& title = panels[i].title;
    check_panel(panels[i], title.empty() ? number : fmt::format("{} ({})", number, title), scale);
  }
}

}  // namespace clearhead::plot
