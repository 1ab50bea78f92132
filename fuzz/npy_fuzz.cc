// Feeds any bytes to the reader of `.npy`; what it accepts must survive being written and read.
#include <cstdint>
#include <memory>
#include <sstream>

#include "clearhead/base/error.h"
#include "clearhead/tensor/npy.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const auto bytes = std::as_bytes(std::span(data, size));
  Tensor tensor;
  try {
    tensor = parse_npy(bytes, "input");
  } catch (const Error&) {
    return 0;
  }
  require_same(tensor, parse_npy(bytes, "input", std::make_shared<int>()));  // views, if it can
  std::ostringstream written;
  write_npy(written, tensor, "output");
  require_same(tensor, parse_npy(as_bytes(written.str()), "output"));
  return 0;
}
