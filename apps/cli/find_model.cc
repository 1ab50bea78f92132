#include "apps/cli/find_model.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "apps/cli/option_group.h"
#include "clearhead/base/error.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

// Beside the program, so that an installation may be moved.
fs::path installed_models() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  return program.parent_path().parent_path() / CLEARHEAD_INSTALLED_MODELS;
}

}  // namespace

fs::path find_model(const std::string& name) {
  if (fs::exists(name)) return name;
  std::vector<std::string> known;
  for (const fs::path& models : {fs::path("models"), installed_models()}) {
    if (fs::exists(models / name)) return models / name;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(models, missing)) {
      if (entry.is_directory()) known.push_back(entry.path().filename().string());
    }
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  throw Error("there is no model \"" + name + "\": expected a folder that `clearhead train` wrote" +
              (known.empty() ? "" : ", or " + alternatives(known)));
}

}  // namespace clearhead
