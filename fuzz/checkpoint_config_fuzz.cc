// Feeds any bytes to the reader of configs of Hugging Face. What it accepts is the config of a
// network, or refused as one that does not fit together, before memory is taken for it.
#include <cstdint>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/models/hugging_face.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ModelConfig config = parse_hugging_face(text, "input");
    require(is_hugging_face(text), "its layout is known");
    require(parameter_count(config) > 0, "a network has parameters");
  } catch (const Error&) {
  }
  return 0;
}
