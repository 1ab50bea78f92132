// Makes users' text fit to draw, as valid UTF-8 in which nothing is invisible, and measures its
// width in a terminal.
#ifndef CLEARHEAD_PLOT_LABEL_H_
#define CLEARHEAD_PLOT_LABEL_H_

#include <string>
#include <string_view>

namespace clearhead::plot {

/// Valid UTF-8 without control characters: bytes that are not UTF-8 become U+FFFD, newlines ↵, tabs
/// ⇥. Other controls, and the marks that change the direction of text, become their number, such as
/// \x07.
std::string visible_text(std::string_view text);

/// `visible_text` of a token: spaces at its ends become ␣, a no-break space alone its number, an
/// empty one becomes ∅.
std::string visible_label(std::string_view label);

/// The columns that valid UTF-8 takes in a terminal: East Asian wide characters two, combining ones
/// none.
int display_width(std::string_view text);

/// `text` in at most `width` columns, its end replaced by "…" if need be; `width` ≥ 1.
std::string shorten(std::string_view text, int width);

/// `text` escaped for the content and the quoted attributes of HTML and XML.
std::string escape_markup(std::string_view text);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_LABEL_H_
