// The data of the page and what stands around its panels.
#include "clearhead/plot/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "clearhead/plot/cell_numbers.h"
#include "clearhead/plot/figure.h"
#include "clearhead/plot/html_page.h"
#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostCells = 400'000;  // about two megabytes of page
constexpr std::int64_t kMostCellsAlong = 512;
constexpr std::size_t kMostNumbers = 1600;  // of all panels; more would never fit

// Little-endian, whatever this machine is.
template <typename Bits>
void append_bytes(std::vector<unsigned char>& bytes, Bits bits) {
  for (std::size_t i = 0; i < sizeof(Bits); ++i) {
    bytes.push_back(static_cast<unsigned char>(bits >> (8 * i)));
  }
}

std::string encode(const std::vector<double>& values, bool doubles) {
  std::vector<unsigned char> bytes;
  for (const double x : values) {
    if (doubles) {
      append_bytes(bytes, std::bit_cast<std::uint64_t>(x));
    } else {
      append_bytes(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(x)));
    }
  }
  return base64(bytes);
}

// Whether some value would change as f32.
bool needs_doubles(const Figure& figure) {
  for (const FigurePanel& panel : figure.panels) {
    for (const double x : panel.grid.values) {
      if (std::isfinite(x) && static_cast<double>(static_cast<float>(x)) != x) return true;
    }
  }
  return false;
}

// The place of `axis` among those of the page, which each stand there once.
std::size_t axis_number(const Axis& axis, std::vector<Axis>& axes) {
  const auto found = std::find(axes.begin(), axes.end(), axis);
  if (found != axes.end()) return static_cast<std::size_t>(found - axes.begin());
  axes.push_back(axis);
  return axes.size() - 1;
}

Json panels_json(const Figure& figure, bool doubles, std::vector<Axis>& axes) {
  std::size_t cells = 0;
  for (const FigurePanel& panel : figure.panels) cells += panel.grid.values.size();
  Json panels = Json::array();
  for (const FigurePanel& panel : figure.panels) {
    Json json{{"title", panel.title},
              {"rows", panel.grid.rows},
              {"columns", panel.grid.columns},
              {"rowAxis", axis_number(panel.rows, axes)},
              {"columnAxis", axis_number(panel.columns, axes)},
              {"values", encode(panel.grid.values, doubles)}};
    if (cells <= kMostNumbers) {
      for (const NumberFormat& format : number_formats(figure)) {
        Json texts = Json::array();
        for (const double x : panel.grid.values) texts.push_back(std::isfinite(x) ? format(x) : "");
        json["numbers"].push_back(std::move(texts));
      }
    }
    panels.push_back(std::move(json));
  }
  return panels;
}

Json data_json(const Figure& figure) {
  const bool doubles = needs_doubles(figure);
  std::vector<Axis> axes;
  Json json{{"title", figure.title},
            {"rowTitle", figure.row_title},
            {"columnTitle", figure.column_title},
            {"doubles", doubles},
            {"panelColumns", figure.panel_columns},
            {"log", figure.scale.scale() == Scale::log},
            {"low", figure.scale.range().low},
            {"high", figure.scale.range().high},
            {"panels", panels_json(figure, doubles, axes)}};
  for (const Axis& axis : axes) {
    json["axes"].push_back({{"count", axis.count},
                            {"step", axis.step},
                            {"first", axis.numbers.first},
                            {"unit", axis.numbers.unit},
                            {"labels", axis.labels.empty() ? Json() : Json(axis.labels)}});
  }
  for (int i = 0; i < kColorCount; ++i) {
    const Rgb c = figure.scale.color_at((i + 0.5) / kColorCount);
    json["colors"].push_back(fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b));
  }
  return json;
}

