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
  return {{"original", small(original_transformer())},
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

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_MODELS_MODEL_TESTING_H_
