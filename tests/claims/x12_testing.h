// What tests of X12 share: an interchange around hand-made segments.
#ifndef CLEARHEAD_TESTS_CLAIMS_X12_TESTING_H_
#define CLEARHEAD_TESTS_CLAIMS_X12_TESTING_H_

#include <algorithm>
#include <string>

#include "clearhead/claims/x12.h"
#include "tests/claims/billed_claim.h"
#include "tests/claims/reading.h"

namespace clearhead::claims {

/// Reads `text` as a file "a.x12".
inline Reading read_x12_text(const std::string& text) {
  Reading reading;
  ByteStream stream(text, "a.x12");
  reading.summary = read_x12(stream, reading.sink());
  return reading;
}

inline const std::string kIsa =
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240101*1200*^*00501"
    "*000000001*0*T*:~";

/// One interchange with one transaction set, whose counts are right.
inline std::string interchange(const std::string& guide, const std::string& segments) {
  const std::string set =
      guide.find("X221") != std::string::npos || guide.find("X091") != std::string::npos ? "835"
                                                                                         : "837";
  const auto count = std::count(segments.begin(), segments.end(), '~') + 2;
  return kIsa + "GS*HC*S*R*20240101*1200*7*X*" + guide + "~ST*" + set + "*0042~" + segments +
         "SE*" + std::to_string(count) + "*0042~GE*1*7~IEA*1*000000001~";
}

/// Where a segment stands in a text.
inline std::uint64_t byte_of(const std::string& text, const std::string& segment) {
  return text.find("~" + segment) + 1;
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_X12_TESTING_H_
