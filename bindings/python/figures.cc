// Figures as objects that a notebook shows and that can be saved: heatmaps of arrays, and the page
// of all heads of a network.
#include "bindings/python/figures.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/python/arrays.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "bindings/python/reading.h"
#include "bindings/python/texts.h"
#include "bindings/python/values.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/lens/attention_axes.h"
#include "clearhead/plot/draw.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/plot/html.h"
#include "clearhead/plot/label.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

using Names = std::optional<std::vector<std::string>>;

std::string html_of(const DrawnFigure& figure) {
  const LongCall call;
  if (figure.page) return plot::render_attention_page(*figure.page);
  return std::visit([](const auto& drawn) { return plot::render_html(drawn); }, figure.figure);
}

// A page of its own within the notebook's, whose scripts and styles do not meet. One of a figure
// becomes as high as what it shows.
std::string as_part_of_a_page(const DrawnFigure& figure) {
  const std::string size = figure.page
                               ? "height: 900px\""
                               : "height: 560px\" onload=\"this.style.height = "
                                 "Math.min(this.contentDocument.body.offsetHeight, 1500) + 'px'\"";
  return "<iframe style=\"width: 100%; border: 0; " + size + " srcdoc=\"" +
         plot::escape_markup(html_of(figure)) + "\"></iframe>";
}

nb::bytes png_of(const DrawnFigure& figure) {
  std::string png;
  {
    const LongCall call;
    png = std::visit([](const auto& drawn) { return plot::render_png(drawn); }, figure.figure);
  }
  return nb::bytes(png.data(), png.size());
}

void save(const DrawnFigure& figure, const std::filesystem::path& path) {
  plot::check_figure_ending(path);
  if (figure.page && ending_of(path) == ".html") {
    const std::string page = html_of(figure);
    return write_file(path, [&](std::ostream& out) { out << page; });
  }
  const LongCall call;
  std::visit([&path](const auto& drawn) { plot::write_figure(drawn, path); }, figure.figure);
}

std::string described(const DrawnFigure& figure) {
  if (const auto* lines = std::get_if<plot::LinePlot>(&figure.figure)) {
    const std::size_t count = lines->curves.size();
    return "<clearhead.Figure of " + std::to_string(count) + (count == 1 ? " curve>" : " curves>");
  }
  const std::size_t count = std::get<plot::Heatmap>(figure.figure).panels.size();
  return "<clearhead.Figure of " + std::to_string(count) + (count == 1 ? " matrix>" : " matrices>");
}

// ---- Heatmaps ----

template <typename T>
T named(const std::map<std::string, T>& names, const std::string& name, const char* what) {
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  std::string known;
  for (const auto& [one, value] : names) known += (known.empty() ? "" : ", ") + one;
  throw Error(std::string(what) + ": expected one of " + known + ", got " + name);
}

// Names that are given; else, of a frame, those that it has.
Names names_of(nb::handle given, const char* what, nb::handle frame, const char* attribute) {
  if (!given.is_none()) return strings_of(given, what);
  if (!nb::hasattr(frame, "index") || !nb::hasattr(frame, "columns")) return std::nullopt;
  return strings_of(nb::object(frame.attr(attribute)), what);
}

DrawnFigure heatmap(nb::object values, nb::object row_names, nb::object column_names,
                    const std::vector<std::string>& titles, const std::string& title,
                    const std::string& row_title, const std::string& column_title,
                    const std::string& value_title, const std::string& scale,
                    const std::string& colors, std::optional<std::pair<double, double>> range) {
  const Tensor all = array_of(values, "values").tensor;
  const Names rows = names_of(row_names, "rows", values, "index");
  const Names columns = names_of(column_names, "columns", values, "columns");
  if (all.rank() != 2 && all.rank() != 3) {
    throw Error(
        "values: expected a matrix [rows, columns], or several [panels, rows, columns], "
        "got " +
        to_string(all.shape()));
  }
  plot::Heatmap map{.title = title,
                    .row_title = row_title,
                    .column_title = column_title,
                    .value_title = value_title,
                    .scale = named(plot::scale_names(), scale, "scale"),
                    .color_map = named(plot::color_map_names(), colors, "colors")};
  if (range) map.range = {range->first, range->second};
  const std::int64_t panels = all.rank() == 2 ? 1 : all.size(0);
  for (std::int64_t i = 0; i < panels; ++i) {
    const Tensor matrix =
        all.rank() == 2 ? all : all.slice(0, i, i + 1).reshape({all.size(1), all.size(2)});
    const auto place = static_cast<std::size_t>(i);
    map.panels.push_back({.title = place < titles.size() ? titles[place] : "",
                          .values = matrix.clone(),
                          .row_labels = rows.value_or(std::vector<std::string>()),
                          .column_labels = columns.value_or(std::vector<std::string>())});
  }
  map.validate();
  return {std::move(map)};
}

