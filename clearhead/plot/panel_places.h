// Where the cells of all panels of a figure stand, with room between them for labels and titles.
#ifndef CLEARHEAD_PLOT_PANEL_PLACES_H_
#define CLEARHEAD_PLOT_PANEL_PLACES_H_

#include <cstdint>
#include <vector>

#include "clearhead/plot/axis_labels.h"
#include "clearhead/plot/figure.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/layout.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {

inline constexpr double kMark = 2.5;      ///< length of the line from a cell to its label
inline constexpr double kLabelGap = 3.5;  ///< between cells (or that line) and a label
/// Of the titles of panels.
inline constexpr TextStyle kPanelTitleStyle{8.5, true, {0x33, 0x33, 0x33}};

/// The rows and columns of a grid of `count` panels. `aspect` is the width of a panel divided by
/// its height; `panel_columns`, unless 0, says how many stand side by side.
struct PanelGrid {
  int rows = 1;     ///< of panels
  int columns = 1;  ///< of panels
};
/// The grid that suits the page best.
PanelGrid arrange_panels(int count, double aspect, int panel_columns = 0);

/// The most cells that one of `count` panels is given, in rows and columns.
struct CellLimit {
  std::int64_t rows = 0;     ///< of cells
  std::int64_t columns = 0;  ///< of cells
};
/// For each panel of this heatmap.
CellLimit cell_limit(const Heatmap& heatmap);

/// One panel and what belongs to it.
struct PanelPlace {
  Rect body = {};                      ///< of its cells together
  double cell_width = 0;               ///< in points
  double cell_height = 0;              ///< in points
  AxisLabels rows = {}, columns = {};  ///< without indices if a neighbour's labels serve
  double title_width = 0;              ///< what its title may take
};

/// Where all panels stand.
struct PanelPlaces {
  std::vector<PanelPlace> panels = {};  ///< in the order of the figure's
  bool titled = false;                  ///< there is room above each panel for its title
  Rect bodies = {};                     ///< around the cells of all panels
};

/// In coordinates whose origin is the upper left corner of the first panel's cells.
PanelPlaces place_panels(const Figure& figure, TextSetter& setter);

/// Rounds to quarters of a point: these are whole pixels in a PNG, which has four to the point.
double snap_down(double length);
/// To the next longer one.
double snap_up(double length);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_PANEL_PLACES_H_
