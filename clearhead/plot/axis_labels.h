// Which labels of an axis are drawn, and how, so that none touches another.
#ifndef CLEARHEAD_PLOT_AXIS_LABELS_H_
#define CLEARHEAD_PLOT_AXIS_LABELS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "clearhead/plot/figure.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {

/// Where a label begins and ends along its axis, relative to the middle of its item.
struct Reach {
  double low = 0;   ///< towards the first item, mostly negative
  double high = 0;  ///< towards the last
};

/// Items lie `pitch` apart. Returns the smallest k of the ascending `steps` such that the labels of
/// items 0, k, 2k, … keep `gap` between them; the last of `steps` if none does. `reach` is called
/// only for items that may get a label.
std::int64_t label_step(std::int64_t count, double pitch, double gap,
                        const std::vector<std::int64_t>& steps,
                        const std::function<Reach(std::int64_t)>& reach);

/// 1, 2, 5, 10, 20, 50, … up to a number beyond `count`.
std::vector<std::int64_t> round_steps(std::int64_t count);

/// The labels that one axis shows.
struct AxisLabels {
  std::vector<std::int64_t> indices = {};  ///< of the items that have one, ascending
  TextStyle style = {};                    ///< of the labels
  double max_width = 0;                    ///< labels longer than this are shortened
  double thickness = 0;                    ///< their room across the axis
  bool vertical = false;                   ///< read upwards (columns only)
  bool marks = false;  ///< not every cell has one: marks tie them to their cells
};

/// Labels beside rows whose cells are `cell` high.
AxisLabels row_labels(const Axis& axis, double cell, TextSetter& setter);
/// Labels below columns whose cells are `cell` wide: level if each fits below its cell, else
/// upright. Numbers stay level, and fewer of them are shown.
AxisLabels column_labels(const Axis& axis, double cell, TextSetter& setter);

/// How far the baseline lies below what the eye takes for the middle of a line of text: halfway
/// between the middles of small and of capital letters.
double middle_height(const TextStyle& style);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_AXIS_LABELS_H_