// ---- Attention ----

// The heads of the layer that is open at first, as a figure on paper.
plot::Heatmap heads_of(const plot::AttentionPage& page) {
  const plot::PageAttention& kind = page.kinds[page.kind];
  plot::Heatmap map{.title = page.title,
                    .row_title = kind.query_title,
                    .column_title = kind.key_title,
                    .value_title = "attention weight",
                    .range = plot::Range{0, 1}};
  for (std::int64_t head = 0; head < kind.heads; ++head) {
    map.panels.push_back({.title = "head " + std::to_string(head),
                          .values = kind.weights(page.layer, head, 0, std::ssize(kind.queries)),
                          .row_labels = kind.queries,
                          .column_labels = kind.keys});
  }
  return map;
}

DrawnFigure figure_of(plot::AttentionPage page) {
  const plot::PageAttention& kind = page.kinds[page.kind];
  if (page.layer < 0 || page.layer >= kind.layers) {
    throw Error("layer: expected 0 to " + std::to_string(kind.layers - 1) + ", got " +
                std::to_string(page.layer));
  }
  DrawnFigure figure{heads_of(page)};
  figure.page = std::move(page);
  return figure;
}

DrawnFigure heads_of_cache(const Cache& cache, std::int64_t layer) {
  const LongCall call;
  const std::shared_ptr<const Reading> reading = cache.reading;
  plot::AttentionPage page{.title = reading->name, .layer = layer};
  for (const AttentionStack& stack : attention_stacks(reading->tape)) {
    const AttentionAxes axes = attention_axes(*reading, stack);
    if (!axes.same_tokens) page.kind = page.kinds.size();  // what a translation looks at
    page.kinds.push_back(
        {.title = axes.title,
         .query_title = axes.query_title,
         .key_title = axes.key_title,
         .queries = axes.query_names,
         .keys = axes.key_names,
         .same_tokens = axes.same_tokens,
         .layers = axes.layers(),
         .heads = axes.heads,
         .weights = [reading, scopes = stack.scopes](std::int64_t l, std::int64_t head,
                                                     std::int64_t t, std::int64_t t_end) {
           const HeadPlace place{.scope = scopes[static_cast<std::size_t>(l)], .head = head};
           return visible_weights(reading->tape, place, t, t_end);
         }});
  }
  if (page.kinds.empty()) throw Error(reading->name + " has no attention");
  return figure_of(std::move(page));
}

// [H, T, S] of one layer.
Tensor heads_of_layer(nb::handle pattern) {
  Tensor heads = array_of(pattern, "attention").tensor;
  if (heads.rank() == 2) heads = heads.reshape({1, heads.size(0), heads.size(1)});
  if (heads.rank() == 4 && heads.size(0) == 1)
    heads = heads.reshape(Shape(heads.shape().begin() + 1, heads.shape().end()));
  if (heads.rank() != 3) {
    throw Error(
        "attention: expected [heads, queries, keys] or [1, heads, queries, keys] of each "
        "layer, got " +
        to_string(heads.shape()));
  }
  return heads.to(DType::f64).contiguous();
}

