// Draws the states of a recurrent network as heatmaps: all layers, or one.
#include "apps/cli/see/states_view.h"

#include <fmt/format.h>

#include "apps/console/usage_error.h"

namespace clearhead::cli {

plot::Heatmap all_states_heatmap(const Reading& reading, const SeeOptions& o) {
  constexpr std::string_view kStates = ".hook_h";
  plot::Heatmap heatmap = o.figure.heatmap();
  heatmap.title = reading.name + ": states after each token";
  heatmap.row_title = "token";
  heatmap.column_title = "number of the state";
  heatmap.value_title = "value";
  for (const Var& var : reading.tape.vars()) {  // [1, T, H]
    const std::string& name = var.name();
    if (!name.ends_with(kStates)) continue;
    const Tokens& tokens = name.starts_with("encoder.") ? reading.source : reading.text;
    heatmap.panels.push_back({.title = name.substr(0, name.size() - kStates.size()),
                              .values = var.value().reshape({var.size(1), var.size(2)}),
                              .row_labels = tokens.names});
  }
  return heatmap;
}

plot::Heatmap states_heatmap(const Reading& reading, const SeeOptions& o) {
  if (o.head)
    throw console::UsageError("--head: " + reading.name + " has no attention, and so no heads");
  plot::Heatmap heatmap = all_states_heatmap(reading, o);
  const std::int64_t count = std::ssize(heatmap.panels);
  const std::int64_t layer = o.layer.value_or(count - 1);
  if (layer >= count) {
    throw console::UsageError(
        fmt::format("--layer {}: there are {} of them, counted from 0", layer, count));
  }
  heatmap.panels = {heatmap.panels[static_cast<std::size_t>(layer)]};
  heatmap.title = reading.name + ": " + heatmap.panels[0].title + ", states after each token";
  heatmap.panels[0].title = "";
  return heatmap;
}

}  // namespace clearhead::cli
