// The command `clearhead map`.
#include "apps/cli/map/map.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>

#include "apps/cli/map/options.h"
#include "apps/cli/map/results.h"
#include "apps/console/figures.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/progress.h"
#include "clearhead/plot/terminal.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

// Calls f(options) with options that show how far it is, in rows, if it takes longer than a moment.
template <typename F>
auto with_progress(const std::string& title, const MapInputs& in, AttentionMapOptions options,
                   const F& f) {
  ProgressOptions shown = detect_progress(STDERR_FILENO);
  shown.quiet_seconds = 3;
  const std::int64_t T = in.q.size(0);
  Progress progress(std::cerr, T, shown);
  std::mutex mutex;
  options.progress = [&](double part) {
    const std::lock_guard lock(mutex);
    progress.update(std::llround(part * static_cast<double>(T)), "rows of the " + title);
  };
  return f(options);
}

// Files first, so that a reader of the text who goes away early takes nothing from them.
std::string write_files(const MapOptions& o, const plot::Heatmap& heatmap,
                        const NamedTensors& named) {
  std::string written = console::write_figures(heatmap, o.out);
  if (!o.save.empty()) {
    write_tensors(o.save, named);
    written += console::wrote(o.save);
  }
  return written;
}

// What would only be found once all is calculated, and may be minutes later.
void check_places(const MapOptions& o, const MapInputs& in) {
  const std::int64_t T = in.q.size(0);
  if (o.window) console::check_window(*o.window, T, in.k.size(0));
  for (const std::int64_t row : o.rows) {
    if (row < 0 || row >= T) {
      throw console::UsageError(fmt::format("--rows {}: there are queries 0 to {}", row, T - 1));
    }
  }
}

void map_attention(MapOptions& o) {
  check(o);
  set_thread_count(o.threads);
  const MapInputs in = load_inputs(o);
  check_places(o, in);
  if (o.attention.cell == 0) o.attention.cell = default_cell(in.q.size(0), in.k.size(0));

  plot::Heatmap heatmap;
  NamedTensors named;
  std::string findings;
  if (o.window) {
    const Tensor pattern = with_progress("window", in, o.attention, [&](const auto& options) {
      return attention_window(in.q, in.k, *o.window, options);
    });
    heatmap = window_heatmap(pattern, o);
    named = named_tensors(pattern);
  } else {
    const AttentionMap map = with_progress("map", in, o.attention, [&](const auto& options) {
      return attention_map(in.q, in.k, options);
    });
    Tensor key_mass;
    if (o.key_mass) {
      key_mass = with_progress("mass", in, o.attention, [&](const auto& options) {
        return mass_received(in.q, in.k, map, options);
      });
    }
    heatmap = map_heatmap(map, o);
    named = named_tensors(map, key_mass);
    findings = summary(map, key_mass, in, o) + "\n";
  }

  const plot::TerminalOptions terminal = plot::detect_terminal(STDOUT_FILENO);
  std::string text = console::wrapped(describe(in, o), terminal.columns, 0) + "\n";
  text += console::notes_text(in.notes, terminal.columns);
  text += "\n" + plot::render_terminal(heatmap, terminal) + "\n" + findings;
  text += write_files(o, heatmap, named);
  text.erase(text.find_last_not_of('\n') + 1);
  console::write_output(text + "\n");
}

}  // namespace

std::function<void()> set_up_map(CLI::App& app) {
  const auto options = std::make_shared<MapOptions>();
  add_map_options(app, *options);
  return [options] { map_attention(*options); };
}

}  // namespace clearhead::cli
