// Runs `clearhead attend` and reads what it saved.
#include "tests/apps/attend.h"

#include <gtest/gtest.h>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string say(const std::vector<std::string>& arguments) {
  const ProgramResult result = run_program("clearhead", arguments);
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  return result.out;
}

NamedTensors saved(const std::vector<std::string>& arguments, const std::string& ending) {
  const TemporaryFolder folder;
  const std::string path = folder / ("steps" + ending);
  say(with(arguments, {"--save", path}));
  NamedTensors named = read_tensors(path);
  for (auto& [name, tensor] : named.tensors) tensor = tensor.clone();  // the file goes away
  return named;
}

}  // namespace clearhead
