// What `clearhead see` can be told.
#ifndef CLEARHEAD_APPS_CLI_SEE_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_SEE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/console/figures.h"
#include "apps/console/given_texts.h"
#include "apps/console/interventions.h"
#include "apps/console/model_options.h"
#include "apps/console/named_numbers.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/attention_map.h"
#include "clearhead/plot/heatmap.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

struct SeeOptions {
  console::GivenText text;
  console::ModelOptions model{.model = "shakespeare"};
  std::int64_t last = 0;  ///< so many tokens of the text are read, its last; 0: all

  std::vector<console::Intervention> interventions;

  // What is large
  std::optional<AttentionKind> attention;  ///< cross if not given; only of a translation model
  std::optional<std::int64_t> layer, head;
  std::optional<AttentionWindow> window;
  std::int64_t top = 5;

  // What is said and written besides
  std::optional<console::Numbers> explain;  ///< one number; without a name T,S of the large head
  int depth = 1;
  bool list = false;
  std::vector<std::string> out;
  std::string save;

  // How heads are drawn
  console::FigureOptions figure;
};

/// Adds all of them to `app`. `options` is filled when `app` parses, and outlives it.
void add_see_options(CLI::App& app, SeeOptions& options);

/// Throws UsageError if options do not go together.
void check(const SeeOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_OPTIONS_H_
