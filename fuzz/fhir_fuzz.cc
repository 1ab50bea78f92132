// Feeds any bytes to the reader of FHIR: each object is a claim, a refusal or of another type, and
// all of them know where they stood.
#include <cstdint>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/claims/fhir.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  using namespace clearhead::claims;
  const std::string text(reinterpret_cast<const char*>(data), size);
  FhirReferences references;
  {
    ByteStream stream(text, "input");
    references.collect(stream);
  }
  ReadSummary counted;
  ByteStream stream(text, "input");
  const ReadSummary summary = read_fhir(
      stream, references,
      {.claim =
           [&](const Claim& claim) {
             ++counted.claims;
             counted.lines += static_cast<std::int64_t>(claim.lines.size());
             require(claim.place.file != nullptr && claim.place.byte < size, "a claim has a place");
             require(!claim.lines.empty() || !claim.diagnoses.empty(), "a claim says something");
             for (const Line& line : claim.lines) {
               require(line.place.file != nullptr, "a line has a place");
               for (const std::int64_t pointer : line.pointers) {
                 require(
                     pointer >= 1 && pointer <= static_cast<std::int64_t>(claim.diagnoses.size()),
                     "a pointer means a diagnosis");
               }
             }
           },
       .refusal =
           [&](const Refusal& refusal) {
             ++counted.refusals;
             require(refusal.place.file != nullptr && refusal.place.byte <= size,
                     "a refusal has a place");
             require(!refusal.reason.empty(), "a refusal has a reason");
           },
       .provider_adjustment = {},
       .warning = [&](const Place&, const std::string&) { ++counted.warnings; }});
  require(summary.claims == counted.claims && summary.lines == counted.lines, "all is handed on");
  require(summary.refusals == counted.refusals, "all refusals are handed on");
  require(summary.warnings == counted.warnings, "all warnings are handed on");
  require(stream.peek().empty(), "the input is read to its end");
  return 0;
}
