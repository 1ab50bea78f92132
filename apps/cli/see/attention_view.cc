// Chooses the layer, head and tokens that are shown, and draws their attention as heatmaps.
#include "apps/cli/see/attention_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/console/attention_panel.h"
#include "apps/console/figures.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kMostPagePairs = 1 << 24;  // of a head, which a browser holds as a picture

WeightMatrix weights_of(const Reading& reading, const AttentionView& view, std::int64_t layer,
                        std::int64_t head) {
  const HeadPlace place{.scope = view.stack.scopes[static_cast<std::size_t>(layer)], .head = head};
  return visible_weights(reading.tape, place);
}

// Sets layer, head and measures: those asked for, and where that leaves a choice, the most
// selective.
void choose_head(const Reading& reading, const SeeOptions& o, AttentionView& view) {
  const auto check = [](const char* what, std::optional<std::int64_t> asked, std::int64_t count) {
    if (!asked || *asked < count) return;
    throw console::UsageError(fmt::format("--{} {}: there {} of them, counted from 0", what, *asked,
                                          count == 1 ? "is 1" : fmt::format("are {}", count)));
  };
  check("layer", o.layer, view.layers());
  check("head", o.head, view.heads);
  const MeasuredHead chosen =
      most_selective_head(reading.tape, view.stack, view.same_tokens, o.layer, o.head);
  view.layer = chosen.layer;
  view.head = chosen.place.head;
  view.measures = chosen.measures;
  view.is_chosen = (!o.layer && view.layers() > 1) || (!o.head && view.heads > 1);
}

void check_page_size(const AttentionView& view) {
  const std::int64_t T = std::ssize(view.query_names), S = std::ssize(view.key_names);
  if (T <= kMostPagePairs / S) return;
  throw console::UsageError(fmt::format(
      "--out: a page has room for {0} × {0} tokens, and there are {1} queries and {2} keys; "
      "--window T:T,S:S chooses some of them, --last reads fewer, .png draws all",
      static_cast<std::int64_t>(std::sqrt(kMostPagePairs)), T, S));
}

plot::Heatmap empty_heatmap(const AttentionView& view, const SeeOptions& o) {
  plot::Heatmap heatmap = o.figure.heatmap();
  heatmap.row_title = view.query_title;
  heatmap.column_title = view.key_title;
  heatmap.value_title = "attention weight";
  heatmap.pool = plot::Pool::max;
  return heatmap;
}

// Queries or keys [begin, end) by name.
std::vector<std::string> part(const std::vector<std::string>& names, std::int64_t begin,
                              std::int64_t end) {
  return {names.begin() + begin, names.begin() + end};
}

}  // namespace

bool is_page(const std::string& path, const SeeOptions& o) {
  return !o.window && ending_of(path) == ".html";
}

std::optional<AttentionView> choose_attention(const Reading& reading, const SeeOptions& o) {
  const std::optional<AttentionAxes> axes = console::find_attention(reading, o.attention);
  if (!axes) return std::nullopt;
  AttentionView view{*axes};
  if (o.window) {
    console::check_window(*o.window, std::ssize(view.query_names), std::ssize(view.key_names));
  }
  for (const std::string& path : o.out) {
    if (is_page(path, o)) check_page_size(view);
  }
  choose_head(reading, o, view);
  return view;
}

plot::Heatmap heads_heatmap(const Reading& reading, const AttentionView& view, const SeeOptions& o,
                            std::optional<std::int64_t> only) {
  plot::Heatmap heatmap = empty_heatmap(view, o);
  if (view.count() > static_cast<std::int64_t>(plot::kMostPanels)) only = view.layer;
  heatmap.title = fmt::format("{}: {}, {}", reading.name, view.title,
                              only ? fmt::format("all heads of layer {}", *only) : "all heads");
  heatmap.panel_columns = static_cast<int>(view.heads);
  const std::int64_t first = only.value_or(0), last = only.value_or(view.layers() - 1);
  const auto cells = console::PanelCells::of(
      (last - first + 1) * view.heads, std::ssize(view.query_names), std::ssize(view.key_names));
  if (!cells.is_whole()) heatmap.title += "; " + cells.words(heatmap.pool);
  for (std::int64_t layer = first; layer <= last; ++layer) {
    for (std::int64_t head = 0; head < view.heads; ++head) {
      heatmap.panels.push_back(console::attention_panel(weights_of(reading, view, layer, head),
                                                        cells, heatmap.pool, view.query_names,
                                                        view.key_names));
      heatmap.panels.back().title = fmt::format("L{}H{}", layer, head);
    }
  }
  return heatmap;
}

