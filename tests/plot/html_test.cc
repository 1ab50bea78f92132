// The page: self-contained, its data whole, and text in it never more than text.
#include "clearhead/plot/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/plot/figures.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// What stands between the first `begin` and the next `end`.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

Json page_data(const std::string& page) {
  return Json::parse(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"));
}

std::vector<double> decode(const Json& data, std::size_t panel) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, held = 0;
  for (const char c : data["panels"][panel]["values"].get<std::string>()) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xff);
  }
  const std::size_t size = data["doubles"] ? 8 : 4;
  std::vector<double> values;
  for (std::size_t i = 0; i + size <= bytes.size(); i += size) {
    std::uint64_t number = 0;
    for (std::size_t k = size; k-- > 0;) {
      number = number << 8 | static_cast<unsigned char>(bytes[i + k]);
    }
    values.push_back(size == 8 ? std::bit_cast<double>(number)
                               : std::bit_cast<float>(static_cast<std::uint32_t>(number)));
  }
  return values;
}

TEST(Html, HoldsEveryValueExactly) {
  Tensor f32 = random_weights(7, 5, 1);
  f32.mutable_data<float>()[3] = -static_cast<float>(kInfinity);
  f32.mutable_data<float>()[4] = static_cast<float>(kNan);
  for (const Tensor& matrix : {f32, random_matrix(7, 5, 2), random_matrix(1, 1, 3)}) {
    const Json data = page_data(render_html(one_panel(matrix)));
    EXPECT_EQ(data["doubles"], matrix.dtype() == DType::f64);
    const std::vector<double> values = decode(data, 0);
    ASSERT_EQ(static_cast<std::int64_t>(values.size()), matrix.count());
    for (std::int64_t i = 0; i < matrix.count(); ++i) {
      const double wanted = matrix.at(unflatten(i, matrix.shape()));
      if (std::isnan(wanted)) {
        EXPECT_TRUE(std::isnan(values[i]));
      } else {
        EXPECT_EQ(values[i], wanted);
      }
    }
  }
}

TEST(Html, NamesEachAxisOnce) {
  const Json data = page_data(render_html(heads(8, 6, 7)));
  EXPECT_EQ(data["panels"].size(), 8u);
  EXPECT_EQ(data["axes"].size(), 2u);
  EXPECT_EQ(data["axes"][0]["labels"].size(), 6u);
}

TEST(Html, CallsItemsByTheirNumbers) {
  Heatmap heatmap = labelled(9, 9, 4);
  heatmap.panels[0].row_labels.clear();
  heatmap.panels[0].row_numbers = {700, 512};
  const Json data = page_data(render_html(heatmap));
  EXPECT_EQ(data["axes"][0]["first"], 700);
  EXPECT_EQ(data["axes"][0]["unit"], 512);
}

TEST(Html, LoadsNothing) {
  const std::string page = render_html(labelled(9, 9, 4));
  for (const char* sign : {"http:", "https:", "//", "src=", "href=", "@import", "url("}) {
    // A comment of the script is the one place where two slashes stand.
    if (std::string(sign) == "//") continue;
    EXPECT_THAT(page, Not(HasSubstr(sign))) << sign;
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Html, TextOfUsersIsNeverMarkup) {
  const std::string attack = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">&";
  Heatmap heatmap = heads(2, 2, 2);
  heatmap.title = heatmap.row_title = heatmap.column_title = heatmap.value_title = attack;
  for (Panel& panel : heatmap.panels) {
    panel.title = attack;
    panel.row_labels = panel.column_labels = {attack, "<!--"};
  }
  const std::string page = render_html(heatmap);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  // Two scripts of its own, and no more.
  std::size_t scripts = 0;
  for (std::size_t at = page.find("<script"); at != std::string::npos;
       at = page.find("<script", at + 1)) {
    ++scripts;
  }
  EXPECT_EQ(scripts, 2u);
  EXPECT_EQ(page_data(page)["panels"][1]["title"], attack);
}

TEST(Html, IsMadeForPhonesKeyboardsAndScreenReaders) {
  const std::string page = render_html(labelled(4, 4, 5));
  for (const char* part :
       {"name=\"viewport\"", "prefers-color-scheme: dark", "aria-live=\"polite\"",
        "<html lang=", "ArrowRight", "tabIndex", "<meta charset=\"utf-8\">"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(Html, NumbersOfTheColourBarDoNotTouch) {
  Heatmap heatmap = one_panel(Tensor::of<float>({1, 2}, {3.21e-4f, 1}));
  heatmap.scale = Scale::log;
  const std::string ticks = between(render_html(heatmap), "<div class=\"ticks\">", "</div>");
  EXPECT_THAT(ticks, HasSubstr(">0.000321<"));
  EXPECT_THAT(ticks, Not(HasSubstr(">0.001<")));  // would begin 33 pixels from the left
  EXPECT_THAT(ticks, HasSubstr(">0.01<"));
  EXPECT_THAT(ticks, HasSubstr(">1<"));
}

TEST(Html, PoolsWhatIsTooLargeAndSaysSo) {
  const std::string page = render_html(one_panel(Tensor({1500, 1500})));
  EXPECT_THAT(page, HasSubstr("Each cell is the max of 3 × 3 values"));
  EXPECT_LT(page.size(), 4u << 20);
  Heatmap many;
  for (int i = 0; i < 64; ++i) many.panels.push_back({.values = Tensor({200, 200})});
  EXPECT_LT(render_html(many).size(), 4u << 20);
}

}  // namespace
}  // namespace clearhead::plot
