// The frame of a page.
#include "clearhead/plot/html_page.h"

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

// JSON that may stand inside a script element: nothing in it can end the element.
std::string script_text(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string html_page(const std::string& title, const std::string& body, const std::string& json,
                      const std::string& script, const std::string& style) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing is loaded from anywhere.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";
  page += "<title>" + escape_markup(title) + "</title>\n<style>" + std::string(html_style()) +
          style + "</style>\n</head>\n<body>\n" + body;
  page += "<script type=\"application/json\" id=\"data\">" + script_text(json) + "</script>\n";
  return page + "<script>" + script + "</script>\n</body>\n</html>\n";
}

}  // namespace clearhead::plot
