// A heatmap as SVG, PNG or PDF: one drawing, by Cairo.
#ifndef CLEARHEAD_PLOT_DRAW_H_
#define CLEARHEAD_PLOT_DRAW_H_

#include <string>

#include "clearhead/plot/heatmap.h"

namespace clearhead::plot {

/// The bytes of the file. The same heatmap gives the same bytes. Throws Error if the heatmap is not
/// valid. In an SVG text is drawn as outlines, and the title is also there as text for screen
/// readers. A PNG has 288 pixels to the inch.
std::string render_svg(const Heatmap& heatmap);
/// The same as PNG.
std::string render_png(const Heatmap& heatmap);
/// The same as PDF.
std::string render_pdf(const Heatmap& heatmap);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_DRAW_H_
