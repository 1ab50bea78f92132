// Options and files of figures, for several commands.
#ifndef CLEARHEAD_APPS_CONSOLE_FIGURES_H_
#define CLEARHEAD_APPS_CONSOLE_FIGURES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/console/option_group.h"
#include "clearhead/lens/attention_map.h"
#include "clearhead/plot/heatmap.h"

namespace clearhead::console {

/// How a figure's values become colours.
struct FigureOptions {
  std::optional<plot::Scale> color_scale;
  plot::ColorMap color_map = plot::ColorMap::automatic;

  /// A figure in these colours, without titles and panels; `usual` is its scale if none was given.
  plot::Heatmap heatmap(plot::Scale usual = plot::Scale::linear) const;
};

/// Adds --color-scale, whose default is said by `usual` ("linear if not given"), and --color-map.
void add_figure_options(OptionGroup& group, FigureOptions& options, const std::string& usual);

/// To be called before anything is calculated. Throws UsageError unless each file of --out has the
/// ending of a figure, and Error if one cannot be written.
void check_out(const std::vector<std::string>& out);

/// The same of --out and --save, which ends in one of `endings`, if it is given.
void check_results(const std::vector<std::string>& out, const std::string& save,
                   const std::vector<std::string>& endings = {".safetensors", ".npz"});

/// Throws UsageError unless `path`, given by `option`, is empty or ends in one of `endings`.
void check_ending(const std::string& option, const std::string& path,
                  const std::vector<std::string>& endings);

/// Draws the figure into each file; returns "wrote FILE" in a line each.
std::string write_figures(const plot::Heatmap& heatmap, const std::vector<std::string>& out);

/// The value of --window, "100:200,0:50": queries, then keys. Throws UsageError.
AttentionWindow parse_window(const std::string& text);

/// Throws UsageError unless the window of --window is some of these queries and keys, and has no
/// more than kMostWindowPairs.
void check_window(const AttentionWindow& window, std::int64_t queries, std::int64_t keys);

/// The words of a table of names, for OptionGroup::choice.
template <typename T>
std::vector<std::pair<std::string, T>> choices(const std::map<std::string, T>& names) {
  return {names.begin(), names.end()};
}

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_FIGURES_H_
