// A page drawn with Cairo, as the bytes of an SVG, PNG or PDF file.
#ifndef CLEARHEAD_PLOT_SURFACE_H_
#define CLEARHEAD_PLOT_SURFACE_H_

#include <functional>
#include <string>

typedef struct _cairo cairo_t;  ///< of cairo.h

namespace clearhead::plot {

/// What is drawn, in points from the upper left corner; each call draws the same.
struct Page {
  double width = 0;                         ///< points
  double height = 0;                        ///< points
  std::string title = {};                   ///< for screen readers and the properties of the file
  std::function<void(cairo_t*)> draw = {};  ///< draws it
};

/// The same page gives the same bytes. Throws Error if Cairo cannot draw it.
std::string svg_bytes(const Page& page);
/// The same as PNG.
std::string png_bytes(const Page& page);
/// The same as PDF.
std::string pdf_bytes(const Page& page);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_SURFACE_H_
