// The network of late interaction: every token of a text becomes a vector of length 1 that depends
// on the whole text, and a query meets a clause token by token.
//
//     score(q, d) = Σ_t w_t · max_s q_t·d_s       w_t: the share of token t in the query's idf
//
// Source: Khattab and Zaharia, "ColBERT: efficient and effective passage search via contextualized
// late interaction over BERT" (SIGIR 2020), equation 3; the weights are ours.
#ifndef CLEARHEAD_CLAIMS_CLAUSE_ENCODER_H_
#define CLEARHEAD_CLAIMS_CLAUSE_ENCODER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "clearhead/models/encoder.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead::claims {

/// Tokens of several texts, padded to one length.
struct TokenBatch {
  Tensor tokens;   ///< i64 [B, S]
  Tensor lengths;  ///< i64 [B], without padding
};

/// Each list of ids, at least one, is a row; at most `most` of each are taken.
TokenBatch batch_of(const std::vector<std::vector<std::int64_t>>& ids, std::int64_t most);

/// Texts to vectors.
class ClauseEncoder {
 public:
  /// Parameters are called embed.W_E, blocks.0.attn.W_Q, …, ln_final.w. Throws Error if the config
  /// does not fit together.
  explicit ClauseEncoder(const TransformerConfig& config, Seed seed = 0, DType dtype = DType::f32);

  /// [B, S, C], each of length 1; those of padding say nothing.
  Var forward(Tape& tape, const TokenBatch& batch, const Pass& pass) const;

  /// The learned tensors.
  Parameters& parameters() { return parameters_; }
  /// The same, only to be read.
  const Parameters& parameters() const { return parameters_; }
  /// As it was made.
  const TransformerConfig& config() const { return config_; }

 private:
  TransformerConfig config_;
  Parameters parameters_;
  Embedding table_;
  EncoderStack stack_;
};

/// The scores of each query with each passage of a batch, [B, B]: row i is query i. `weights` [B,
/// T] has those of the queries' tokens, 0 for padding. Gradients flow through the pair of tokens
/// that is the maximum, as they must.
Var late_interaction(const Var& queries, const Tensor& weights, const Var& passages,
                     const Tensor& passage_lengths);

/// An encoder and what it reads by, as a folder: config.json, tokenizer.json, model.safetensors.
struct ClauseModel {
  std::shared_ptr<const Tokenizer> tokenizer;    ///< text to its ids
  std::shared_ptr<const ClauseEncoder> encoder;  ///< f32
};

/// Writes the three files, weights as bf16, each whole or not at all. Throws Error if one cannot be
/// written.
void save_clause_model(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                       const ClauseEncoder& encoder);

/// Reads them. Throws Error, naming the file and what is wrong with it.
ClauseModel open_clause_model(const std::filesystem::path& folder);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAUSE_ENCODER_H_
