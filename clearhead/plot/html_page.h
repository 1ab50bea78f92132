// What pages have in common: the frame; and their fixed parts: style and programs.
#ifndef CLEARHEAD_PLOT_HTML_PAGE_H_
#define CLEARHEAD_PLOT_HTML_PAGE_H_

#include <string>
#include <string_view>

namespace clearhead::plot {

/// A page of its own, which loads nothing. `body` is markup; `json` is what `script` finds as the
/// text of the element "data".
std::string html_page(const std::string& title, const std::string& body, const std::string& json,
                      const std::string& script);

std::string_view html_style();
/// Of heatmaps: two parts of one program, in this order.
std::string_view html_drawing_script();
std::string_view html_cursor_script();
/// Of curves.
std::string_view html_lines_script();

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_HTML_PAGE_H_
