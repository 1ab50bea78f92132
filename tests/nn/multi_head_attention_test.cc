// Multi-head attention: the formula head by head, its names, its gradients, its errors.
#include "clearhead/nn/multi_head_attention.h"

#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/base/error.h"
#include "tests/gradient_check.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const MultiHeadAttentionConfig kPlain{.embed_dim = 6, .num_heads = 2};
const MultiHeadAttentionConfig kGrouped{
    .embed_dim = 5, .num_heads = 4, .num_kv_heads = 2, .head_dim = 3, .bias = true};

// Random weights with biases that are not zero.
MultiHeadAttentionWeights weights_of(const MultiHeadAttentionConfig& config) {
  MultiHeadAttentionWeights w = random_weights(config, 7, DType::f64);
  std::uint64_t stream = 50;
  for (Tensor* bias : {&w.b_Q, &w.b_K, &w.b_V, &w.b_O}) {
    if (bias->defined()) *bias = random_tensor(bias->shape(), stream++);
  }
  return w;
}

void expect_near(const Tensor& a, const Tensor& b, double tolerance) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::int64_t i = 0; i < a.count(); ++i) {
    const Index index = unflatten(i, a.shape());
    ASSERT_NEAR(a.at(index), b.at(index), tolerance) << to_string(index);
  }
}

// The definition, one head, query and number at a time.
Tensor by_definition(const MultiHeadAttentionConfig& config, const MultiHeadAttentionWeights& w,
                     const Tensor& x, const Tensor& y, bool is_causal) {
  const std::int64_t B = x.size(0), T = x.size(1), S = y.size(1), C = config.embed_dim;
  const std::int64_t H = config.num_heads, G = config.kv_heads(), D = config.head_size();
  const auto project = [&](const Tensor& input, const Tensor& weight, const Tensor& bias,
                           std::int64_t b, std::int64_t t, std::int64_t row) {
    double sum = bias.defined() ? bias.at({row}) : 0;
    for (std::int64_t c = 0; c < C; ++c) sum += input.at({b, t, c}) * weight.at({row, c});
    return sum;
  };
  Tensor out({B, T, C}, DType::f64);
  for (std::int64_t i = 0; i < out.count() && config.bias; ++i) {
    out.mutable_data<double>()[i] = w.b_O.at({i % C});
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
            score += project(x, w.W_Q, w.b_Q, b, t, h * D + d) *
                     project(y, w.W_K, w.b_K, b, s, g * D + d);
          }
          weight.push_back(std::exp(score / std::sqrt(static_cast<double>(D))));
          total += weight.back();
        }
        for (std::int64_t d = 0; d < D; ++d) {
          double z = 0;
          for (std::size_t s = 0; s < weight.size(); ++s) {
            z += weight[s] / total *
                 project(y, w.W_V, w.b_V, b, static_cast<std::int64_t>(s), g * D + d);
          }
          for (std::int64_t c = 0; c < C; ++c) {
            out.mutable_data<double>()[(b * T + t) * C + c] += z * w.W_O.at({c, h * D + d});
          }
        }
      }
    }
  }
  return out;
}

TEST(MultiHeadAttention, IsTheDefinition) {
  for (MultiHeadAttentionConfig config : {kPlain, kGrouped}) {
    const MultiHeadAttentionWeights w = weights_of(config);
    const Tensor x = random_tensor({2, 4, config.embed_dim}, 1);
    const Tensor y = random_tensor({2, 3, config.embed_dim}, 2);
    for (const bool per_head_result : {false, true}) {
      config.per_head_result = per_head_result;
      for (const AttentionWay way : {AttentionWay::by_hand, AttentionWay::fused}) {
        Tape tape;
        const MultiHeadAttention layer(tape, config, w);
        const Var self = tape.input("x", x), other = tape.input("y", y);
        // Sums of some dozen products in f64.
        expect_near(layer.forward(self, self, {.is_causal = true, .way = way}).value(),
                    by_definition(config, w, x, x, true), 1e-13);
        expect_near(layer.forward(self, other, {.way = way}).value(),
                    by_definition(config, w, x, y, false), 1e-13);
      }
    }
  }
}

