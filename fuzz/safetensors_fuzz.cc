// Feeds any bytes to the reader of `.safetensors`; what it accepts must survive being written and
// read.
#include <cstdint>
#include <memory>
#include <sstream>

#include "clearhead/base/error.h"
#include "clearhead/tensor/safetensors.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const auto bytes = std::as_bytes(std::span(data, size));
  NamedTensors named;
  try {
    named = read_what_can_be(open_safetensors(bytes, "input"));
  } catch (const Error&) {
    return 0;
  }
  require_same(
      named, read_what_can_be(open_safetensors(bytes, "input", std::make_shared<int>())));  // views
  std::ostringstream written;
  write_safetensors(written, named, "output");
  require_same(named, open_safetensors(as_bytes(written.str()), "output").read_all());
  return 0;
}
