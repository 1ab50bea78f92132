// For tests of readers: what was read, kept.
#ifndef CLEARHEAD_TESTS_CLAIMS_READING_H_
#define CLEARHEAD_TESTS_CLAIMS_READING_H_

#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/reader.h"

namespace clearhead::claims {

/// All that a reader gives.
struct Reading {
  std::vector<Claim> claims;
  std::vector<std::string> refusals;  ///< "PLACE: CLAIM: REASON"
  std::vector<std::string> warnings;  ///< "PLACE: TEXT"
  std::vector<ProviderAdjustment> provider_adjustments;
  ReadSummary summary;

  /// Puts all into this object, which must outlive the sink.
  ClaimSink sink() {
    ClaimSink sink;
    sink.claim = [this](Claim&& claim) { claims.push_back(std::move(claim)); };
    sink.refusal = [this](Refusal&& refusal) {
      refusals.push_back(to_string(refusal.place) + ": " + refusal.claim + ": " + refusal.reason);
    };
    sink.warning = [this](const Place& place, const std::string& text) {
      warnings.push_back(to_string(place) + ": " + text);
    };
    sink.provider_adjustment = [this](ProviderAdjustment&& adjustment) {
      provider_adjustments.push_back(std::move(adjustment));
    };
    return sink;
  }
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_READING_H_
