// What belongs to the program is found from where the program lies, so that both may be moved.
#include "apps/console/find_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <set>
#include <string_view>
#include <system_error>

#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"

namespace clearhead::console {
namespace {

namespace fs = std::filesystem;

bool is_text(std::string_view kind) { return kind == kTextModel; }

// Of texts, a model may be one file.
bool is_model(const fs::path& path, std::string_view kind) {
  const bool is_file = is_text(kind) && path.extension() == ".gguf" && fs::is_regular_file(path);
  return is_file || fs::exists(path / "config.json");
}

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
  if (name.empty()) {
    const std::string names = names_of_models(folders, kind);
    throw UsageError("which MODEL? Give the folder of one" +
                     (names.empty() ? "" : ", or a name: " + names));
  }
  const char* const expected =
      is_text(kind)
          ? "expected a folder that `clearhead train` or Hugging Face's transformers wrote, or a "
            ".gguf file"
          : "expected a folder that `clearhead claims train` wrote";

  if (is_model(name, kind)) return name;
  std::vector<std::string> looked = {name};
  for (const fs::path& folder : folders) {
    const fs::path path = folder / name;
    if (is_model(path, kind)) return path;
    if (path != name) looked.push_back(path.string());  // of an absolute path there is one
  }
  if (fs::exists(fs::path(name) / "adapter_config.json")) {
    throw Error(
        fmt::format("{}: {}, got an adapter (LoRA) for one; merge_and_unload() of peft, then "
                    "save_pretrained, writes the model that it makes",
                    name, expected));
  }
  if (fs::exists(name)) {
    throw Error(fmt::format("{}: {}, got {}", name, expected,
                            fs::is_directory(name) ? "one without config.json" : "a file"));
  }
  const std::string names = names_of_models(folders, kind);
  throw Error(fmt::format(
      "there is no model \"{}\": looked for {}; {}{}. "
      "--models FOLDER or CLEARHEAD_MODELS says where else models are",
      name, fmt::join(looked, ", "), expected, names.empty() ? "" : ", or a name: " + names));
}

std::string names_of_models(const std::vector<fs::path>& folders, const char* kind) {
  std::set<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) {
      if (is_model(entry.path(), kind) &&
          (entry.is_regular_file() || fs::exists(entry.path() / kind)))
        names.insert(entry.path().filename().string());
    }
  }
  return alternatives({names.begin(), names.end()});
}

}  // namespace clearhead::console
