// Feeds any bytes to the reader of X12: it takes them all, counts what it gives, and every place
// lies in the input.
#include <cstdint>
#include <string>

#include "clearhead/claims/x12.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  using namespace clearhead::claims;
  ReadSummary given;
  const auto check = [size](const Place& place) {
    require(place.byte < size, "place in the input");
  };
  ClaimSink sink;
  sink.claim = [&](const Claim& claim) {
    ++given.claims;
    given.lines += static_cast<std::int64_t>(claim.lines.size());
    check(claim.place);
    require(claim.id && claim.charge, "a claim has a number and a charge");
    check(claim.id.place);
    for (const Diagnosis& diagnosis : claim.diagnoses) {
      require(diagnosis.code && !diagnosis.code->value.empty(), "a diagnosis has a code");
      check(diagnosis.code.place);
    }
    for (const Line& line : claim.lines) check(line.place);
  };
  sink.refusal = [&](const Refusal& refusal) {
    ++given.refusals;
    check(refusal.place);
    require(!refusal.reason.empty(), "a refusal has a reason");
  };
  sink.warning = [&](const Place& place, const std::string& text) {
    ++given.warnings;
    check(place);
    require(!text.empty(), "a warning says something");
  };
  ByteStream stream(std::string(data, data + size), "input");
  const ReadSummary summary = read_x12(stream, sink);
  require(summary.claims == given.claims && summary.lines == given.lines, "claims are counted");
  require(summary.refusals == given.refusals && summary.warnings == given.warnings,
          "what was not read is counted");
  return 0;
}
