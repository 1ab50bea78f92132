// Paragraphs, broken between words.
#include "clearhead/plot/terminal_writer.h"

#include <algorithm>
#include <cstring>

#include "clearhead/plot/label.h"

namespace clearhead::plot {

void TerminalWriter::paragraph(std::string_view text, const TerminalStyle& style) {
  while (!text.empty()) {
    std::size_t end = text.size();
    while (display_width(text.substr(0, end)) > options_.columns) {
      const std::size_t space = text.rfind(' ', end - 1);
      if (space == std::string_view::npos || space == 0) {
        std::string part = shorten(text, options_.columns + 1);
        end = part.size() - std::strlen("…");  // as much as fits
        break;
      }
      end = space;
    }
    TerminalLine part(options_.colors);
    part.add(text.substr(0, end), style);
    line(part);
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
}

}  // namespace clearhead::plot
