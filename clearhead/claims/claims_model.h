// A trained network that reads claims, and what it reads them by, as a folder: config.json,
// vocabulary.json, model.safetensors, people.json; sexes.json and calibration.json once its scores
// are calibrated.
#ifndef CLEARHEAD_CLAIMS_CLAIMS_MODEL_H_
#define CLEARHEAD_CLAIMS_CLAIMS_MODEL_H_

#include <filesystem>
#include <memory>
#include <string>

#include "clearhead/claims/calibration.h"
#include "clearhead/claims/network.h"
#include "clearhead/claims/pair_statistics.h"
#include "clearhead/claims/sex_counts.h"
#include "clearhead/claims/vocabulary.h"

namespace clearhead::claims {

/// A network and its vocabulary.
struct ClaimsModel {
  std::shared_ptr<const ClaimVocabulary> vocabulary = {};  ///< fields to tokens
  std::shared_ptr<ClaimNetwork> network = {};              ///< f32
  SexCounts sexes = {};                                    ///< of the members that it learnt from
  Calibration calibration = {};  ///< what its surprises are compared with; empty before it is made
  /// Who had which code in the claims learnt from, for rules of sex and age; none: not known.
  std::shared_ptr<const PairStatistics> people = {};
};

/// Writes config, vocabulary and weights (as bf16) into `folder`, which is made if needed; a
/// calibration of other weights goes. Each file is replaced whole or not at all. Throws Error if
/// one cannot be written.
void save_claims_model(const std::filesystem::path& folder, const ClaimVocabulary& vocabulary,
                       const ClaimNetwork& network);

/// Reads what `save_claims_model` writes; people, if they are there; and what `save_calibration`
/// writes, if it is there and asked for.
/// Throws Error, naming the file and what is wrong with it.
ClaimsModel open_claims_model(const std::filesystem::path& folder, bool with_calibration = true);

/// Writes who had which code into the folder, which is made if needed. Throws Error if that fails.
void save_people(const std::filesystem::path& folder, const PairStatistics& people);

/// Throws Error, naming the folder, if the model has no calibration.
void require_calibration(const ClaimsModel& model, const std::filesystem::path& folder);

/// Writes counts and calibration of the model beside its weights. Throws Error if that fails.
void save_calibration(const std::filesystem::path& folder, const ClaimsModel& model);

/// Writes the vocabulary alone. Throws Error if that fails.
void write_vocabulary(const std::filesystem::path& path, const ClaimVocabulary& vocabulary);
/// Reads it. Throws Error, naming the file.
ClaimVocabulary read_vocabulary(const std::filesystem::path& path);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAIMS_MODEL_H_
