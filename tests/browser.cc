// Chromium without a window. What the script saw is read from the page as it is at the end.
#include "tests/browser.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>

#include "tests/scale.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// What a command prints.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> piece;
  for (std::size_t n; (n = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;) {
    text.append(piece.data(), n);
  }
  return text;
}

// What encodeURIComponent wrote.
std::string decoded(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::optional<std::string> no_browser() {
  if (is_small_scale()) return "sanitizers do not watch a browser";
  if (output_of("command -v chromium").empty()) return "chromium is not installed";
  return std::nullopt;
}

std::string seen_in_page(std::string page, const std::string& script) {
  page.insert(page.rfind("</body>"),
              "<pre id=\"seen\"></pre><script>{const seen = {};" + script +
                  "\ndocument.getElementById('data').remove();  // not to be printed\n"
                  "document.getElementById('seen').textContent = '{{' + encodeURIComponent("
                  "JSON.stringify(seen)) + '}}';}</script>");
  const TemporaryFolder folder;
  const std::string path = folder.write("page.html", page);
  const std::string dom = output_of(
      "chromium --headless --no-sandbox --disable-gpu --window-size=1400,900 --user-data-dir='" +
      (folder / "profile").string() + "' --dump-dom 'file://" + path + "' 2>/dev/null");
  // The script itself has '{{' between quotes.
  const std::size_t from = dom.rfind(">{{"), to = dom.rfind("}}<");
  EXPECT_NE(from, std::string::npos) << "the script did not end";
  return from == std::string::npos ? "" : decoded(dom.substr(from + 3, to - from - 3));
}

}  // namespace clearhead
