// Figures by the ending of their names.
#include "apps/console/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "apps/console/numbers.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"
#include "clearhead/plot/figure_file.h"

namespace clearhead::console {

plot::Heatmap FigureOptions::heatmap(plot::Scale usual) const {
  plot::Heatmap heatmap;
  heatmap.scale = color_scale.value_or(usual);
  heatmap.color_map = color_map;
  return heatmap;
}

void add_figure_options(OptionGroup& group, FigureOptions& options, const std::string& usual) {
  group.choice<plot::Scale>("--color-scale", choices(plot::scale_names()),
                            "How weights become colours (" + usual + ")",
                            [&options](plot::Scale x) { options.color_scale = x; });
  group.choice<plot::ColorMap>("--color-map", choices(plot::color_map_names()),
                               "The colours (violet-to-yellow if not given)",
                               [&options](plot::ColorMap x) { options.color_map = x; });
}

void check_out(const std::vector<std::string>& out) { check_results(out, ""); }

void check_results(const std::vector<std::string>& out, const std::string& save,
                   const std::vector<std::string>& endings) {
  for (const std::string& path : out) {
    try {
      plot::check_figure_ending(path);
    } catch (const Error& e) {
      throw UsageError(std::string("--out: ") + e.what());
    }
  }
  check_ending("--save", save, endings);
  for (const std::string& path : out) check_writable(path);
  if (!save.empty()) check_writable(save);
}

void check_ending(const std::string& option, const std::string& path,
                  const std::vector<std::string>& endings) {
  const bool is_known = std::find(endings.begin(), endings.end(), ending_of(path)) != endings.end();
  if (!path.empty() && !is_known) {
    refuse_value(option, "a name that ends in " + alternatives(endings), path);
  }
}

std::string write_figures(const plot::Heatmap& heatmap, const std::vector<std::string>& out) {
  std::string written;
  for (const std::string& path : out) {
    plot::write_figure(heatmap, path);
    written += wrote(path);
  }
  return written;
}

AttentionWindow parse_window(const std::string& text) {
  AttentionWindow window;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](std::int64_t& n, char after) {
    const auto [stop, fault] = std::from_chars(at, end, n);
    const bool ends = after == 0 ? stop == end : stop != end && *stop == after;
    if (fault != std::errc() || !ends || n < 0) {
      refuse_value("--window", "queries and keys as BEGIN:END,BEGIN:END", text);
    }
    at = stop + (after == 0 ? 0 : 1);
  };
  number(window.t, ':');
  number(window.t_end, ',');
  number(window.s, ':');
  number(window.s_end, 0);
  return window;
}

void check_window(const AttentionWindow& w, std::int64_t queries, std::int64_t keys) {
  const bool lies_in = w.t < w.t_end && w.t_end <= queries && w.s < w.s_end && w.s_end <= keys;
  const bool is_small = lies_in && w.t_end - w.t <= kMostWindowPairs / (w.s_end - w.s);
  if (is_small) return;
  refuse_value("--window",
               lies_in ? fmt::format("at most {} pairs of query and key (a map has room for more)",
                                     with_commas(kMostWindowPairs))
                       : fmt::format("some of queries 0:{} and keys 0:{}", queries, keys),
               fmt::format("{}:{},{}:{}", w.t, w.t_end, w.s, w.s_end));
}

}  // namespace clearhead::console
