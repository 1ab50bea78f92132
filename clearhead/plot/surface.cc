// The three kinds of surface, and what keeps their bytes the same each time.
#include "clearhead/plot/surface.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/plot/draw_cells.h"
#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

cairo_status_t append(void* to, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(std::string("figure: Cairo could not draw it: ") + cairo_status_to_string(status));
}

void draw_on(cairo_surface_t* surface, const Page& page) {
  check(cairo_surface_status(surface));
  cairo_t* cairo = cairo_create(surface);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  page.draw(cairo);
  const cairo_status_t status = cairo_status(cairo);
  cairo_destroy(cairo);
  check(status);
}

// Cairo numbers surfaces and images by a counter that runs as long as the process; here each kind
// of name counts from 1. Names stand after `id="` and, where they are used, after `#`.
std::string renumber_names(std::string_view svg) {
  std::map<std::string_view, std::vector<std::string_view>> seen;  // numbers of each kind
  std::string result;
  while (true) {
    const std::size_t mark = std::min(svg.find("id=\""), svg.find('#'));
    if (mark == std::string_view::npos) return result.append(svg);
    const std::size_t begin = mark + (svg[mark] == '#' ? 1 : 4);
    const std::size_t digits =
        std::min(svg.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", begin), svg.size());
    const std::size_t end = std::min(svg.find_first_not_of("0123456789", digits), svg.size());
    result.append(svg.substr(0, digits));
    if (end > digits && end < svg.size() && (svg[end] == '"' || svg[end] == ')')) {
      std::vector<std::string_view>& numbers = seen[svg.substr(begin, digits - begin)];
      const std::string_view number = svg.substr(digits, end - digits);
      auto found = std::find(numbers.begin(), numbers.end(), number);
      if (found == numbers.end()) found = numbers.insert(numbers.end(), number);
      result += std::to_string(found - numbers.begin() + 1);
    } else {
      result.append(svg.substr(digits, end - digits));
    }
    svg.remove_prefix(end);
  }
}

}  // namespace

std::string svg_bytes(const Page& page) {
  std::string bytes;
  {
    const Surface surface(
        cairo_svg_surface_create_for_stream(append, &bytes, page.width, page.height),
        cairo_surface_destroy);
    draw_on(surface.get(), page);
    cairo_surface_finish(surface.get());
    check(cairo_surface_status(surface.get()));
  }
  bytes = renumber_names(bytes);
  const std::size_t tag_end = bytes.find('>', bytes.find("<svg"));
  if (!page.title.empty() && tag_end != std::string::npos) {
    bytes.insert(tag_end + 1, "\n<title>" + escape_markup(page.title) + "</title>");
  }
  return bytes;
}

std::string png_bytes(const Page& page) {
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(page.width) * kPixelsPerPoint,
                                 static_cast<int>(page.height) * kPixelsPerPoint),
      cairo_surface_destroy);
  cairo_surface_set_device_scale(surface.get(), kPixelsPerPoint, kPixelsPerPoint);
  draw_on(surface.get(), page);
  std::string bytes;
  check(cairo_surface_write_to_png_stream(surface.get(), append, &bytes));
  return bytes;
}

std::string pdf_bytes(const Page& page) {
  std::string bytes;
  const Surface surface(
      cairo_pdf_surface_create_for_stream(append, &bytes, page.width, page.height),
      cairo_surface_destroy);
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, page.title.c_str());
  // The time of creation would make each file different.
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                 "2000-01-01T00:00:00Z");
  draw_on(surface.get(), page);
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  return bytes;
}

}  // namespace clearhead::plot
