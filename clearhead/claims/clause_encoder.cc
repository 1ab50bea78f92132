// Each file of a model is read by itself, and an error begins with its name.
#include "clearhead/claims/clause_encoder.h"

#include <algorithm>
#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/scale.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead::claims {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kWeights = "model.safetensors";

constexpr double kEpsilon = 1e-6;  // far below the square of any number that a norm gives

// For each token of a query and each passage, the row of the passages' table that is nearest.
Tensor nearest_tokens(const Tensor& queries, const Tensor& passages, const Tensor& lengths) {
  const std::int64_t B = queries.size(0), T = queries.size(1), C = queries.size(2);
  const std::int64_t P = passages.size(0), S = passages.size(1);
  Tape tape(Keep::nothing);
  const Tensor products =
      matmul(tape.input("queries", queries.reshape({B * T, C})),
             tape.input("passages", passages.reshape({P * S, C})), {.transpose_b = true})
          .value()
          .to(DType::f64);
  Tensor nearest = Tensor::empty({B, T, P}, DType::i64);
  const double* row = products.data<double>();
  auto* to = nearest.mutable_data<std::int64_t>();
  for (std::int64_t i = 0; i < B * T * P; ++i, row += S) {
    const std::int64_t passage = i % P;
    *to++ =
        passage * S + (std::max_element(row, row + lengths.data<std::int64_t>()[passage]) - row);
  }
  return nearest;
}

}  // namespace

TokenBatch batch_of(const std::vector<std::vector<std::int64_t>>& ids, std::int64_t most) {
  std::int64_t S = 1;
  for (const auto& row : ids) S = std::max(S, std::min(most, std::ssize(row)));
  const std::int64_t B = std::ssize(ids);
  TokenBatch batch{Tensor({B, S}, DType::i64), Tensor({B}, DType::i64)};
  for (std::int64_t b = 0; b < B; ++b) {
    const auto& row = ids[static_cast<std::size_t>(b)];
    if (row.empty()) throw Error("batch_of: expected at least one token in each text");
    const std::int64_t length = std::min(S, std::ssize(row));
    std::copy_n(row.begin(), length, batch.tokens.mutable_data<std::int64_t>() + b * S);
    batch.lengths.mutable_data<std::int64_t>()[b] = length;
  }
  return batch;
}

ClauseEncoder::ClauseEncoder(const TransformerConfig& config, Seed seed, DType dtype)
    : config_(config),
      parameters_(initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config) {}

Var ClauseEncoder::forward(Tape& tape, const TokenBatch& batch, const Pass& pass) const {
  const Var tokens = tape.input("tokens", batch.tokens, false);
  const Var x = stack_.forward(table_, tokens, batch.lengths, pass);  // [B, S, C]
  const auto C = static_cast<double>(config_.channels);
  const std::vector<float> ones(static_cast<std::size_t>(config_.channels), 1);
  const Tensor all_ones = Tensor::of<float>({config_.channels}, ones);
  const Var weight = tape.input("ones", all_ones.to(x.dtype()), false);
  return scale(rms_norm(x, weight, kEpsilon).y, 1 / std::sqrt(C)).named("hook_unit");
}

Var late_interaction(const Var& queries, const Tensor& weights, const Var& passages,
                     const Tensor& passage_lengths) {
  const std::int64_t B = queries.size(0), T = queries.size(1), C = queries.size(2);
  const std::int64_t P = passages.size(0), S = passages.size(1);
  Tape tape = queries.tape();
  // The maximum is the product with the nearest token, which the record then shows.
  const Tensor nearest = nearest_tokens(queries.value(), passages.value(), passage_lengths);
  const Var met = embedding(tape.input("nearest", nearest, false),
                            reshape(passages, {P * S, C}));  // [B, T, P, C]
  const Var cosines =
      sum(multiply(met, reshape(queries, {B, T, 1, C})), {-1}).named("hook_max_sim");  // [B, T, P]
  const Var share = tape.input("weights", weights.reshape({B, T, 1}).to(cosines.dtype()), false);
  return sum(multiply(cosines, share), {1}).named("late_interaction");  // [B, P]
}

void save_clause_model(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                       const ClauseEncoder& encoder) {
  make_folder(folder);
  write_file(folder / kConfig, [&](std::ostream& out) { out << write_fields(encoder.config()); });
  write_tokenizer(folder / kTokenizer, tokenizer);
  NamedTensors weights = encoder.parameters().named_tensors();
  for (auto& [name, value] : weights.tensors) value = value.to(DType::bf16);
  write_safetensors(folder / kWeights, weights);
}

ClauseModel open_clause_model(const std::filesystem::path& folder) {
  TransformerConfig config;
  read_fields(read_text(folder / kConfig), (folder / kConfig).string(), config);
  ClauseModel model;
  model.tokenizer = read_tokenizer(folder / kTokenizer);
  if (config.vocabulary != model.tokenizer->size()) {
    throw Error(folder.string() + ": the model has " + std::to_string(config.vocabulary) +
                " tokens, its tokenizer " + std::to_string(model.tokenizer->size()));
  }
  const auto encoder = std::make_shared<ClauseEncoder>(config, std::nullopt);
  encoder->parameters().load(open_safetensors(folder / kWeights));
  model.encoder = encoder;
  return model;
}

}  // namespace clearhead::claims
