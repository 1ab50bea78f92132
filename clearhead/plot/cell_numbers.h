// The numbers that are written into cells large enough for them.
#ifndef CLEARHEAD_PLOT_CELL_NUMBERS_H_
#define CLEARHEAD_PLOT_CELL_NUMBERS_H_

#include <functional>
#include <string>
#include <vector>

#include "clearhead/plot/figure.h"
#include "clearhead/plot/layout.h"
#include "clearhead/plot/text.h"

namespace clearhead::plot {

/// A way to write all numbers of a figure.
using NumberFormat = std::function<std::string(double)>;

/// The formats that suit the magnitudes of these values, the most exact first. Whole numbers have
/// no decimals; others have three or fewer, as long as two digits of the greatest remain; very
/// large or small ones have an exponent. An exact 0 is always "0".
std::vector<NumberFormat> number_formats(const Figure& figure);

/// Fills `numbers` of each panel, if there is a format that fits all cells of all panels in
/// readable type.
void place_numbers(const Figure& figure, TextSetter& setter, Layout& layout);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_CELL_NUMBERS_H_
