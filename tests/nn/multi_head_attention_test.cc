// Multi-head attention: the formula head by head, its names, its gradients, its errors.
#include "clearhead/nn/multi_head_attention.h"

#include <gmock/gmock.h>

#include "clearhead/base/error.h"
#include "clearhead/ops/rotary.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const MultiHeadAttentionConfig kPlain{.embed_dim = 6, .num_heads = 2};
const MultiHeadAttentionConfig kGrouped{
    .embed_dim = 5, .num_heads = 4, .num_kv_heads = 2, .head_dim = 3, .bias = true};

// A layer with random weights, and biases that are not zero.
struct Layer {
  explicit Layer(const MultiHeadAttentionConfig& config)
      : config(config), parameters({.seed = 7}, DType::f64), attention(parameters, config) {
    std::uint64_t stream = 50;
    for (Parameter& parameter : parameters) {
      if (parameter.name.starts_with("b_")) {
        parameter.mutable_value() = random_tensor(parameter.value().shape(), stream++);
      }
    }
  }
  Tensor operator[](const std::string& name) { return parameters.at(name).value(); }

  MultiHeadAttentionConfig config;
  Parameters parameters;
  MultiHeadAttention attention;
};

// The definition, one head, query and number at a time.
Tensor by_definition(Layer& layer, const Tensor& x, const Tensor& y, bool is_causal) {
  const MultiHeadAttentionConfig& config = layer.config;
  const std::int64_t B = x.size(0), T = x.size(1), S = y.size(1), C = config.embed_dim;
  const std::int64_t H = config.num_heads, G = config.kv_heads(), D = config.head_size();
  const auto project = [&](const Tensor& input, const std::string& name, std::int64_t b,
                           std::int64_t t, std::int64_t row) {
    const Tensor weight = layer["W_" + name];
    double sum = config.bias ? layer["b_" + name].at({row}) : 0;
    for (std::int64_t c = 0; c < C; ++c) sum += input.at({b, t, c}) * weight.at({row, c});
    return sum;
  };
  Tensor out({B, T, C}, DType::f64);
  for (std::int64_t i = 0; i < out.count() && config.bias; ++i) {
    out.mutable_data<double>()[i] = layer["b_O"].at({i % C});
  }
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t h = 0; h < H; ++h) {
      const std::int64_t g = h / (H / G);
      for (std::int64_t t = 0; t < T; ++t) {
        std::vector<double> weight;
        double total = 0;
        for (std::int64_t s = 0; s < (is_causal ? t + 1 : S); ++s) {
          double score = 0;
          for (std::int64_t d = 0; d < D; ++d) {
            score += project(x, "Q", b, t, h * D + d) * project(y, "K", b, s, g * D + d);
          }
          weight.push_back(std::exp(score / std::sqrt(static_cast<double>(D))));
          total += weight.back();
        }
        for (std::int64_t d = 0; d < D; ++d) {
          double z = 0;
          for (std::size_t s = 0; s < weight.size(); ++s) {
            z += weight[s] / total * project(y, "V", b, static_cast<std::int64_t>(s), g * D + d);
          }
          for (std::int64_t c = 0; c < C; ++c) {
            out.mutable_data<double>()[(b * T + t) * C + c] += z * layer["W_O"].at({c, h * D + d});
          }
        }
      }
    }
  }
  return out;
}

TEST(MultiHeadAttention, IsTheDefinition) {
  for (const MultiHeadAttentionConfig& config : {kPlain, kGrouped}) {
    const Tensor x = random_tensor({2, 4, config.embed_dim}, 1);
    const Tensor y = random_tensor({2, 3, config.embed_dim}, 2);
    for (const AttentionWay way : {AttentionWay::by_hand, AttentionWay::fused}) {
      Tape tape;
      Layer layer(config);
      const Var self = tape.input("x", x), other = tape.input("y", y);
      // Sums of some dozen products in f64.
      expect_near(layer.attention.forward(self, self, {.way = way}, {.is_causal = true}).value(),
                  by_definition(layer, x, x, true), 1e-13);
      expect_near(layer.attention.forward(self, other, {.way = way}).value(),
                  by_definition(layer, x, y, false), 1e-13);
    }
  }
}

