// Feeds any bytes to the reader of claims of our own form as JSON. The claims that it accepts must
// survive being written and read.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/json_claims.h"
#include "clearhead/claims/json_form.h"
#include "fuzz/same.h"

namespace {

using namespace clearhead;
using namespace clearhead::claims;

std::string read_and_write(const std::string& text, bool refuses) {
  ByteStream stream(text, "claims");
  std::string result;
  std::int64_t count = 0;
  ClaimSink sink;
  sink.claim = [&](Claim&& claim) {
    result += json_of(claim) + "\n";
    ++count;
  };
  const ReadSummary summary = read_json_claims(stream, sink);
  require(summary.claims == count, "claims are counted");
  require(refuses || summary.refusals == 0, "what was written is not refused");
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string once =
      read_and_write(std::string(reinterpret_cast<const char*>(data), size), true);
  require(read_and_write(once, false) == once, "same claims");
  return 0;
}
