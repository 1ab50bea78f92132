// The network that reads claims: an encoder of a claim that looks back at the member's history.
//
//     memory = blocks(events of the history)                      each sees all others
//     x      = one vector for the header, each diagnosis, each line
//     for each block:  x → attention within the claim → attention to the memory → feed-forward
//     logits = norm(gelu(x·Wᵀ + b + E[kind]))·E[tokens]ᵀ + b_U
//
// A vector at the beginning is the sum of the table's rows for the tokens of its fields, so lines
// have no order, and a hidden field is a token like any other. What is predicted is one hidden
// field: E[kind] says which.
//
// Letters: B claims, T positions, S events, N questions, C channels, V tokens.
//
// Sources: masked tokens: Devlin et al., "BERT" (2019); patients' histories as tokens: Pang et al.,
// "CEHR-BERT" (2021).
#ifndef CLEARHEAD_CLAIMS_NETWORK_H_
#define CLEARHEAD_CLAIMS_NETWORK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "clearhead/base/fields.h"
#include "clearhead/nn/block.h"
#include "clearhead/nn/embedding.h"
#include "clearhead/nn/linear.h"
#include "clearhead/nn/norm.h"

namespace clearhead::claims {

/// The sizes and choices of the network.
struct ClaimNetworkConfig {
  std::int64_t channels = 128;      ///< C
  std::int64_t heads = 4;           ///< of attention
  std::int64_t hidden = 384;        ///< of the feed-forward parts
  std::int64_t layers = 3;          ///< of blocks that read the claim
  std::int64_t history_layers = 1;  ///< of blocks that read the history
  std::int64_t history = 256;       ///< the most events of earlier claims; 0: none are read
  bool uniform = false;             ///< attention gives all that it sees the same weight

  /// Throws Error if the numbers do not fit together.
  void validate() const;
};

/// Its fields as JSON.
void describe(Fields& fields, ClaimNetworkConfig& config);

/// Claims as tensors. Several versions of a claim, with other fields hidden, stand side by side in
/// one row and share its history; each position sees its own version only.
struct ClaimBatch {
  std::vector<Tensor> events;     ///< i64 [B, S] each: one tensor for each field of an event
  Tensor event_counts;            ///< i64 [B]: without padding
  std::vector<Tensor> positions;  ///< i64 [B, T] each: one tensor for each field of a position
  Tensor same_version;            ///< bool [B, 1, T, T]: which positions see each other
  Tensor asked;                   ///< i64 [N]: the positions that questions are about, b·T + t
  Tensor kinds;                   ///< i64 [N]: what is asked, as the token that hides it
  Tensor answers;                 ///< i64 [N]: the tokens that were hidden
};

/// The network.
class ClaimNetwork {
 public:
  /// For `vocabulary` tokens. Parameters are called embed.W_E, history.blocks.0.attn.W_Q, …,
  /// blocks.0.cross_attn.W_Q, …, head.W, …. Throws Error if the config does not fit together.
  ClaimNetwork(const ClaimNetworkConfig& config, std::int64_t vocabulary, Seed seed = 0,
               DType dtype = DType::f32);

  /// The scores of all tokens for each question: [N, V]. Records what each block does within
  /// history.blocks.0, …, blocks.0, …, and logits.
  Var forward(Tape& tape, const ClaimBatch& batch, const Pass& pass) const;

  /// The learned tensors.
  Parameters& parameters() { return parameters_; }
  /// The same, only to be read.
  const Parameters& parameters() const { return parameters_; }
  /// As it was made.
  const ClaimNetworkConfig& config() const { return config_; }

 private:
  Var embed(Tape& tape, const std::vector<Tensor>& fields,
            std::span<const char* const> names) const;

  ClaimNetworkConfig config_;
  Parameters parameters_;
  Embedding table_;
  std::vector<Block> history_blocks_;
  std::vector<Block> blocks_;
  Norm norm_;
  Linear head_;
  Norm head_norm_;
  Unembed unembed_;
  Dropout dropout_events_, dropout_positions_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_NETWORK_H_
