// A heatmap as SVG, PNG or PDF: one drawing, by Cairo.
#ifndef CLEARHEAD_PLOT_DRAW_H_
#define CLEARHEAD_PLOT_DRAW_H_

#include <string>

#include "clearhead/plot/heatmap.h"

namespace clearhead::plot {

/// The bytes of the file. The same heatmap gives the same bytes. Throws Error if the heatmap is not
/// valid. An SVG has its text as outlines, and the title as text for screen readers; a PNG has 288
/// pixels to the inch.
std::string render_svg(const Heatmap& heatmap);
std::string render_png(const Heatmap& heatmap);
std::string render_pdf(const Heatmap& heatmap);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_DRAW_H_
