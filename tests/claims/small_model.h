// A small model of the claims made by hand: untrained, but sure of something.
#ifndef CLEARHEAD_TESTS_CLAIMS_SMALL_MODEL_H_
#define CLEARHEAD_TESTS_CLAIMS_SMALL_MODEL_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/scores.h"
#include "tests/claims/made_claims.h"

namespace clearhead::claims {

/// The model, and the members as it reads them.
struct SmallModel {
  ClaimsModel model;
  std::vector<MemberClaims> members;
};

/// With so many blocks that read the claim.
inline SmallModel small_model(std::int64_t layers) {
  VocabularyCounts counts;
  for (const Claim& claim : made_claims()) counts.add(claim);
  const auto vocabulary =
      std::make_shared<const ClaimVocabulary>(ClaimVocabulary::learn(counts, 1));
  ClaimEncoder encoder(*vocabulary);
  for (const Claim& claim : made_claims()) encoder.add(claim);
  const ClaimNetworkConfig config{.channels = 8, .heads = 2, .hidden = 12, .layers = layers};
  SmallModel small;
  small.model.vocabulary = vocabulary;
  small.model.network = std::make_shared<ClaimNetwork>(config, vocabulary->size(), 1);
  small.members = encoder.take();
  for (Parameter& parameter : small.model.network->parameters()) {
    if (parameter.value().rank() < 2) continue;
    float* numbers = parameter.mutable_value().mutable_data<float>();
    for (std::int64_t i = 0; i < parameter.value().count(); ++i) numbers[i] *= 10;
  }
  return small;
}

/// The same, calibrated as if all its claims were normal: enough of them for a distribution.
inline SmallModel calibrated_small_model(std::int64_t layers) {
  SmallModel small = small_model(layers);
  std::vector<MemberClaims> many;
  for (int i = 0; i < 40; ++i) many.insert(many.end(), small.members.begin(), small.members.end());
  small.model.calibration = calibrate(small.model, many, 1000);
  return small;
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_SMALL_MODEL_H_
