// From the user's description to what is drawn.
#include "clearhead/plot/figure.h"

#include <fmt/format.h>

#include <algorithm>

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

// Nobody reads a longer title.
std::string title_text(const std::string& title) { return shorten(visible_text(title), 500); }

Axis make_axis(const std::vector<std::string>& labels, AxisNumbers numbers, std::int64_t count,
               std::int64_t step) {
  Axis axis{count, step, {}, numbers};
  for (const std::string& label : labels) axis.labels.push_back(visible_label(label));
  return axis;
}

std::string with_separators(std::int64_t n) {
  std::string text = std::to_string(n);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), ",");
  }
  return text;
}

std::string pool_text(Pool pool) {
  switch (pool) {
    case Pool::mean:
      return "mean";
    case Pool::extreme:
      return "value farthest from zero";
    case Pool::automatic:
    case Pool::max:
      break;
  }
  return "max";
}

std::string pool_note(const Grid& grid, Pool pool) {
  const bool even =
      grid.source_rows % grid.row_step == 0 && grid.source_columns % grid.column_step == 0;
  return fmt::format("Each cell is the {} of {}{} × {} values; the whole has {} × {}.",
                     pool_text(pool), even ? "" : "up to ", grid.row_step, grid.column_step,
                     with_separators(grid.source_rows), with_separators(grid.source_columns));
}

// One note for each way of pooling, naming its panels if it does not hold for all.
void add_pool_notes(Figure& figure, Pool pool) {
  std::vector<std::pair<std::string, std::vector<std::string>>> notes;
  for (const FigurePanel& panel : figure.panels) {
    if (!panel.grid.is_pooled()) continue;
    const std::string note = pool_note(panel.grid, pool);
    auto found = std::find_if(notes.begin(), notes.end(),
                              [&](const auto& other) { return other.first == note; });
    if (found == notes.end()) found = notes.insert(notes.end(), {note, {}});
    found->second.push_back(panel.title);
  }
  for (const auto& [note, titles] : notes) {
    const bool all = titles.size() == figure.panels.size();
    figure.notes.push_back(all ? note : fmt::format("{}: {}", fmt::join(titles, ", "), note));
  }
}

// Colours at the ends of the bar that stand for values beyond it.
void add_range_notes(Figure& figure) {
  const Range range = figure.scale.range();
  bool zero = false, below = false, above = false;
  for (const FigurePanel& panel : figure.panels) {
    for (const double x : panel.grid.values) {
      if (!std::isfinite(x)) continue;
      zero |= x == 0 && figure.scale.scale() == Scale::log;
      below |= x < range.low && !(x == 0 && zero);
      above |= x > range.high;
    }
  }
  const std::string low = number_text(range.low, 3), high = number_text(range.high, 3);
  if (below) {
    figure.notes.push_back(fmt::format("Values below {} have the lowest colour{}.", low,
                                       zero ? ", and so has 0" : ""));
  } else if (zero) {
    figure.notes.push_back("0 has the lowest colour.");
  }
  if (above) figure.notes.push_back(fmt::format("Values above {} have the highest colour.", high));
}

}  // namespace

std::string Axis::label(std::int64_t index) const {
  return labels.empty() ? std::to_string(numbers.first + index * numbers.unit)
                        : labels[static_cast<std::size_t>(index)];
}

bool Axis::has_letters() const {
  return !labels.empty() && std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return display_width(label) <= 1;
  });
}

double Axis::position(std::int64_t index) const {
  return (static_cast<double>(index) + 0.5) / static_cast<double>(step);
}

bool Figure::shares_axes() const {
  return std::all_of(panels.begin(), panels.end(), [&](const FigurePanel& panel) {
    return panel.rows == panels[0].rows && panel.columns == panels[0].columns;
  });
}

Figure prepare_figure(const Heatmap& heatmap, std::int64_t max_rows, std::int64_t max_columns) {
  heatmap.validate();
  Statistics whole;
  for (const Panel& panel : heatmap.panels) whole = combine(whole, statistics(panel.values));
  Pool pool = heatmap.pool;
  if (pool == Pool::automatic) pool = whole.both_signs() ? Pool::extreme : Pool::max;

  std::vector<FigurePanel> panels;
  Statistics drawn;
  for (const Panel& panel : heatmap.panels) {
    Grid grid = pool_matrix(panel.values, max_rows, max_columns, pool);
    for (const double x : grid.values) drawn.add(x);
    panels.push_back(
        {title_text(panel.title),
         {},
         make_axis(panel.row_labels, panel.row_numbers, grid.source_rows, grid.row_step),
         make_axis(panel.column_labels, panel.column_numbers, grid.source_columns,
                   grid.column_step)});
    panels.back().grid = std::move(grid);
  }
  Figure figure{title_text(heatmap.title),
                title_text(heatmap.row_title),
                title_text(heatmap.column_title),
                title_text(heatmap.value_title),
                std::move(panels),
                heatmap.panel_columns,
                ColorScale(heatmap, drawn, whole.both_signs()),
                drawn,
                {}};
  add_pool_notes(figure, pool);
  add_range_notes(figure);
  return figure;
}

}  // namespace clearhead::plot
