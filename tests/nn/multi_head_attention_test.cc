// Multi-head attention: the formula head by head, its names, its gradients, its errors.
#include "clearhead/nn/multi_head_attention.h"

#include <gmock/gmock.h>

#include "clearhead/base/error.h"
#include "tests/gradient_check.h"

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
      : parameters({.seed = 7}, DType::f64), attention(parameters, config) {
    std::uint64_t stream = 50;
    for (Parameter& parameter : parameters) {
      if (parameter.name.starts_with("b_")) {
        parameter.value = random_tensor(parameter.value.shape(), stream++);
      }
    }
  }
  Tensor operator[](const std::string& name) { return parameters.at(name).value; }

  Parameters parameters;
  MultiHeadAttention attention;
};

void expect_near(const Tensor& a, const Tensor& b, double tolerance) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::int64_t i = 0; i < a.count(); ++i) {
    const Index index = unflatten(i, a.shape());
    ASSERT_NEAR(a.at(index), b.at(index), tolerance) << to_string(index);
  }
}

// The definition, one head, query and number at a time.
Tensor by_definition(Layer& layer, const Tensor& x, const Tensor& y, bool is_causal) {
  const MultiHeadAttentionConfig& config = layer.attention.config();
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
  for (MultiHeadAttentionConfig config : {kPlain, kGrouped}) {
    const Tensor x = random_tensor({2, 4, config.embed_dim}, 1);
    const Tensor y = random_tensor({2, 3, config.embed_dim}, 2);
    for (const bool per_head_result : {false, true}) {
      config.per_head_result = per_head_result;
      for (const AttentionWay way : {AttentionWay::by_hand, AttentionWay::fused}) {
        Tape tape;
        Layer layer(config);
        const Var self = tape.input("x", x), other = tape.input("y", y);
        // Sums of some dozen products in f64.
        expect_near(layer.attention.forward(self, self, {.is_causal = true, .way = way}).value(),
                    by_definition(layer, x, x, true), 1e-13);
        expect_near(layer.attention.forward(self, other, {.way = way}).value(),
                    by_definition(layer, x, y, false), 1e-13);
      }
    }
  }
}

TEST(MultiHeadAttention, NamesItsStepsWithinTheScope) {
  MultiHeadAttentionConfig config = kGrouped;
  config.per_head_result = true;
  Tape tape;
  const Var x = tape.input("x", random_tensor({1, 3, config.embed_dim}));
  Parameters parameters({}, DType::f64);
  const auto parameter_scope = parameters.scope("blocks.0.attn");
  const MultiHeadAttention layer(parameters, config);
  {
    const auto scope = tape.scope("blocks.0.attn");
    layer.forward(x, x);
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
      Layer layer(config);
      check_layer_gradients(
          layer.parameters,
          [&](Tape&, const std::vector<Var>& x) { return layer.attention.forward(x[0], x[1]); },
          {random_tensor({1, 2, config.embed_dim}, 1), random_tensor({1, 3, config.embed_dim}, 2)});
    }
  }
}

TEST(MultiHeadAttention, EmptyBatchesAndInputsGiveEmptyOrZeroResults) {
  Tape tape;
  Parameters parameters({}, DType::f64);
  const MultiHeadAttention layer(parameters, kPlain);
  const Var none = tape.input("none", random_tensor({1, 0, 6}));
  const Var some = tape.input("some", random_tensor({1, 2, 6}));
  EXPECT_EQ(layer.forward(none, some).shape(), (Shape{1, 0, 6}));
  const Tensor nothing_seen = layer.forward(some, none).value();
  expect_near(nothing_seen, Tensor({1, 2, 6}, DType::f64), 0);
  const Var empty = tape.input("empty", random_tensor({0, 2, 6}));
  EXPECT_EQ(layer.forward(empty, empty).shape(), (Shape{0, 2, 6}));
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
  Parameters parameters({}, DType::f64);
  const MultiHeadAttention layer(parameters, kPlain);
  const Var x = tape.input("x", random_tensor({1, 2, 6}));
  EXPECT_THAT(error_of([&] {
                layer.forward(x, tape.input("y", random_tensor({1, 2, 5})));
              }),
              AllOf(HasSubstr("key_value_input"), HasSubstr("6]"), HasSubstr("[1, 2, 5]")));
  EXPECT_THAT(error_of([&] {
                layer.forward(tape.input("y", random_tensor({2, 6})), x);
              }),
              AllOf(HasSubstr("query_input"), HasSubstr("[2, 6]")));
}

}  // namespace
}  // namespace clearhead
