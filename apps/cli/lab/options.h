// What `clearhead lab` can be told.
#ifndef CLEARHEAD_APPS_CLI_LAB_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_LAB_OPTIONS_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/models/transformer_config.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

/// The GPT whose knobs `lab knobs` turns, one at a time.
inline constexpr TransformerConfig kKnobsBase{
    .context = 128, .layers = 2, .heads = 4, .channels = 64};

/// What is left out has a default that depends on the experiment.
struct LabOptions {
  std::string experiment;
  std::optional<std::int64_t> parameters;  ///< memory and parallel
  std::int64_t seed = 0;
  int threads = 0;
  std::vector<std::string> out;
  std::string csv;

  std::optional<std::vector<std::int64_t>> distances;            ///< memory
  std::optional<std::vector<std::int64_t>> dims, heads, layers;  ///< knobs
  std::optional<std::vector<std::int64_t>> lengths;              ///< parallel and knobs
  std::optional<std::int64_t> rounds;                            ///< parallel and knobs
  std::optional<std::int64_t> steps;                             ///< memory and knobs
  std::string data;                                              ///< knobs and claims
  std::string model;                                             ///< claims
  std::string claim;                                             ///< claims
};

/// Adds all of them to `app`. `options` is filled when `app` parses, and outlives it.
void add_lab_options(CLI::App& app, LabOptions& options);

/// Throws UsageError if options do not belong to the experiment or are out of range, and Error if a
/// file could not be written later on.
void check(const LabOptions& options);

/// `path` with something before its ending: "memory.svg" and "gradient" give "memory-gradient.svg".
std::filesystem::path beside(const std::filesystem::path& path, const std::string& suffix);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_OPTIONS_H_
