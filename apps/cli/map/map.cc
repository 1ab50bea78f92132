#include "apps/cli/map/map.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "apps/cli/figures.h"
#include "apps/cli/help.h"
#include "apps/cli/map/options.h"
#include "apps/cli/map/results.h"
#include "apps/cli/output.h"
#include "clearhead/base/parallel.h"
#include "clearhead/plot/terminal.h"
#include "clearhead/tensor/io.h"

namespace clearhead {
namespace {

// On a terminal, how far a pass is, in a line that the next one replaces; from the third second on,
// and twice a second at most.
class ProgressLine {
 public:
  explicit ProgressLine(std::string title) : title_(std::move(title)) {}
  ~ProgressLine() {
    if (is_shown_) fmt::print(stderr, "\r\033[K");
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(double part) {
    if (isatty(STDERR_FILENO) == 0) return;
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    if (seconds < 3 || now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    is_shown_ = true;
    fmt::print(stderr, "\r\033[K{}: {:.0f} %, about {:.0f} s left", title_, 100 * part,
               seconds / part * (1 - part));
    std::fflush(stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string title_;
  std::mutex mutex_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  bool is_shown_ = false;
};

// Calls f(options) with options that show how far it is.
template <typename F>
auto with_progress(const std::string& title, AttentionMapOptions options, const F& f) {
  ProgressLine line(title);
  options.progress = [&line](double part) { line.show(part); };
  return f(options);
}

// Files first, so that a reader of the text who goes away early takes nothing from them.
std::string write_files(const MapOptions& o, const plot::Heatmap& heatmap,
                        const NamedTensors& named) {
  std::string written = write_figures(heatmap, o.out);
  if (!o.save.empty()) {
    write_tensors(o.save, named);
    written += "wrote " + o.save + "\n";
  }
  return written;
}

// What would only be found once all is calculated, and may be minutes later.
void check_what_comes_last(const MapOptions& o, const MapInputs& in) {
  const std::int64_t T = in.q.size(0);
  for (const std::int64_t row : o.rows) {
    if (row < 0 || row >= T) {
      throw Error(fmt::format("--rows {}: there are queries 0 to {}", row, T - 1));
    }
  }
  std::vector<std::string> paths = o.out;
  if (!o.save.empty()) paths.push_back(o.save);
  for (const std::filesystem::path path : paths) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (!std::filesystem::is_directory(folder)) {
      throw Error(
          fmt::format("{}: there is no folder {}; make it first", path.string(), folder.string()));
    }
  }
}

void map_attention(MapOptions& o) {
  check(o);
  set_thread_count(o.threads);
  const MapInputs in = load_inputs(o);
  check_what_comes_last(o, in);
  if (o.attention.cell == 0) o.attention.cell = default_cell(in.q.size(0), in.k.size(0));

  plot::Heatmap heatmap;
  NamedTensors named;
  std::string findings;
  if (o.window) {
    const Tensor pattern = with_progress("window", o.attention, [&](const auto& options) {
      return attention_window(in.q, in.k, *o.window, options);
    });
    heatmap = window_heatmap(pattern, o);
    named.tensors = {{"window", pattern}};
  } else {
    const AttentionMap map = with_progress("map", o.attention, [&](const auto& options) {
      return attention_map(in.q, in.k, options);
    });
    Tensor key_mass;
    if (o.key_mass) {
      key_mass = with_progress("mass of keys", o.attention, [&](const auto& options) {
        return mass_received(in.q, in.k, map, options);
      });
    }
    heatmap = map_heatmap(map, o);
    named = named_tensors(map, key_mass);
    findings = summary(map, key_mass, in, o) + "\n";
  }

  const plot::TerminalOptions terminal = plot::detect_terminal(STDOUT_FILENO);
  std::string text = wrapped(describe(in, o), terminal.columns, 0) + "\n";
  for (const std::string& note : in.notes) {
    text += "note: " + wrapped(note, terminal.columns - 6, 6) + "\n";
  }
  text += "\n" + plot::render_terminal(heatmap, terminal) + "\n" + findings;
  text += write_files(o, heatmap, named);
  text.erase(text.find_last_not_of('\n') + 1);
  write_output(text + "\n");
}

}  // namespace

std::function<void()> set_up_map(CLI::App& app) {
  const auto options = std::make_shared<MapOptions>();
  add_map_options(app, *options);
  return [options] { map_attention(*options); };
}

}  // namespace clearhead
