// What `clearhead lab` can be told.
#ifndef CLEARHEAD_APPS_CLI_LAB_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_LAB_OPTIONS_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// What is left out has a default that depends on the experiment.
struct LabOptions {
  std::string experiment;
  std::optional<std::int64_t> parameters;
  std::int64_t seed = 0;
  int threads = 0;
  std::vector<std::string> out;
  std::string csv;

  // memory
  std::optional<std::vector<std::int64_t>> distances;
  std::optional<std::int64_t> steps;

  // parallel
  std::optional<std::vector<std::int64_t>> lengths;
  std::optional<std::int64_t> rounds;
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