DrawnFigure heads_of_arrays(nb::object attention, const Names& tokens, const Names& keys,
                            std::int64_t layer, const std::string& title) {
  auto layers = std::make_shared<std::vector<Tensor>>();
  if (nb::isinstance<nb::list>(attention) || nb::isinstance<nb::tuple>(attention)) {
    for (const nb::handle pattern : attention) layers->push_back(heads_of_layer(pattern));
  } else {
    layers->push_back(heads_of_layer(attention));
  }
  if (layers->empty()) throw Error("attention: there is no layer in it");
  const Shape shape = layers->front().shape();
  for (const Tensor& other : *layers) {
    if (other.shape() == shape) continue;
    throw Error("attention: expected layers of one shape, got " + to_string(shape) + " and " +
                to_string(other.shape()));
  }
  const auto names = [](const Names& given, std::int64_t count) {
    std::vector<std::string> all = given.value_or(std::vector<std::string>());
    for (std::int64_t i = 0; !given && i < count; ++i) all.push_back(std::to_string(i));
    return all;
  };
  plot::AttentionPage page{.title = title, .layer = layer};
  page.kinds.push_back(
      {.title = "attention",
       .query_title = "query",
       .key_title = "key",
       .queries = names(tokens, shape[1]),
       .keys = names(keys ? keys : tokens, shape[2]),
       .same_tokens = !keys && shape[1] == shape[2],
       .layers = std::ssize(*layers),
       .heads = shape[0],
       .weights = [layers](std::int64_t l, std::int64_t head, std::int64_t t, std::int64_t t_end) {
         const Tensor& heads = (*layers)[static_cast<std::size_t>(l)];
         return heads.slice(0, head, head + 1)
             .slice(1, t, t_end)
             .reshape({t_end - t, heads.size(2)});
       }});
  const plot::PageAttention& kind = page.kinds.front();
  if (std::ssize(kind.queries) != shape[1] || std::ssize(kind.keys) != shape[2]) {
    throw Error("tokens: expected " + std::to_string(shape[1]) + " queries and " +
                std::to_string(shape[2]) + " keys, got " + std::to_string(kind.queries.size()) +
                " and " + std::to_string(kind.keys.size()));
  }
  return figure_of(std::move(page));
}

DrawnFigure attention_heads(nb::object attention, nb::object tokens, nb::object keys,
                            std::int64_t layer, const std::string& title) {
  const auto named = [](nb::handle given, const char* what) {
    return given.is_none() ? Names() : Names(strings_of(given, what));
  };
  if (nb::isinstance<Cache>(attention)) {
    return heads_of_cache(nb::cast<const Cache&>(attention), layer);
  }
  return heads_of_arrays(attention, named(tokens, "tokens"), named(keys, "keys"), layer, title);
}

}  // namespace

void add_figures(nb::module_& m) {
  nb::class_<DrawnFigure>(m, "Figure", R"(A figure: a notebook shows it, ``save`` writes it.

In HTML it is a page of its own that needs no network.)")
      .def("save", save, "path"_a, "Writes it; the ending says how: .svg, .pdf, .png or .html.")
      .def("html", html_of, "The page.")
      .def("_repr_html_", as_part_of_a_page)
      .def("_repr_png_", png_of)
      .def("__repr__", described);
  m.def("heatmap", heatmap, "values"_a, "rows"_a = nb::none(), "columns"_a = nb::none(),
        nb::kw_only(), "titles"_a = std::vector<std::string>(), "title"_a = "", "row_title"_a = "",
        "column_title"_a = "", "value_title"_a = "", "scale"_a = "linear", "colors"_a = "automatic",
        "range"_a = nb::none(),
        R"(A figure of a matrix [rows, columns], or of several [panels, rows, columns].

``rows`` and ``columns`` are their names: strings, or whatever has a text; those of a pandas frame
if none are given. ``scale`` is linear or log; ``colors`` automatic,
violet-to-yellow, blue-to-yellow or blue-to-red; ``range`` the values at the ends of the colours.

>>> import numpy as np, clearhead
>>> clearhead.heatmap(np.eye(3), rows=list("abc"), title="Identity")
<clearhead.Figure of 1 matrix>
)");
  m.def("attention_heads", attention_heads, "attention"_a, "tokens"_a = nb::none(),
        "keys"_a = nb::none(), nb::kw_only(), "layer"_a = 0, "title"_a = "",
        R"(A page of heads: all small, those that are chosen large, and what each token looks at.

``attention`` is the cache of a run, all of whose layers and tokens are shown; or weights [heads,
queries, keys] of a layer, or a list of them, with the names of their ``tokens`` (and of ``keys``,
if these are others). Saved as .svg, .pdf or .png it shows the heads of ``layer``.

>>> import clearhead
>>> _, cache = clearhead.load("shakespeare").run_with_cache("To be, or not to be")
>>> page = clearhead.attention_heads(cache).html()
>>> page.startswith("<!DOCTYPE html>")
True
)");
}

}  // namespace clearhead::python
