// The cells of a panel, drawn with Cairo.
#ifndef CLEARHEAD_PLOT_DRAW_CELLS_H_
#define CLEARHEAD_PLOT_DRAW_CELLS_H_

#include "clearhead/plot/figure.h"
#include "clearhead/plot/layout.h"

typedef struct _cairo cairo_t;  ///< of cairo.h

namespace clearhead::plot {

/// Pixels of a PNG to one point.
inline constexpr int kPixelsPerPoint = 4;

/// Draws the cells of `panel`: as rectangles, or, if `as_image`, as one image, so that the file of
/// a large matrix stays small.
void draw_cells(cairo_t* cairo, const FigurePanel& panel, const PanelLayout& layout,
                const ColorScale& scale, bool as_image);

/// Fills `box` in the way of cells that hold no number.
void draw_special(cairo_t* cairo, const Rect& box, Special kind);

/// The colour of what is drawn next.
void set_color(cairo_t* cairo, Rgb color);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_DRAW_CELLS_H_