TEST(MultiHeadAttention, NamesItsStepsWithinTheScope) {
  MultiHeadAttentionConfig config = kGrouped;
  config.per_head_result = true;
  Tape tape;
  const Var x = tape.input("x", random_tensor({1, 3, config.embed_dim}));
  {
    const auto scope = tape.scope("blocks.0.attn");
    MultiHeadAttention(tape, config, weights_of(config)).forward(x, x);
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
  EXPECT_EQ(shape("hook_result"), (Shape{1, 4, 3, 5}));
  EXPECT_EQ(shape("hook_attn_out"), (Shape{1, 3, 5}));
}

TEST(MultiHeadAttention, Gradients) {
  for (MultiHeadAttentionConfig config : {kPlain, kGrouped}) {
    for (const bool per_head_result : {false, true}) {
      config.per_head_result = per_head_result;
      const MultiHeadAttentionWeights w = weights_of(config);
      std::vector<Tensor> inputs = {random_tensor({1, 2, config.embed_dim}, 1),
                                    random_tensor({1, 3, config.embed_dim}, 2),
                                    w.W_Q,
                                    w.W_K,
                                    w.W_V,
                                    w.W_O};
      if (config.bias) inputs.insert(inputs.end(), {w.b_Q, w.b_K, w.b_V, w.b_O});
      check_gradients(
          [&](Tape& tape, const std::vector<Var>& x) {
            MultiHeadAttention layer(tape, config, w);
            layer.W_Q = x[2], layer.W_K = x[3], layer.W_V = x[4], layer.W_O = x[5];
            if (config.bias) layer.b_Q = x[6], layer.b_K = x[7], layer.b_V = x[8], layer.b_O = x[9];
            return layer.forward(x[0], x[1]);
          },
          inputs);
    }
  }
}

TEST(MultiHeadAttention, EmptyBatchesAndInputsGiveEmptyOrZeroResults) {
  Tape tape;
  const MultiHeadAttention layer(tape, kPlain, weights_of(kPlain));
  const Var none = tape.input("none", random_tensor({1, 0, 6}));
  const Var some = tape.input("some", random_tensor({1, 2, 6}));
  EXPECT_EQ(layer.forward(none, some).shape(), (Shape{1, 0, 6}));
  const Tensor nothing_seen = layer.forward(some, none).value();
  expect_near(nothing_seen, Tensor({1, 2, 6}, DType::f64), 0);
  const Var empty = tape.input("empty", random_tensor({0, 2, 6}));
  EXPECT_EQ(layer.forward(empty, empty).shape(), (Shape{0, 2, 6}));
}

TEST(RandomWeights, AreGlorotUniformAndRepeatable) {
  const MultiHeadAttentionConfig config{.embed_dim = 64, .num_heads = 4, .num_kv_heads = 2};
  const Tensor W = random_weights(config, 3, DType::f64).W_K;
  ASSERT_EQ(W.shape(), (Shape{32, 64}));
  const double bound = std::sqrt(6.0 / 96);
  double largest = 0, square = 0;
  for (std::int64_t i = 0; i < W.count(); ++i) {
    largest = std::max(largest, std::abs(W.data<double>()[i]));
    square += W.data<double>()[i] * W.data<double>()[i];
  }
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.99 * bound);
  // The variance of a uniform distribution is bound²/3; that of 2048 numbers varies by about 2 %.
  EXPECT_NEAR(square / static_cast<double>(W.count()), bound * bound / 3, 0.1 * bound * bound / 3);
  expect_near(random_weights(config, 3, DType::f64).W_K, W, 0);
  EXPECT_NE(random_weights(config, 4, DType::f64).W_K.at({0, 0}), W.at({0, 0}));
  EXPECT_NE(random_weights(config, 3, DType::f64).W_V.at({0, 0}), W.at({0, 0}));
  EXPECT_EQ(random_weights(config, 3).W_Q.dtype(), DType::f32);
}

template <typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
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
  kGrouped.validate();
}

TEST(MultiHeadAttention, RefusesShapesThatDoNotFit) {
  Tape tape;
  MultiHeadAttentionWeights w = weights_of(kPlain);
  const MultiHeadAttention layer(tape, kPlain, w);
  const Var x = tape.input("x", random_tensor({1, 2, 6}));
  EXPECT_THAT(error_of([&] {
                layer.forward(x, tape.input("y", random_tensor({1, 2, 5})));
              }),
              AllOf(HasSubstr("key_value_input"), HasSubstr("6]"), HasSubstr("[1, 2, 5]")));
  EXPECT_THAT(error_of([&] {
                layer.forward(tape.input("y", random_tensor({2, 6})), x);
              }),
              AllOf(HasSubstr("query_input"), HasSubstr("[2, 6]")));
  w.b_K = Tensor({6}, DType::f64);
  EXPECT_THAT(error_of([&] { MultiHeadAttention(tape, kPlain, w); }),
              HasSubstr("b_K was given, but config.bias is false"));
  w = weights_of(kPlain);
  w.W_V = Tensor();
  EXPECT_THAT(error_of([&] { MultiHeadAttention(tape, kPlain, w); }),
              HasSubstr("W_V: expected [6, 6], got none"));
  w.W_V = Tensor({6, 5}, DType::f64);
  EXPECT_THAT(error_of([&] { MultiHeadAttention(tape, kPlain, w); }),
              HasSubstr("W_V: expected [6, 6] by the config, got [6, 5]"));
}

}  // namespace
}  // namespace clearhead
