// How the network learns: fields of claims are hidden, whole lines among them, and it guesses them
// from the rest of the claim and the member's history.
#ifndef CLEARHEAD_CLAIMS_TRAINING_H_
#define CLEARHEAD_CLAIMS_TRAINING_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/questions.h"
#include "clearhead/claims/reader.h"
#include "clearhead/train/training_run.h"

namespace clearhead::claims {

/// Everything that a trained model depends on besides the claims.
struct ClaimsRecipe {
  ClaimNetworkConfig network = {};  ///< sizes and choices
  std::int64_t least_count = 5;     ///< a rarer code shares a token with others
  std::int64_t versions = 2;        ///< of each claim of a batch, with other fields hidden
  TrainingConfig training = {};     ///< how it learns; `batch` counts claims
};

/// Its fields as JSON.
void describe(Fields& fields, ClaimsRecipe& recipe);

/// Throws Error that names the file and the wrong field.
ClaimsRecipe read_claims_recipe(const std::filesystem::path& path);

/// A version of a claim to learn from. In eleven of twenty a line is hidden wholly, in four a
/// diagnosis; a line takes those of the same code with it. Beside them a tenth of the other fields
/// is hidden, and in the remaining five of twenty three tenths.
Version random_version(const EncodedClaim& claim, Random& random);

/// How many claims calibrate scores.
inline constexpr std::int64_t kCalibrationClaims = 20000;

/// A run of training, in a folder with recipe.json, vocabulary.json, checkpoint.safetensors,
/// curves.csv and model/: who had which code, and the best network so far, calibrated at the end.
class ClaimsTrainer {
 public:
  /// Begins a run, or continues from the checkpoint in `folder`. Members whose split is "train" are
  /// learnt from, those of "validation" choose the best model (`split_of` says who is what). Throws
  /// Error if recipe, claims or folder cannot be used, or if the checkpoint is of another run.
  ClaimsTrainer(const ClaimsRecipe& recipe, const std::filesystem::path& data,
                const ReadOptions& options, const std::filesystem::path& folder);
  ClaimsTrainer(const ClaimsTrainer&) = delete;
  ClaimsTrainer& operator=(const ClaimsTrainer&) = delete;

  /// Its steps: how far it is, and to go on with.
  TrainingRun& training() { return run_; }
  /// What is trained.
  const ClaimNetwork& network() const { return *network_; }
  /// Claims that are learnt from.
  std::int64_t claims() const { return static_cast<std::int64_t>(train_.size()); }
  /// Calibrates the scores of the best model (scores.h) with at most kCalibrationClaims claims of
  /// the members that were not learnt from, counts codes by sex among those that were, and keeps
  /// both beside the model. For the end of a run.
  void calibrate() const;

 private:
  using NumberedClaim = std::pair<std::uint32_t, std::uint32_t>;  // member, claim
  void read(const std::filesystem::path& data, const ReadOptions& options,
            const std::filesystem::path& folder);
  void begin();
  BatchLoss loss(Tape& tape, const std::vector<NumberedClaim>& from, std::uint64_t stream,
                 std::int64_t claims, const Pass& pass) const;
  double validate() const;

  ClaimsRecipe recipe_;
  std::filesystem::path model_folder_;
  TrainingRun run_;
  ClaimVocabulary vocabulary_;
  std::vector<MemberClaims> members_;
  std::vector<NumberedClaim> train_, validation_;
  std::unique_ptr<ClaimNetwork> network_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_TRAINING_H_