plot::Heatmap head_heatmap(const Reading& reading, const AttentionView& view, const SeeOptions& o,
                           const std::optional<AttentionWindow>& window) {
  const std::int64_t T = std::ssize(view.query_names), S = std::ssize(view.key_names);
  const auto [t, t_end, s, s_end] = window.value_or(AttentionWindow{0, T, 0, S});
  plot::Heatmap heatmap = empty_heatmap(view, o);
  heatmap.title = reading.name + ": " + view.title;
  if (view.count() > 1) heatmap.title += fmt::format(", layer {}, head {}", view.layer, view.head);
  const WeightMatrix weights =
      weights_of(reading, view, view.layer, view.head).part(t, t_end, s, s_end);
  const auto cells = console::PanelCells::of(1, t_end - t, s_end - s);
  if (!cells.is_whole()) heatmap.title += "; " + cells.words(heatmap.pool);
  heatmap.panels.push_back(console::attention_panel(weights, cells, heatmap.pool,
                                                    part(view.query_names, t, t_end),
                                                    part(view.key_names, s, s_end)));
  heatmap.panels[0].row_numbers.first = t;
  heatmap.panels[0].column_numbers.first = s;
  return heatmap;
}

std::optional<AttentionWindow> fitting_window(const Reading& reading, const AttentionView& view,
                                              const plot::TerminalOptions& terminal) {
  const std::int64_t T = std::ssize(view.query_names), S = std::ssize(view.key_names);
  const plot::TerminalRoom room = plot::labelled_room(view.query_names, view.key_names, terminal);
  if (T <= room.rows && S <= room.columns) return std::nullopt;
  if (!view.same_tokens)
    return AttentionWindow{0, std::min(T, room.rows), 0, std::min(S, room.columns)};
  const std::int64_t n = std::min({T, room.rows, room.columns});
  const std::int64_t begin = reading.goes_on() ? T - n : 0;
  return AttentionWindow{begin, begin + n, begin, begin + n};
}

std::string describe(const AttentionView& view) {
  const HeadMeasures& m = view.measures;
  std::string text;
  if (view.is_chosen) {
    text = fmt::format(
        "Layer {}, head {} is the most selective: on average a query gives one key {:.2f} more "
        "weight than is usual for that key{}. --layer and --head show others. ",
        view.layer, view.head, m.selectivity, view.same_tokens ? " or that distance" : "");
  }
  text += fmt::format("Its mean entropy is {:.2f} nats, its mean weight for the first key {:.2f}",
                      m.entropy, m.first);
  if (!view.same_tokens) return text + ".";
  return text + fmt::format(", for the query itself {:.2f}, for the token before it {:.2f}.",
                            m.self, m.previous);
}

std::string describe_window(const Reading& reading, const AttentionView& view,
                            const AttentionWindow& window) {
  const std::int64_t S = std::ssize(view.key_names);
  double outside = 0;
  weights_of(reading, view, view.layer, view.head)
      .part(window.t, window.t_end, 0, S)
      .for_each_row([&](std::int64_t, const double* row) {
        for (std::int64_t s = 0; s < S; ++s) {
          if ((s < window.s || s >= window.s_end) && !std::isinf(row[s])) outside += row[s];
        }
      });
  outside /= static_cast<double>(window.t_end - window.t);
  return fmt::format(
      "Shown are queries {} to {} of {} and keys {} to {} of {}; {:.0f} % of the weight of these "
      "queries goes to other keys. --window T:T,S:S shows other parts.",
      window.t, window.t_end - 1, std::ssize(view.query_names), window.s, window.s_end - 1,
      std::ssize(view.key_names), 100 * outside);
}

}  // namespace clearhead::cli
