// Which attention of a reading is shown, and its figures.
#ifndef CLEARHEAD_APPS_CLI_SEE_ATTENTION_VIEW_H_
#define CLEARHEAD_APPS_CLI_SEE_ATTENTION_VIEW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/see/options.h"
#include "apps/console/attention_axes.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::cli {

/// One kind of attention in all its layers, and the head that is shown large.
struct AttentionView : AttentionAxes {
  std::int64_t layer = 0, head = 0;
  bool is_chosen = false;      ///< by its selectivity
  HeadMeasures measures = {};  ///< of the large head

  /// The scope of the layer that is shown large.
  const std::string& scope() const { return stack.scopes[static_cast<std::size_t>(layer)]; }
};

/// Whether this file of --out is the page of all heads.
bool is_page(const std::string& path, const SeeOptions& options);

/// The attention that `options` ask for; nothing if the model has none. Throws Error if it has no
/// such layer, head, kind or window, or more tokens than a page has room for.
std::optional<AttentionView> choose_attention(const Reading& reading, const SeeOptions& options);

/// All heads, layer by layer; of one layer if `layer` is given.
plot::Heatmap heads_heatmap(const Reading& reading, const AttentionView& view,
                            const SeeOptions& options, std::optional<std::int64_t> layer);

/// The large head: its window, or all.
plot::Heatmap head_heatmap(const Reading& reading, const AttentionView& view,
                           const SeeOptions& options, const std::optional<AttentionWindow>& window);

/// The part of the large head that the terminal has room for, with a label for every token: the
/// last tokens if the model continues texts, else the first. Nothing if all fit.
std::optional<AttentionWindow> fitting_window(const Reading& reading, const AttentionView& view,
                                              const plot::TerminalOptions& terminal);

/// Which head is large and why, and its measures.
std::string describe(const AttentionView& view);
/// Which part of it is shown, and how much weight lies outside.
std::string describe_window(const Reading& reading, const AttentionView& view,
                            const AttentionWindow& window);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_ATTENTION_VIEW_H_
