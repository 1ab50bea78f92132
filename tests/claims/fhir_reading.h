// For tests of claims out of FHIR: texts read.
#ifndef CLEARHEAD_TESTS_CLAIMS_FHIR_READING_H_
#define CLEARHEAD_TESTS_CLAIMS_FHIR_READING_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/fhir.h"
#include "tests/claims/reading.h"

namespace clearhead::claims {

/// All that is read from a file of this text.
inline Reading read(const std::string& text) {
  FhirReferences references;
  {
    ByteStream stream(text, "a.json");
    references.collect(stream);
  }
  Reading reading;
  ByteStream stream(text, "a.json");
  reading.summary = read_fhir(stream, references, reading.sink());
  return reading;
}

/// The only claim in it.
inline Claim read_one(const std::string& text) {
  Reading reading = read(text);
  EXPECT_EQ(reading.claims.size(), 1u);
  EXPECT_EQ(reading.refusals, std::vector<std::string>{});
  return reading.claims.empty() ? Claim{} : std::move(reading.claims.front());
}

/// An R4 answer with these members beside those that make it one.
inline std::string answer(const std::string& members) {
  return R"({"resourceType":"ExplanationOfBenefit","id":"c1",)" + members + "}";
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_FHIR_READING_H_