TEST(MultiHeadAttention, NamesItsStepsWithinTheScope) {
  const MultiHeadAttentionConfig config = kGrouped;
  Tape tape;
  const Var x = tape.input("x", random_tensor({1, 3, config.embed_dim}));
  Parameters parameters({}, DType::f64);
  const auto parameter_scope = parameters.scope("blocks.0.attn");
  const MultiHeadAttention layer(parameters, config);
  {
    const auto scope = tape.scope("blocks.0.attn");
    layer.forward(x, x, {});
  }
  const auto shape = [&](const char* name) {
    return tape["blocks.0.attn." + std::string(name)].shape();
  };
  EXPECT_EQ(shape("W_Q"), (Shape{12, 5}));
  EXPECT_EQ(shape("b_K"), (Shape{6}));
  EXPECT_EQ(shape("hook_q"), (Shape{1, 4, 3, 3}));
  EXPECT_EQ(shape("hook_k"), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(shape("hook_v"), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(shape("hook_pattern"), (Shape{1, 4, 3, 3}));
  EXPECT_EQ(shape("hook_z"), (Shape{1, 4, 3, 3}));
}

TEST(MultiHeadAttention, Gradients) {
  for (const MultiHeadAttentionConfig& config : {kPlain, kGrouped}) {
    Layer layer(config);
    check_layer_gradients(
        layer.parameters,
        [&](Tape&, const std::vector<Var>& x) { return layer.attention.forward(x[0], x[1], {}); },
        {random_tensor({1, 2, config.embed_dim}, 1), random_tensor({1, 3, config.embed_dim}, 2)});
  }
}

TEST(MultiHeadAttention, RotaryPositionsAndScaleAreThoseOfTheOperations) {
  MultiHeadAttentionConfig config = kPlain;  // two heads of 3
  config.rotary = {.dim = 2, .interleaved = true, .theta = 10};
  config.scale = 0.3;
  Layer layer(config);
  Tape tape;
  const Var x = tape.input("x", random_tensor({2, 4, 6}, 1));
  layer.attention.forward(x, x, {.way = AttentionWay::by_hand});
  for (const char* name : {"q", "k"}) {
    const Var turned = rotary(tape["hook_" + std::string(name)],
                              rotary_angles(0, 4, 2, 10, DType::f64), {.interleaved = true});
    expect_near(tape["hook_rot_" + std::string(name)].value(), turned.value(), 0);
  }
  const Tensor raw = tape["hook_raw_scores"].value(), scaled = tape["hook_scaled_scores"].value();
  EXPECT_NEAR(scaled.at({1, 1, 2, 3}), 0.3 * raw.at({1, 1, 2, 3}), 1e-15);
  check_layer_gradients(
      layer.parameters,
      [&](Tape&, const std::vector<Var>& in) { return layer.attention.forward(in[0], in[0], {}); },
      {random_tensor({1, 3, 6}, 1)});
}

// Whether a text comes token by token or in pieces, the attention of each is that of the whole.
TEST(MultiHeadAttention, WithACacheGivesWhatItGivesWithout) {
  for (MultiHeadAttentionConfig config : {kPlain, kGrouped}) {
    config.rotary.dim = 2;
    Layer layer(config);
    const Tensor x = random_tensor({2, 90, config.embed_dim}, 1);  // past the cache's first room
    Tape whole_tape(Keep::nothing);
    const Var whole = whole_tape.input("x", x);
    const Tensor expected = layer.attention.forward(whole, whole, {}, {.is_causal = true}).value();
    for (const Keep keep : {Keep::nothing, Keep::everything}) {
      KeyValueCache cache;
      std::int64_t begin = 0;
      for (const std::int64_t length : {5, 1, 1, 60, 1, 22}) {
        Tape tape(keep);
        const Var part = tape.input("x", x.slice(1, begin, begin + length));
        const Var y = layer.attention.forward(part, part, {}, {.is_causal = true}, &cache);
        expect_near(y.value(), expected.slice(1, begin, begin + length), 1e-13);
        begin += length;
        EXPECT_EQ(cache.length(), begin);
      }
    }
  }
}

TEST(MultiHeadAttention, ReadsAMemoryOnceAndThenFromTheCache) {
  Layer layer(kPlain);
  const Tensor x = random_tensor({3, 2, 6}, 1), y = random_tensor({3, 5, 6}, 2);
  const Tensor seen = Tensor::of<std::int64_t>({3}, {5, 2, 4});
  Tape tape(Keep::nothing);
  const Var query = tape.input("x", x), memory = tape.input("y", y);
  const Tensor expected =
      layer.attention.forward(query, memory, {}, {.nonpad_kv_seqlen = seen}).value();
  KeyValueCache cache;
  EXPECT_THAT(error_of([&] { layer.attention.forward(query, {}, {}, {}, &cache); }),
              HasSubstr("a cache that is not empty"));
  for (const Var& from : {memory, Var(), Var()}) {
    expect_near(
        layer.attention.forward(query, from, {}, {.nonpad_kv_seqlen = seen}, &cache).value(),
        expected, 0);
  }
  EXPECT_EQ(cache.length(), 5);
  // Batches exchanged, as a beam search does.
  const std::int64_t rows[] = {2, 2, 0};
  cache.reorder(rows);
  const Tensor exchanged = layer.attention.forward(query, {}, {}, {}, &cache).value();
  const Var last = tape.input("last", y.slice(0, 2, 3)), first = tape.input("x", x.slice(0, 1, 2));
  expect_near(exchanged.slice(0, 1, 2), layer.attention.forward(first, last, {}).value(), 1e-14);
  const std::int64_t none[] = {3};
  EXPECT_THAT(error_of([&] { cache.reorder(none); }), HasSubstr("no batch 3"));
}

TEST(MultiHeadAttention, EmptyBatchesAndInputsGiveEmptyOrZeroResults) {
  Tape tape;
  Parameters parameters({}, DType::f64);
  const MultiHeadAttention layer(parameters, kPlain);
  const Var none = tape.input("none", random_tensor({1, 0, 6}));
  const Var some = tape.input("some", random_tensor({1, 2, 6}));
  EXPECT_EQ(layer.forward(none, some, {}).shape(), (Shape{1, 0, 6}));
  const Tensor nothing_seen = layer.forward(some, none, {}).value();
  expect_near(nothing_seen, Tensor({1, 2, 6}, DType::f64), 0);
  const Var empty = tape.input("empty", random_tensor({0, 2, 6}));
  EXPECT_EQ(layer.forward(empty, empty, {}).shape(), (Shape{0, 2, 6}));
}

TEST(MultiHeadAttention, RefusesConfigsThatDoNotFit) {
  const auto refused = [](MultiHeadAttentionConfig config) {
    return error_of([&] { config.validate(); });
  };
  EXPECT_THAT(refused({}), HasSubstr("embed_dim"));
  EXPECT_THAT(refused({.embed_dim = 4, .num_heads = 0}), HasSubstr("4, 0, 0 and 0"));
  EXPECT_THAT(refused({.embed_dim = 4, .num_kv_heads = -1}), HasSubstr("-1"));
  EXPECT_THAT(refused({.embed_dim = 4, .head_dim = -2}), HasSubstr("-2"));
  EXPECT_THAT(refused({.embed_dim = 5, .num_heads = 2}), HasSubstr("5 does not divide into 2"));
  EXPECT_THAT(refused({.embed_dim = 6, .num_heads = 3, .num_kv_heads = 2}),
              HasSubstr("3 is no multiple of num_kv_heads 2"));
  for (const std::int64_t dim : {-2, 3, 4}) {  // the heads have 3 channels
    MultiHeadAttentionConfig config = kGrouped;
    config.rotary.dim = dim;
    EXPECT_THAT(refused(config), HasSubstr("rotary.dim"));
  }
  kGrouped.validate();
}

TEST(MultiHeadAttention, RefusesShapesThatDoNotFit) {
  Tape tape;
  Parameters parameters({}, DType::f64);
  const MultiHeadAttention layer(parameters, kPlain);
  const Var x = tape.input("x", random_tensor({1, 2, 6}));
  EXPECT_THAT(error_of([&] {
                layer.forward(x, tape.input("y", random_tensor({1, 2, 5})), {});
              }),
              AllOf(HasSubstr("key_value_input"), HasSubstr("6]"), HasSubstr("[1, 2, 5]")));
  EXPECT_THAT(error_of([&] {
                layer.forward(tape.input("y", random_tensor({2, 6})), x, {});
              }),
              AllOf(HasSubstr("query_input"), HasSubstr("[2, 6]")));
}

}  // namespace
}  // namespace clearhead
