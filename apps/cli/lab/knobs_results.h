// What `clearhead lab knobs` found: as a file, as figures, as tables.
#ifndef CLEARHEAD_APPS_CLI_LAB_KNOBS_RESULTS_H_
#define CLEARHEAD_APPS_CLI_LAB_KNOBS_RESULTS_H_

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/plot/line_plot.h"

namespace clearhead::cli {

/// The tokens of a step, whatever the context, so that all learn from as many at once.
inline constexpr std::int64_t kKnobsTokens = 2048;

/// The sizes of a GPT and of the experiment, and what follows from them: two runs are the same if
/// these are.
struct KnobsSizes {
  std::int64_t channels = 0, heads = 0, layers = 0, context = 0;
  std::int64_t seed = 0, threads = 0;
  std::int64_t text = 0;  ///< the upper 53 bits of its hash, which f64 has exactly
  std::int64_t parameters = 0;
  std::int64_t work = 0;   ///< multiply-adds of a training step
  std::int64_t steps = 0;  ///< as many as the work of all allows

  bool operator==(const KnobsSizes&) const = default;
  std::int64_t sequences() const { return kKnobsTokens < context ? 1 : kKnobsTokens / context; }
};

inline constexpr double kNotYet = std::numeric_limits<double>::quiet_NaN();

/// A GPT and what was measured of it, or `kNotYet`.
struct KnobsRun {
  KnobsSizes sizes = {};
  double bytes = kNotYet;                      ///< the most memory of a step
  std::vector<double> step_seconds = {};       ///< one for each round
  std::vector<double> attention_seconds = {};  ///< of all layers, likewise
  double loss = kNotYet;                       ///< after all steps, of text never seen
};

/// A row for each run. Throws Error if the file cannot be written.
void write_knobs_runs(const std::filesystem::path& path, const std::vector<KnobsRun>& runs);

/// What `write_knobs_runs` wrote; none if there is no file. Throws Error if it is something else.
std::vector<KnobsRun> read_knobs_runs(const std::filesystem::path& path);

/// The figures, each with what comes before the ending of its file: time against length, then time,
/// memory and loss against each knob. Only what is measured is drawn; nothing before the first
/// round.
std::vector<std::pair<std::string, plot::LinePlot>> knobs_plots(const std::vector<KnobsRun>& runs);

/// A table for each knob, what its columns mean, and the exponents of time against length.
std::string knobs_tables(const std::vector<KnobsRun>& runs);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_KNOBS_RESULTS_H_
