// clearhead-conformance DIR...: runs every case below the folders and says which passed.
//
// A case is a `.safetensors` file: tensors `in.<name>` and `out.<name>`, and in the metadata `op`,
// and as JSON `attributes`, `inputs` and `outputs` (names by position, empty for one left out).

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/conformance/case.h"
#include "apps/conformance/compare.h"
#include "apps/conformance/operators.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"

namespace clearhead::conformance {
namespace {

namespace fs = std::filesystem;

constexpr int kSomeFailed = 1;
constexpr int kWrongUse = 2;

struct CaseFile {
  fs::path path;
  std::string name;  // "attention/test_x"
};

enum class Verdict { passed, failed, skipped };

struct Outcome {
  Verdict verdict;
  std::string text;
};

// A reader who goes away early (`| head`) is no error.
void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

int complain(const std::string& message) {
  fmt::print(stderr, "clearhead-conformance: {}\n", without_controls(message));
  return kWrongUse;
}

std::vector<CaseFile> find_cases(const fs::path& folder) {
  std::vector<CaseFile> cases;
  const fs::path root = fs::weakly_canonical(folder);
  for (const auto& entry :
       fs::recursive_directory_iterator(root, fs::directory_options::follow_directory_symlink)) {
    if (ending_of(entry.path()) != ".safetensors" || !entry.is_regular_file()) continue;
    const fs::path name = entry.path().lexically_relative(root).replace_extension();
    cases.push_back(
        {entry.path(), (name.has_parent_path() ? name : root.filename() / name).string()});
  }
  std::sort(cases.begin(), cases.end(),
            [](const CaseFile& a, const CaseFile& b) { return a.name < b.name; });
  return cases;
}

// The greatest error over a way's outputs. Throws Error, naming output and place, if one differs.
double check_outputs(Case& c, const Operator& op, const std::vector<Tensor>& got) {
  double worst = 0;
  for (std::size_t i = 0; i < c.outputs.size(); ++i) {
    const auto& [name, expected] = c.outputs[i];
    if (!expected.defined()) continue;
    const double allowed = tolerance(op.precision(c, expected.dtype()));
    const Comparison comparison = compare(expected, i < got.size() ? got[i] : Tensor(), allowed);
    if (!comparison.difference.empty()) throw Error("output " + name + comparison.difference);
    worst = std::max(worst, comparison.worst);
  }
  return worst;
}

Outcome run(const CaseFile& file) {
  try {
    Case c = read_case(file.path);
    const auto op = operators().find(c.op);
    if (op == operators().end()) {
      return {Verdict::skipped, "operator " + c.op + " is not known"};
    }
    std::string text;
    for (const Way& way : op->second.ways) {
      const std::string label = way.name.empty() ? "" : way.name + " ";
      try {
        const double worst = check_outputs(c, op->second, way.run(c));
        text += (text.empty() ? "" : "  ") + label +
                (worst == 0 ? "exact" : fmt::format("{:.0e}", worst));
      } catch (const std::exception& e) {
        return {Verdict::failed, (way.name.empty() ? "" : way.name + ": ") + e.what()};
      }
    }
    return {Verdict::passed, text};
  } catch (const std::exception& e) {
    return {Verdict::failed, e.what()};
  }
}

int run_all(const std::vector<std::string>& folders) {
  std::vector<CaseFile> cases;
  for (const std::string& folder : folders) {
    const std::vector<CaseFile> found = find_cases(folder);
    cases.insert(cases.end(), found.begin(), found.end());
  }
  if (cases.empty()) {
    return complain(
        fmt::format("there are no .safetensors files below {}", fmt::join(folders, ", ")));
  }
  std::size_t width = 0;
  for (const CaseFile& c : cases) width = std::max(width, c.name.size());
  int counts[3] = {};
  for (const CaseFile& c : cases) {
    const Outcome outcome = run(c);
    ++counts[static_cast<int>(outcome.verdict)];
    constexpr const char* kWords[] = {"PASS", "FAIL", "SKIP"};
    print(fmt::format("{} {:<{}}  {}\n", kWords[static_cast<int>(outcome.verdict)], c.name, width,
                      outcome.text));
  }
  const std::string skipped = counts[2] > 0 ? fmt::format(", {} skipped", counts[2]) : "";
  print(fmt::format("{} passed, {} failed{}\n", counts[0], counts[1], skipped));
  return counts[1] > 0 ? kSomeFailed : 0;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Runs every case (.safetensors) below the folders: inputs and attributes of an operator of "
      "ONNX, and what it must give. Prints a line for each, and how many passed and failed.",
      "clearhead-conformance");
  std::vector<std::string> folders;
  app.add_option("DIR", folders, "Folders of cases")->required()->check(CLI::ExistingDirectory);
  app.set_version_flag("--version", "clearhead-conformance " CLEARHEAD_VERSION);
  app.footer("Status: 0 all passed, 1 some failed, 2 wrong use.");
  try {
    app.parse(argc, argv);
    return run_all(folders);
  } catch (const CLI::Success& asked) {  // --help or --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(error.what());
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}

}  // namespace
}  // namespace clearhead::conformance

int main(int argc, char** argv) { return clearhead::conformance::run(argc, argv); }
