// How the encoder of clauses learns from a policy itself: headings find the texts below them, and
// sentences the clause that they were taken from (the inverse cloze task: Lee, Chang and Toutanova,
// "Latent retrieval for weakly supervised open domain question answering", ACL 2019). The other
// passages of the batch are the wrong answers.
//
//     loss = cross-entropy of softmax(score(query i, passage j) / temperature) at j = i
#ifndef CLEARHEAD_CLAIMS_CLAUSE_TRAINING_H_
#define CLEARHEAD_CLAIMS_CLAUSE_TRAINING_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/claims/clause_encoder.h"
#include "clearhead/claims/clauses.h"
#include "clearhead/claims/passages.h"
#include "clearhead/train/training_run.h"

namespace clearhead::claims {

/// Everything that a trained encoder depends on besides the policy.
struct ClauseRecipe {
  TransformerConfig network = {};  ///< sizes and choices; its vocabulary is the tokenizer's
  std::int64_t tokens = 2048;      ///< byte pairs learnt from the policy, in lower case
  double temperature = 0.05;       ///< of the softmax over passages
  double headings = 0.5;           ///< share of queries that are headings; others: sentences
  std::vector<std::string> held_out = {};  ///< ids that begin so are learnt from in no way
  TrainingConfig training = {};            ///< how it learns; `batch` counts queries
};

/// Its fields as JSON.
void describe(Fields& fields, ClauseRecipe& recipe);

/// Throws Error that names the file and the wrong field.
ClauseRecipe read_clause_recipe(const std::filesystem::path& path);

/// A run of training, in a folder with recipe.json, tokenizer.json, checkpoint.safetensors,
/// curves.csv and model/.
class ClauseTrainer {
 public:
  /// Begins a run, or continues from the checkpoint in `folder`. One clause of twelve validates.
  /// Throws Error if recipe, clauses or folder cannot be used, or if the checkpoint is of another
  /// run.
  ClauseTrainer(const ClauseRecipe& recipe, const std::vector<Clause>& clauses,
                const std::filesystem::path& folder);
  ClauseTrainer(const ClauseTrainer&) = delete;
  ClauseTrainer& operator=(const ClauseTrainer&) = delete;

  /// Its steps: how far it is, and to go on with.
  TrainingRun& training() { return run_; }
  /// What is trained.
  const ClauseEncoder& encoder() const { return *encoder_; }

 private:
  // A clause to learn from: its passages lie side by side.
  struct Source {
    std::string heading;
    std::size_t first, last;  // of its passages
  };
  struct Pair {
    std::vector<std::int64_t> query, passage;
  };

  void begin(const std::filesystem::path& folder);
  Pair draw(const Source& source, Random& random) const;
  BatchLoss loss(Tape& tape, const std::vector<Source>& from, std::uint64_t stream,
                 const Pass& pass) const;

  ClauseRecipe recipe_;
  TrainingRun run_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<Passage> passages_;
  std::vector<Source> train_, validation_;
  std::unique_ptr<TokenWeights> weights_;
  std::unique_ptr<ClauseEncoder> encoder_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAUSE_TRAINING_H_
