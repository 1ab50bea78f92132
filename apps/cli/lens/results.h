// What every lens writes: figures and numbers.
#ifndef CLEARHEAD_APPS_CLI_LENS_RESULTS_H_
#define CLEARHEAD_APPS_CLI_LENS_RESULTS_H_

#include <string>
#include <vector>

#include "apps/console/figures.h"
#include "apps/console/option_group.h"
#include "clearhead/lens/reading.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/terminal.h"
#include "clearhead/tensor/named_tensors.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

struct LensResultOptions {
  std::vector<std::string> out;
  std::string save;
  console::FigureOptions figure;
};

/// --out, --save, --color-scale and --color-map.
void add_lens_results(CLI::App& app, LensResultOptions& options);
/// To be called before anything is calculated. Throws as console::check_results.
void check(const LensResultOptions& options);

/// To be called before they are calculated. Throws UsageError if --save is given and so many f64
/// arrays of this shape would take more than 4 GiB; `advice` says what to do.
void check_size(const LensResultOptions& options, std::int64_t count, const Shape& shape,
                const std::string& advice);

/// The terminal that is written to.
plot::TerminalOptions terminal();

/// Names for a narrow axis: without their last part, if it is that of all ("blocks.0.attn"); where
/// they are still long, also without the first ones that all have ("0.cross_attn"), or, of two
/// stacks, with shorter words ("dec.0.cross").
std::vector<std::string> short_names(std::vector<std::string> names);

/// "+0.1234" or "−0.1234", as figures write it.
std::string signed_number(double value);

/// Writes the files, then prints `text`, without blank lines at its end, and their names.
void finish(const LensResultOptions& options, std::string text, const plot::Heatmap& figure,
            const NamedTensors& numbers);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_RESULTS_H_
