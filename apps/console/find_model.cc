// What belongs to the program is found from where the program lies, so that both may be moved.
#include "apps/console/find_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <set>
#include <string_view>
#include <system_error>

#include "apps/console/option_group.h"
#include "clearhead/base/error.h"

namespace clearhead::console {
namespace {

namespace fs = std::filesystem;

bool is_model(const fs::path& folder) { return fs::exists(folder / "config.json"); }

fs::path models_of_program() {
  std::error_code unknown;
  const fs::path program = fs::canonical("/proc/self/exe", unknown);  // through links
  const fs::path prefix = program.parent_path().parent_path();
  const bool is_built = fs::exists(prefix / "CMakeCache.txt");
  return (prefix / (is_built ? CLEARHEAD_BUILT_MODELS : CLEARHEAD_INSTALLED_MODELS))
      .lexically_normal();
}

}  // namespace

std::vector<fs::path> model_folders(const std::string& given) {
  if (!given.empty()) return {given};
  const char* surroundings = std::getenv("CLEARHEAD_MODELS");
  if (surroundings != nullptr && *surroundings != '\0') return {surroundings};
  return {"models", models_of_program()};
}

fs::path find_model(const std::string& name, const std::vector<fs::path>& folders,
                    const char* kind) {
  const char* const maker =
      std::string_view(kind) == kTextModel ? "clearhead train" : "clearhead claims train";

  if (is_model(name)) return name;
  std::vector<std::string> looked = {name};
  for (const fs::path& folder : folders) {
    if (is_model(folder / name)) return folder / name;
    looked.push_back((folder / name).string());
  }
  if (fs::exists(name)) {
    throw Error(fmt::format("{}: expected a folder that `{}` wrote, got {}", name, maker,
                            fs::is_directory(name) ? "one without config.json" : "a file"));
  }
  const std::string names = names_of_models(folders, kind);
  throw Error(fmt::format(
      "there is no model \"{}\": looked for {}; expected a folder that `{}` wrote{}. "
      "--models FOLDER or CLEARHEAD_MODELS says where else models are",
      name, fmt::join(looked, ", "), maker, names.empty() ? "" : ", or a name: " + names));
}

std::string names_of_models(const std::vector<fs::path>& folders, const char* kind) {
  std::set<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) {
      if (is_model(entry.path()) && fs::exists(entry.path() / kind))
        names.insert(entry.path().filename().string());
    }
  }
  return alternatives({names.begin(), names.end()});
}

}  // namespace clearhead::console
