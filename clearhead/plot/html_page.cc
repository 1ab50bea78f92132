// The frame of a page.
#include "clearhead/plot/html_page.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

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

std::string base64(std::span<const unsigned char> bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string_view html_base_script() {
  return R"js('use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function element(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}
)js";
}

std::string html_page(const std::string& title, const std::string& body, const std::string& json,
                      const std::string& script, const std::string& style,
                      const std::string& rest) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing is loaded from anywhere.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";
  page += "<title>" + escape_markup(title) + "</title>\n<style>" + std::string(html_style()) +
          style + "</style>\n</head>\n<body>\n" + body;
  page += "<script type=\"application/json\" id=\"data\">" + script_text(json) + "</script>\n";
  page += "<script>" + script + "</script>\n";
  return page + rest + "</body>\n</html>\n";
}

}  // namespace clearhead::plot
