// Fuzzes recipes, and with them the configs of models: any text is a recipe or an Error, and what
// was read is read again from what is written of it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/fields.h"
#include "clearhead/train/recipe.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  Recipe recipe;
  try {
    read_fields(std::string(reinterpret_cast<const char*>(data), size), "recipe", recipe);
  } catch (const Error&) {
    return 0;
  }
  Recipe again;
  const std::string written = write_fields(recipe);
  read_fields(written, "recipe", again);
  require(write_fields(again) == written, "same recipe");
  return 0;
}
