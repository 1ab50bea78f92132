// The fixed parts of the page: its style and its program.
#ifndef CLEARHEAD_PLOT_HTML_PAGE_H_
#define CLEARHEAD_PLOT_HTML_PAGE_H_

#include <string_view>

namespace clearhead {

std::string_view html_style();
/// Two parts of one program, in this order.
std::string_view html_drawing_script();
std::string_view html_cursor_script();

}  // namespace clearhead

#endif  // CLEARHEAD_PLOT_HTML_PAGE_H_
