// What the tests of models share: each family and preset, small enough for central differences.
#ifndef CLEARHEAD_TESTS_MODELS_MODEL_TESTING_H_
#define CLEARHEAD_TESTS_MODELS_MODEL_TESTING_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "clearhead/models/model.h"
#include "clearhead/models/recurrent_config.h"
#include "clearhead/models/transformer_config.h"
#include "tests/testing.h"

namespace clearhead {

constexpr std::int64_t kV = 7;

/// A preset with V 7, C 8, 2 layers, 2 heads.
inline TransformerConfig small(TransformerConfig config) {
  config.vocabulary = kV;
  config.context = 6;
  config.layers = 2;
  config.heads = 2;
  config.channels = 8;
  config.hidden = 6;
  config.relative_buckets = 4;
  config.relative_distance = 5;
  return config;
}

/// The published ones, by name; Llama's with grouped heads, and with heads of another size that
/// turn neighbours.
inline std::vector<std::pair<std::string, TransformerConfig>> presets() {
  TransformerConfig grouped = small(llama());
  grouped.kv_heads = 1;
  TransformerConfig wide = grouped;
  wide.head_size = 6;
  wide.rotary_interleaved = true;
  TransformerConfig capped = wide;  // with what single models of the Llama kind add to it
  capped.rotary_interleaved = false;
  capped.rotary_size = 4;
  capped.rotary_scaling = {.kind = RotaryScalingKind::yarn,
                           .factor = 2,
                           .original_length = 4,
                           .beta_fast = 2,
                           .beta_slow = 0.1,
                           .length_factor = 1.2};
  capped.attention_bias = true;
  capped.out_bias = false;
  capped.qk_norm = true;
  capped.window = 2;
  capped.layer_types = {std::string(kSlidingAttention), std::string(kFullAttention)};
  capped.score_softcap = 2;
  capped.score_scale = 0.5;
  TransformerConfig typed = small(bert());
  typed.token_types = 2;
  typed.position_offset = 2;
  TransformerConfig scored = small(original_transformer());
  scored.decoder_layers = 1;
  scored.sinusoid_order = SinusoidOrder::halves;
  scored.scale_logits = true;
  scored.logit_bias = true;
  return {{"original", small(original_transformer())},
          {"original with other scores", scored},
          {"bert", small(bert())},
          {"gpt2", small(gpt2())},
          {"llama", grouped},
          {"llama with wide heads", wide},
          {"llama with caps, norms and windows", capped},
          {"bert with token types", typed},
          {"t5", small(t5())}};
}

/// Each cell, in one direction and two, with and without attention, with one table and two.
inline std::vector<std::pair<std::string, RecurrentModelConfig>> recurrent_configs() {
  std::vector<std::pair<std::string, RecurrentModelConfig>> configs;
  for (const auto& [name, kind] : {std::pair{"rnn", RecurrentKind::rnn},
                                   {"lstm", RecurrentKind::lstm},
                                   {"gru", RecurrentKind::gru}}) {
    for (const bool attention : {false, true}) {
      configs.emplace_back(std::string(name) + (attention ? " with attention" : ""),
                           RecurrentModelConfig{.vocabulary = kV,
                                                .kind = kind,
                                                .channels = 5,
                                                .hidden = attention ? 4 : 5,
                                                .layers = 2,
                                                .bidirectional = attention,
                                                .attention = attention,
                                                .tied_embedding = !attention});
    }
  }
  return configs;
}

/// Token ids [B, T], such as {{1, 2, 3}, {4, 5, 0}}.
inline Tensor ids(const std::vector<std::vector<std::int64_t>>& rows) {
  std::vector<std::int64_t> numbers;
  for (const auto& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  return Tensor::of(
      {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.front().size())},
      std::span<const std::int64_t>(numbers));
}

inline Tensor lengths(std::initializer_list<std::int64_t> numbers) {
  return Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers);
}

/// What a model that reads batches gives for `batch`: its "tokens", "lengths" and perhaps
/// "token_types".
inline Tensor batch_result(const Model& model, const NamedTensors& batch, Tape& tape,
                           const Pass& pass = {}) {
  const Var tokens = tape.input("tokens", batch.at("tokens"));
  const Tensor& lengths = batch.at("lengths");
  const Tensor* const types = batch.find("token_types");
  const Tensor token_types = types == nullptr ? Tensor() : *types;
  if (const auto* decoder = dynamic_cast<const LanguageModel*>(&model)) {
    return decoder->forward(tokens, pass).value();
  }
  if (const auto* encoder = dynamic_cast<const MaskedModel*>(&model)) {
    return encoder->forward(tokens, lengths, pass, token_types).value();
  }
  if (const auto* embedder = dynamic_cast<const EmbeddingModel*>(&model)) {
    return embedder->embed(tokens, lengths, pass, token_types).value();
  }
  return dynamic_cast<const ClassificationModel&>(model)
      .classify(tokens, lengths, pass, token_types)
      .value();
}

/// Compares the tokens that are no padding; they lie on `axis`, behind the batch. Of texts as a
/// whole there is no such axis.
inline void expect_unpadded(const Tensor& got, const Tensor& expected, const Tensor& lengths,
                            std::int64_t axis, double near) {
  ASSERT_EQ(got.shape(), expected.shape());
  for (std::int64_t b = 0; b < got.size(0); ++b) {
    const auto part = [&](const Tensor& whole) {
      const Tensor one = whole.slice(0, b, b + 1);
      const auto length = static_cast<std::int64_t>(lengths.at({b}));
      return axis < one.rank() ? one.slice(axis, 0, length) : one;
    };
    expect_near(part(got), part(expected), near);
  }
}

/// The same of `batch`'s "embedding" or "logits".
inline void expect_result(const Tensor& result, const NamedTensors& batch, double near) {
  const Tensor* const embedding = batch.find("embedding");
  expect_unpadded(result, embedding == nullptr ? batch.at("logits") : *embedding,
                  batch.at("lengths"), result.rank() == 3 ? 1 : 2, near);
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_MODELS_MODEL_TESTING_H_
