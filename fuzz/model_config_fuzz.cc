// Feeds any bytes to the reader of a model's config.json; what it accepts must survive being
// written and read, and be either the outline of a model or refused, whatever sizes it claims.
#include <cstdint>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/fields.h"
#include "clearhead/models/family.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  ModelConfig config, again;
  try {
    read_fields(std::string(reinterpret_cast<const char*>(data), size), "input", config);
  } catch (const Error&) {
    return 0;
  }
  const std::string written = write_fields(config);
  read_fields(written, "output", again);
  require(write_fields(again) == written, "same config");
  try {
    require(make_model(config, /*seed=*/std::nullopt)->parameters().count() > 0, "has parameters");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
