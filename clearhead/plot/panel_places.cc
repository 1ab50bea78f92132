// Cells are square and as large as the page allows; a grid of panels gives each its share. Labels
// of neighbours that show the same axis are written once, at the left and below.
#include "clearhead/plot/panel_places.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"

namespace clearhead::plot {
namespace {

constexpr int kMostColumns = 16;      // of panels
constexpr double kBodyWidth = 540;    // of all panels side by side; a page of text is 470 wide
constexpr double kBodyHeight = 640;   // of all panels above each other
constexpr double kSmallestRoom = 48;  // of one of many panels, for which the page grows
constexpr double kSmallestCell = 0.75;
constexpr double kLargestCell = 46;
constexpr double kThinnest = 70;      // a very wide or high matrix gets oblong cells up to this …
constexpr double kThinnestCell = 14;  // … but none thicker than a line of text
constexpr double kPanelGap = 14;

// How much room one of the panels of a grid has for its cells.
struct Room {
  double width;
  double height;
};

Room room(PanelGrid grid) {
  const auto share = [](double whole, int count) {
    return std::max(kSmallestRoom, (whole - (count - 1) * kPanelGap) / count);
  };
  return {share(kBodyWidth, grid.columns), std::min(kBodyWidth, share(kBodyHeight, grid.rows))};
}

double aspect_of(double rows, double columns) { return std::clamp(columns / rows, 0.25, 4.0); }

// Whether a matrix is so much wider than high, or higher than wide, that it needs oblong cells.
bool is_line(double rows, double columns) { return aspect_of(rows, columns) != columns / rows; }

struct CellSize {
  double width;
  double height;
};

// Square cells that fill the room; oblong ones only if the matrix were a thin line otherwise.
CellSize cell_size(const Grid& grid, Room room) {
  const double rows = static_cast<double>(grid.rows), columns = static_cast<double>(grid.columns);
  const double square = std::min({room.width / columns, room.height / rows, kLargestCell});
  const auto side = [&](double available, double count) {
    const double thinnest = is_line(rows, columns) ? std::min(kThinnest, available) : 0;
    const double least = std::min(kThinnestCell, thinnest / count);
    return std::max(kSmallestCell, snap_down(std::max(square, least)));
  };
  return {side(room.width, columns), side(room.height, rows)};
}

// The panels with their cells and labels, in a grid of `columns`; not yet in their places.
std::vector<PanelPlace> size_panels(const Figure& figure, PanelGrid grid, TextSetter& setter) {
  const int count = static_cast<int>(figure.panels.size());
  const bool shared = figure.shares_axes();
  std::vector<PanelPlace> places;
  for (int i = 0; i < count; ++i) {
    const FigurePanel& panel = figure.panels[i];
    const CellSize cell = cell_size(panel.grid, room(grid));
    PanelPlace place{.cell_width = cell.width, .cell_height = cell.height};
    place.body.width = cell.width * static_cast<double>(panel.grid.columns);
    place.body.height = cell.height * static_cast<double>(panel.grid.rows);
    const bool leftmost = i % grid.columns == 0, lowest = i + grid.columns >= count;
    if (leftmost || !shared) place.rows = row_labels(panel.rows, cell.height, setter);
    if (lowest || !shared) place.columns = column_labels(panel.columns, cell.width, setter);
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace

double snap_down(double length) { return std::floor(length * 4 + 1e-9) / 4; }
double snap_up(double length) { return std::ceil(length * 4 - 1e-9) / 4; }

PanelGrid arrange_panels(int count, double aspect, int panel_columns) {
  if (panel_columns > 0) {
    const int columns = std::min(count, panel_columns);
    return {ceil_div(count, columns), columns};
  }
  PanelGrid best;
  double least = std::numeric_limits<double>::infinity();
  for (int columns = 1; columns <= std::min(count, kMostColumns); ++columns) {
    const int rows = ceil_div(count, columns);
    const double empty = static_cast<double>(rows * columns - count) / count;
    // A page is pleasant a little wider than high; empty places are not.
    const double shape = std::abs(std::log(aspect * columns / rows / 1.4));
    if (const double cost = 4 * empty + shape; cost < least) {
      least = cost;
      best = {rows, columns};
    }
  }
  return best;
}

CellLimit cell_limit(const Heatmap& heatmap) {
  const Tensor& first = heatmap.panels.at(0).values;
  const double height = static_cast<double>(first.size(0));
  const double width = static_cast<double>(first.size(1));
  const Room space = room(arrange_panels(static_cast<int>(heatmap.panels.size()),
                                         aspect_of(height, width), heatmap.panel_columns));
  double rows = space.height / kSmallestCell, columns = space.width / kSmallestCell;
  if (!is_line(height, width)) {  // pooled, it keeps its shape
    rows = std::min(rows, columns * height / width);
    columns = std::min(columns, rows * width / height);
  }
  return {std::max<std::int64_t>(1, static_cast<std::int64_t>(rows)),
          std::max<std::int64_t>(1, static_cast<std::int64_t>(columns))};
}

PanelPlaces place_panels(const Figure& figure, TextSetter& setter) {
  const Grid& first = figure.panels[0].grid;
  const PanelGrid grid = arrange_panels(static_cast<int>(figure.panels.size()),
                                        aspect_of(first.rows, first.columns), figure.panel_columns);
  PanelPlaces places{.panels = size_panels(figure, grid, setter)};
  places.titled = figure.panels.size() > 1 &&
                  std::any_of(figure.panels.begin(), figure.panels.end(),
                              [](const FigurePanel& panel) { return !panel.title.empty(); });

  std::vector<double> widths(grid.columns), heights(grid.rows);
  std::vector<double> before(grid.columns), below(grid.rows);  // room for labels
  for (std::size_t i = 0; i < places.panels.size(); ++i) {
    const PanelPlace& place = places.panels[i];
    const int row = static_cast<int>(i) / grid.columns, column = static_cast<int>(i) % grid.columns;
    widths[column] = std::max(widths[column], place.body.width);
    heights[row] = std::max(heights[row], place.body.height);
    const auto add = [](double& room, double thickness) {
      if (thickness > 0) room = std::max(room, thickness + kMark + kLabelGap);
    };
    if (column > 0) add(before[column], place.rows.thickness);
    // Labels of a panel above a missing one reach into the empty place.
    if (!figure.shares_axes() || row + 1 == grid.rows) add(below[row], place.columns.thickness);
  }

  const double above = places.titled ? kPanelTitleStyle.size + 6 : 0;
  std::vector<double> x(grid.columns), y(grid.rows);
  for (int c = 1; c < grid.columns; ++c) {
    x[c] = snap_up(x[c - 1] + widths[c - 1] + kPanelGap + before[c]);
  }
  for (int r = 1; r < grid.rows; ++r) {
    y[r] = snap_up(y[r - 1] + heights[r - 1] + below[r - 1] + kPanelGap + above);
  }
  places.bodies = {0, 0, x.back() + widths.back(), y.back() + heights.back()};
  for (std::size_t i = 0; i < places.panels.size(); ++i) {
    const int row = static_cast<int>(i) / grid.columns, column = static_cast<int>(i) % grid.columns;
    places.panels[i].body.x = x[column];
    places.panels[i].body.y = y[row];
    places.panels[i].title_width = widths[column] + kPanelGap - 4;
  }
  return places;
}

}  // namespace clearhead::plot
