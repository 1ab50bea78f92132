// The options of `clearhead map`.
#include "apps/cli/map/options.h"

#include <fmt/format.h>

#include "apps/console/attention_rule.h"
#include "apps/console/figures.h"
#include "apps/console/layout.h"
#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"

namespace clearhead::cli {
namespace {

void add_files(CLI::App& app, MapOptions& o) {
  console::OptionGroup group(
      app, "Queries and keys: .npy, .csv, .tsv, .txt, or names of tensors in the file --from");
  group.text("--q", "FILE", "Queries", [&o](const std::string& x) { o.q = x; });
  group.text("--k", "FILE", "Keys", [&o](const std::string& x) { o.k = x; });
  group.text("--from", "FILE", "A .safetensors, .gguf or .npz file; --q and --k name its tensors",
             [&o](const std::string& x) { o.from = x; });
  std::vector<std::pair<std::string, std::string>> layouts;
  for (const std::string& name : console::Layout::names()) layouts.emplace_back(name, name);
  group.choice<std::string>("--layout", layouts, "Axes of the inputs, as in `clearhead attend`",
                            [&o](const std::string& x) { o.layout = x; });
  group.integer("--heads", "Query heads, if the inputs have no axis for them (1 if not given)", 1,
                [&o](std::int64_t n) { o.heads = n; });
  group.integer("--kv-heads", "Key heads, fewer than --heads if heads share them", 1,
                [&o](std::int64_t n) { o.kv_heads = n; });
  group.integer("--head", "The head that is shown, counted from 0 (0 if not given)", 0,
                [&o](std::int64_t n) { o.head = n; });
  group.integer("--batch", "Its place in the batch, counted from 0 (0 if not given)", 0,
                [&o](std::int64_t n) { o.batch = n; });
}

void add_attention(CLI::App& app, MapOptions& o) {
  console::OptionGroup group(app, "Attention");
  AttentionMapOptions& a = o.attention;
  console::add_attention_rule(group, a.rule);
  group.choice<Precision>(
      "--precision", {std::begin(kPrecisions), std::end(kPrecisions)},
      "Precision of the overview (highest if not given): high and medium are faster if the "
      "processor has AMX (medium also with AVX-512 and bf16 of AMD) and cells are a multiple of "
      "32, at least 64; else they are the same. "
      "Windows and strongest keys are always highest",
      [&a](Precision x) { a.precision = x; });
  group.integer("--cell",
                "How many queries and keys a cell has (if not given, the least power of two with "
                "at most 2,048 cells a side)",
                1, [&a](std::int64_t n) { a.cell = n; });
  group.threads(o.threads);
}

void add_results(CLI::App& app, MapOptions& o) {
  console::OptionGroup group(app, "What you get");
  group.text("--window", "T:T,S:S",
             "Instead of the map, the exact weights of queries T:T for keys S:S; each range begins "
             "with the first number and ends before the second",
             [&o](const std::string& x) { o.window = console::parse_window(x); });
  group.integers("--rows", "T,T", "Queries whose strongest keys are shown (if not given, a few)",
                 [&o](const std::vector<std::int64_t>& x) { o.rows = x; });
  group.integer("--strongest", "How many strongest keys of each row (3 if not given)", 1,
                [&o](std::int64_t n) { o.strongest = n; });
  group.flag("--key-mass",
             "Also the mass that each single key receives, not only each cell; takes a second "
             "pass, longer than the first",
             [&o] { o.key_mass = true; });
  group.repeated_text("--out", "FILE",
                      "Draw it: .svg, .pdf, .png or .html; may be given several times",
                      [&o](const std::vector<std::string>& x) { o.out = x; });
  group.text("--save", "FILE",
             "Write the numbers: .safetensors or .npz, a window also as .npy. A map has row_max, "
             "row_sum and row_entropy; max.N and mean.N for each level, with cells of N tokens; "
             "cell_mass, and key_mass if asked for. A key that a query does not see weighs 0",
             [&o](const std::string& x) { o.save = x; });
  console::add_figure_options(group, o.figure, "log if not given");
  group.choice<plot::Pool>(
      "--pool", {{"max", plot::Pool::max}, {"mean", plot::Pool::mean}},
      "What a cell shows: its largest weight, or the mean over the pairs that see "
      "each other (max if not given)",
      [&o](plot::Pool x) { o.pool = x; });
}

}  // namespace

void add_map_options(CLI::App& app, MapOptions& options) {
  add_files(app, options);
  add_attention(app, options);
  add_results(app, options);
}

void check(const MapOptions& o) {
  if (o.q.empty() != o.k.empty()) {
    throw console::UsageError(fmt::format("{} must be given too: {} does not go without",
                                          o.q.empty() ? "--q" : "--k",
                                          o.q.empty() ? "--k" : "--q"));
  }
  if (o.q.empty()) {
    throw console::UsageError(
        "there is nothing to map; give --q FILE --k FILE, or --from FILE and their names");
  }
  if (o.window && (o.key_mass || !o.rows.empty() || o.attention.cell != 0)) {
    throw console::UsageError(
        "--window shows single weights; --key-mass, --rows and --cell are for a map");
  }
  if (o.key_mass && o.attention.precision != Precision::highest) {
    throw console::UsageError(
        "--key-mass is calculated with the highest precision; leave --precision out");
  }
  std::vector<std::string> endings = {".safetensors", ".npz"};
  if (o.window) endings.emplace_back(".npy");
  console::check_results(o.out, o.save, endings);
}

}  // namespace clearhead::cli
