// What `clearhead map` can be told.
#ifndef CLEARHEAD_APPS_CLI_MAP_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_MAP_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/console/figures.h"
#include "clearhead/lens/attention_map.h"
#include "clearhead/plot/heatmap.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

struct MapOptions {
  // Files, or names of tensors in the file `from`; empty if not given
  std::string from;
  std::string q, k;
  std::string layout;
  std::optional<std::int64_t> heads, kv_heads;
  std::int64_t head = 0;
  std::int64_t batch = 0;

  AttentionMapOptions attention;
  int threads = 0;

  // What is shown and written
  std::optional<AttentionWindow> window;
  std::vector<std::int64_t> rows;  ///< whose strongest keys are shown
  std::int64_t strongest = 3;
  bool key_mass = false;
  std::vector<std::string> out;
  std::string save;
  console::FigureOptions figure;
  plot::Pool pool = plot::Pool::max;
};

/// Adds all of them to `app`: names, help and checks of single ones. `options` is filled when `app`
/// parses, and outlives it.
void add_map_options(CLI::App& app, MapOptions& options);

/// Throws UsageError if options do not go together or one is missing.
void check(const MapOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_MAP_OPTIONS_H_