// The ticks of the colour bar, without those whose text would touch that of another; the ends stay.
std::vector<Tick> separate_ticks(const Figure& figure) {
  constexpr double kBarWidth = 300, kCharacterWidth = 7, kGap = 6;  // pixels
  const std::vector<Tick> ticks = figure.scale.ticks(4);
  const auto width = [&](const Tick& tick) { return kCharacterWidth * display_width(tick.text); };
  const double end = kBarWidth - (ticks.size() > 1 ? width(ticks.back()) + kGap : 0);
  std::vector<Tick> kept;
  double used = 0;
  for (const Tick& tick : ticks) {
    const bool is_end = &tick == &ticks.front() || &tick == &ticks.back();
    const double left = tick.position * kBarWidth - width(tick) / 2;
    if (!is_end && (left < used || left + width(tick) > end)) continue;
    used = (kept.empty() ? 0 : left) + width(tick) + kGap;
    kept.push_back(tick);
  }
  return kept;
}

std::string legend_markup(const Figure& figure) {
  std::string ticks;
  for (const Tick& tick : separate_ticks(figure)) {
    ticks += fmt::format("<span style=\"left:{:.3f}%\">{}</span>", 100 * tick.position,
                         escape_markup(tick.text));
  }
  std::string name = escape_markup(figure.value_title);
  if (figure.scale.scale() == Scale::log) name += name.empty() ? "log scale" : " (log scale)";
  std::string specials;
  const auto add = [&](bool any, const char* kind, const char* text) {
    if (!any) return;
    specials += fmt::format("<span class=\"special\"><canvas data-kind=\"{}\"></canvas>{}</span>",
                            kind, text);
  };
  add(figure.drawn.any_masked, "masked", "masked");
  add(figure.drawn.any_nan, "nan", "not a number (NaN)");
  add(figure.drawn.any_infinite, "infinite", "+∞");
  return fmt::format(
      "<div id=\"legend\"><div id=\"bar\"><div class=\"name\" dir=\"auto\">{}</div>"
      "<div class=\"colors\"><div id=\"marker\"></div></div><div class=\"ticks\">{}</div></div>"
      "<div>{}</div></div>\n",
      name, ticks, specials);
}

std::string header_markup(const Figure& figure) {
  std::string markup;
  if (!figure.title.empty()) {
    markup += fmt::format("<h1 dir=\"auto\">{}</h1>\n", escape_markup(figure.title));
  }
  std::string axes;
  if (!figure.row_title.empty()) axes += "↓ " + escape_markup(figure.row_title);
  if (!figure.column_title.empty()) {
    axes += (axes.empty() ? "→ " : " &emsp; → ") + escape_markup(figure.column_title);
  }
  if (!axes.empty() && figure.panels.size() > 1) markup += "<p>" + axes + "</p>\n";
  for (const std::string& note : figure.notes) markup += "<p>" + escape_markup(note) + "</p>\n";
  return markup;
}

}  // namespace

std::string render_html(const Heatmap& heatmap) {
  heatmap.validate();
  const auto panels = static_cast<double>(heatmap.panels.size());
  const auto along = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::sqrt(static_cast<double>(kMostCells) / panels)), 1,
      kMostCellsAlong);
  const Figure figure = prepare_figure(heatmap, along, along);
  return html_page(
      figure.title.empty() ? "Heatmap" : figure.title,
      header_markup(figure) + legend_markup(figure) +
          "<noscript><p>This page draws its figure with JavaScript, which is switched off.</p>"
          "</noscript>\n"
          "<div id=\"panels\"></div>\n<div id=\"tip\" aria-hidden=\"true\"></div>\n"
          "<div id=\"live\" class=\"hidden\" aria-live=\"polite\"></div>\n"
          "<div id=\"help\" class=\"hidden\">Arrow keys move from cell to cell, with Shift by ten; "
          "Home and End go to the ends of the row; Tab goes to the next panel.</div>\n"
          "<p>Point at a cell for its value, or press Tab and move with the arrow keys.</p>\n",
      data_json(figure).dump(),
      std::string(html_base_script()) + std::string(html_drawing_script()) +
          std::string(html_cursor_script()));
}

}  // namespace clearhead::plot
