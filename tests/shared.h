// Where the shared data lie that some tests read.
#ifndef CLEARHEAD_TESTS_SHARED_H_
#define CLEARHEAD_TESTS_SHARED_H_

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/surroundings.h"

namespace clearhead {

/// The file `name` of the shared data: in the folder that CLEARHEAD_SHARED names, or `shared` beside
/// the project. None if it is not there.
inline std::optional<std::filesystem::path> shared_path(const std::string& name) {
  const char* given = std::getenv("CLEARHEAD_SHARED");
  const std::filesystem::path path =
      std::filesystem::path(given != nullptr ? given : CLEARHEAD_SHARED_DEFAULT) / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_SHARED_H_
