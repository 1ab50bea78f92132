// A heatmap as one page that opens in any browser, without a network.
#ifndef CLEARHEAD_PLOT_HTML_H_
#define CLEARHEAD_PLOT_HTML_H_

#include <string>

#include "clearhead/plot/heatmap.h"

namespace clearhead::plot {

/// The page. The cell under the pointer, or under a cursor that the arrow keys move, shows its
/// labels and its value in full. At most 400,000 cells in all, or 512 × 512 a panel; larger
/// matrices are pooled, and the page says so. The same heatmap gives the same bytes. Throws Error
/// if the heatmap is not valid.
std::string render_html(const Heatmap& heatmap);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_HTML_H_
