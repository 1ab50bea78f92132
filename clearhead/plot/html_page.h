// What all pages share: the frame, the style and the scripts.
#ifndef CLEARHEAD_PLOT_HTML_PAGE_H_
#define CLEARHEAD_PLOT_HTML_PAGE_H_

#include <span>
#include <string>
#include <string_view>

namespace clearhead::plot {

/// A whole page, which loads nothing. `body` is markup; `script` finds `json` as the text of the
/// element "data"; `style` comes after the style of all pages, and `rest`, markup, after the
/// script, which may run before the browser has read it.
std::string html_page(const std::string& title, const std::string& body, const std::string& json,
                      const std::string& script, const std::string& style = {},
                      const std::string& rest = {});

/// Bytes as text of 64 digits (RFC 4648).
std::string base64(std::span<const unsigned char> bytes);

/// The style sheet of all pages.
std::string_view html_style();
/// What scripts of matrices begin with: `data`, `clamp`, `css` and `element`.
std::string_view html_base_script();
/// The two parts of the script of heatmaps behind it, in this order.
std::string_view html_drawing_script();
/// The second part.
std::string_view html_cursor_script();
/// The script of curves.
std::string_view html_lines_script();

/// The markup, style and script of the page of attention; the script is in two parts.
std::string_view attention_page_body();
/// Its style, after that of all pages.
std::string_view attention_page_style();
/// The first part of its script: weights, and the heads that are chosen.
std::string_view attention_page_data_script();
/// The second part: the map, the tokens, and what happens when the page opens.
std::string_view attention_page_map_script();

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_HTML_PAGE_H_
