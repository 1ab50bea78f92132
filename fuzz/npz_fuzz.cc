// Feeds any bytes to the reader of `.npz`; what it accepts must survive being written and read.
#include <cstdint>
#include <sstream>

#include "clearhead/base/error.h"
#include "clearhead/tensor/npz.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  NamedTensors named;
  try {
    named = read_what_can_be(open_npz(std::as_bytes(std::span(data, size)), "input"));
  } catch (const Error&) {
    return 0;
  }
  std::ostringstream written;
  write_npz(written, named, "output");
  require_same(named, open_npz(as_bytes(written.str()), "output").read_all());
  return 0;
}
