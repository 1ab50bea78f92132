// Curves as a page: the drawing as SVG, and a cursor that shows the values of all curves at one x.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "clearhead/base/ceil_div.h"
#include "clearhead/plot/color_scale.h"
#include "clearhead/plot/html_page.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/line_layout.h"
#include "clearhead/plot/line_plot.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostPoints = 20'000;  // of a curve, that the cursor goes to

std::string hex(Rgb c) { return fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b); }

// Every k-th point, so that there are not too many; what is no number is null.
Json curve_json(const Curve& curve, const LineCurve& placed) {
  Json json{{"name", placed.name},
            {"color", hex(placed.color)},
            {"x", Json::array()},
            {"y", Json::array()}};
  const std::size_t step = ceil_div(curve.x.size(), kMostPoints);
  for (std::size_t i = 0; i < curve.x.size(); i += step) {
    json["x"].push_back(curve.x[i]);
    json["y"].push_back(curve.y[i]);
  }
  return json;
}

Json data_json(const LinePlot& plot, const LineFigure& figure, const LineLayout& layout) {
  const Rect& body = layout.body;
  Json json{{"page", {layout.width, layout.height}},
            {"body", {body.x, body.y, body.width, body.height}},
            {"xTitle", figure.x.title},
            {"log", figure.x.scale == Scale::log},
            {"low", figure.x.low},
            {"high", figure.x.high},
            {"curves", Json::array()}};
  for (std::size_t i = 0; i < plot.curves.size(); ++i) {
    json["curves"].push_back(curve_json(plot.curves[i], figure.curves[i]));
  }
  return json;
}

// The SVG element without what only a file of its own needs.
std::string inline_svg(const LinePlot& plot) {
  std::string svg = render_svg(plot);
  svg.erase(0, svg.find("<svg"));
  for (const char* name : {" xmlns=\"", " xmlns:xlink=\""}) {
    const std::size_t begin = svg.find(name);
    if (begin == std::string::npos || begin > svg.find('>')) continue;
    svg.erase(begin, svg.find('"', begin + std::string_view(name).size()) + 1 - begin);
  }
  return svg;
}

}  // namespace

std::string render_html(const LinePlot& plot) {
  const LineFigure figure = prepare_line_figure(plot);
  TextSetter setter;
  const LineLayout layout = lay_out(figure, setter);
  const std::string title = figure.title.empty() ? "Curves" : figure.title;
  return html_page(
      title,
      "<div id=\"plot\" tabindex=\"0\" role=\"application\" aria-roledescription=\"line plot\" "
      "aria-label=\"" +
          escape_markup(title) + "\" aria-describedby=\"help\">" + inline_svg(plot) +
          "<div id=\"ruler\"></div></div>\n<div id=\"tip\" aria-hidden=\"true\"></div>\n"
          "<div id=\"live\" class=\"hidden\" aria-live=\"polite\"></div>\n"
          "<p id=\"help\">Point at the curves for their values, or press Tab and move with the "
          "arrow keys, with Shift by ten points.</p>\n",
      data_json(plot, figure, layout).dump(), std::string(html_lines_script()));
}

std::string_view html_lines_script() {
  return R"js(
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const plot = document.getElementById('plot'), ruler = document.getElementById('ruler');
const tip = document.getElementById('tip'), live = document.getElementById('live');
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const along = (x) => data.log ? Math.log(x) : x;
const place = (x) => (along(x) - along(data.low)) / (along(data.high) - along(data.low));
const text = (x) =>
  x === null ? 'no number' : String(Number(x.toPrecision(6))).replace(/-/g, '\u2212');
const xs = [...new Set(data.curves.flatMap((curve) => curve.x))]
  .filter((x) => !data.log || x > 0).sort((a, b) => a - b);
let at = 0;

function element(parent, tag, className, content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content !== undefined) node.textContent = content;
  parent.appendChild(node);
  return node;
}

// The place in an ascending list of the number nearest to x, as the axis measures it.
function nearest(list, x) {
  let low = 0, high = list.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] <= x) low = middle; else high = middle;
  }
  const apart = (i) => Math.abs(along(list[i]) - along(x));
  return apart(high) < apart(low) ? high : low;
}

function show(announce) {
  const x = xs[at], box = plot.getBoundingClientRect(), scale = box.width / data.page[0];
  const [left, top, width, height] = data.body.map((length) => length * scale);
  ruler.style.display = 'block';
  ruler.style.left = left + place(x) * width + 'px';
  ruler.style.top = top + 'px';
  ruler.style.height = height + 'px';
  tip.replaceChildren();
  const parts = [(data.xTitle || 'x') + ' ' + text(x)];
  element(tip, 'div', 'item', parts[0]).dir = 'auto';
  for (const curve of data.curves) {
    const i = nearest(curve.x, x), line = element(tip, 'div', 'item');
    element(line, 'i').style.background = curve.color;
    element(line, 'span', '', (curve.name || 'value') + ' ').dir = 'auto';
    element(line, 'b', '', text(curve.y[i]));
    if (curve.x[i] !== x) element(line, 'span', '', ' (at ' + text(curve.x[i]) + ')');
    parts.push(line.textContent);
  }
  tip.style.display = 'block';
  const size = tip.getBoundingClientRect(), middle = box.left + left + place(x) * width;
  const right = middle + 14, fits = right + size.width <= window.innerWidth - 8;
  tip.style.left = Math.max(8, fits ? right : middle - 14 - size.width) + 'px';
  const lowest = Math.max(8, window.innerHeight - size.height - 8);
  tip.style.top = clamp(box.top + top + 8, 8, lowest) + 'px';
  if (announce) live.textContent = parts.join('; ');
}

function hide() {
  tip.style.display = ruler.style.display = 'none';
}

function point(event) {
  const box = plot.getBoundingClientRect(), [left, , width] = data.body;
  const part = clamp(((event.clientX - box.left) * data.page[0] / box.width - left) / width, 0, 1);
  const x = along(data.low) * (1 - part) + along(data.high) * part;
  at = nearest(xs, data.log ? Math.exp(x) : x);
  show(false);
}

if (xs.length) {
  plot.addEventListener('pointermove', point);
  plot.addEventListener('click', point);
  plot.addEventListener('pointerleave', hide);
  plot.addEventListener('blur', hide);
  plot.addEventListener('focus', () => { if (plot.matches(':focus-visible')) show(true); });
  plot.addEventListener('keydown', (event) => {
    const far = event.shiftKey ? 10 : 1;
    const to = {ArrowLeft: at - far, ArrowRight: at + far, Home: 0, End: xs.length - 1}[event.key];
    if (event.key === 'Escape') hide();
    if (to === undefined) return;
    event.preventDefault();
    at = clamp(to, 0, xs.length - 1);
    show(true);
  });
}
)js";
}

}  // namespace clearhead::plot
