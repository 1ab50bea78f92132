// Several linear maps of one x are each what `linear` gives, whether they are read side by side or
// not; empty ones are empty.
#include "clearhead/ops/linear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/tape/explain.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

Tensor numbers(Shape shape, DType dtype, std::int64_t seed) {
  Tensor x = Tensor::empty(std::move(shape), DType::f32);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.mutable_data<float>()[i] = static_cast<float>((i * 7 + seed * 5) % 23 - 11) / 8;
  }
  return x.to(dtype);
}

// Weights of some sizes, with a bias each or none.
std::vector<LinearWeights> weights_on(Tape& tape, std::int64_t in, DType dtype, bool has_bias) {
  std::vector<LinearWeights> weights;
  for (const std::int64_t out : {3, 130, 1, 64}) {
    const Var bias = has_bias ? tape.input("b", numbers({out}, DType::f32, out + 1)) : Var();
    weights.push_back({tape.input("W", numbers({out, in}, dtype, out), false), bias});
  }
  return weights;
}

TEST(LinearView, IsLinearWithoutItsMemory) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f64}) {
    for (const bool has_bias : {false, true}) {
      Tape tape;
      const DType of_x = dtype == DType::f64 ? DType::f64 : DType::f32;
      const Var x = tape.input("x", numbers({2, 5, 6}, of_x, 2), false);
      const Var weight = tape.input("W", numbers({7, 6}, dtype, 3), false);
      const Var bias = has_bias ? tape.input("b", numbers({7}, of_x, 4), false) : Var();
      const Var view = linear_view(x, weight, bias), stored = linear(x, weight, bias);
      expect_near(view.value(), stored.value(), 0);
      expect_near(view.tile({1, 2, 3}, {2, 4, 7}), stored.tile({1, 2, 3}, {2, 4, 7}), 0);
      EXPECT_EQ(view.formula(), stored.formula());
      const auto text = [](const Var& y) { return to_string(explain(y, {1, 4, 6})); };
      EXPECT_EQ(text(view).substr(text(view).find('=')),
                text(stored).substr(text(stored).find('=')));
    }
  }
  for (const Keep keep : {Keep::nothing, Keep::for_backward}) {
    Tape tape(keep);
    const Var x = tape.input("x", numbers({5, 6}, DType::f32, 2));
    EXPECT_FALSE(linear_view(x, tape.input("W", numbers({7, 6}, DType::f32, 3))).defined());
  }
}

TEST(LinearView, GradientsFlowAsInLinear) {
  Tape tape;
  const Var x = tape.input("x", numbers({5, 6}, DType::f64, 2));
  const Var weight = tape.input("W", numbers({7, 6}, DType::f64, 3));
  const Var bias = tape.input("b", numbers({7}, DType::f64, 4));
  const Var view = linear_view(x, weight, bias), stored = linear(x, weight, bias);
  std::vector<Tensor> gradients;
  for (const Var& y : {view, stored}) {
    tape.backward(sum(multiply(y, y)));
    for (const Var& var : {x, weight, bias}) gradients.push_back(var.grad());
  }
  for (std::size_t i = 0; i < 3; ++i) expect_near(gradients[i], gradients[i + 3], 1e-12);
}

TEST(Linears, AreEachLinear) {
  constexpr std::int64_t kIn = 700;  // 130 rows of it are work for several threads
  for (const Keep keep : {Keep::nothing, Keep::everything}) {
    for (const std::int64_t rows : {0, 1, 3, 4, 5}) {
      for (const DType dtype : {DType::f32, DType::bf16}) {
        for (const bool has_bias : {false, true}) {
          Tape tape(keep);
          const Var x = tape.input("x", numbers({1, rows, kIn}, DType::f32, 2), false);
          const auto weights = weights_on(tape, kIn, dtype, has_bias);
          const std::vector<Var> all = linears(x, weights);
          ASSERT_EQ(all.size(), weights.size());
          for (std::size_t i = 0; i < all.size(); ++i) {
            const Var one = linear(x, weights[i].weight, weights[i].bias);
            ASSERT_EQ(all[i].shape(), one.shape());
            for (std::int64_t j = 0; j < one.value().count(); ++j) {
              ASSERT_EQ(all[i].value().data<float>()[j], one.value().data<float>()[j]);
            }
          }
        }
      }
    }
  }
}

TEST(Linears, MayBeNone) {
  Tape tape(Keep::nothing);
  const Var x = tape.input("x", numbers({2, 3}, DType::f32, 0));
  EXPECT_TRUE(linears(x, {}).empty());
  EXPECT_TRUE(linears(x, {}, Precision::medium).empty());
  const LinearWeights empty{tape.input("W", numbers({0, 3}, DType::bf16, 0)), {}};
  EXPECT_EQ(linears(x, {&empty, 1})[0].shape(), (Shape{2, 0}));
}

TEST(Linears, OperandsLieOnOneTapeEvenWhereNothingIsRecorded) {
  Tape tape(Keep::nothing), other(Keep::nothing);
  const Var x = tape.input("x", numbers({2, 3}, DType::f32, 0));
  const LinearWeights away{other.input("W", numbers({4, 3}, DType::f32, 0)), {}};
  EXPECT_THROW(linears(x, {&away, 1}), Error);
  EXPECT_THROW(linear(x, away.weight), Error);
}

// Several maps of one x in lower precision, and what backward adds to x, W_0, b_0, W_1, …:
// together, or one after the other.
struct MediumCase {
  Tensor x;
  std::vector<std::int64_t> outs;
  std::vector<Tensor> d_y;         // undefined where nothing depends on that result
  std::int64_t infinite_row = -1;  // of the last weight
};

std::vector<Tensor> gradients_of(const MediumCase& c, bool together) {
  Tape tape(Keep::for_backward);
  const std::int64_t in = c.x.size(-1);
  const Var x = tape.input("x", c.x);
  std::vector<LinearWeights> weights;
  std::vector<Var> learners = {x};
  for (const std::int64_t out : c.outs) {
    Tensor W = random_tensor({out, in}, out, DType::f32);
    if (c.infinite_row >= 0 && out == c.outs.back()) {
      W.mutable_data<float>()[c.infinite_row * in] = std::numeric_limits<float>::infinity();
    }
    weights.push_back(
        {tape.input("W", W), tape.input("b", random_tensor({out}, out + 1, DType::f32))});
    learners.insert(learners.end(), {weights.back().weight, weights.back().bias});
  }
  std::vector<Var> y;
  if (together) {
    y = linears(x, weights, Precision::medium);
  } else {
    for (const auto& [weight, bias] : weights)
      y.push_back(linear(x, weight, bias, Precision::medium));
  }
  std::vector<Tensor> results;
  Var loss;
  for (std::size_t i = 0; i < y.size(); ++i) {
    results.push_back(y[i].value());
    if (!c.d_y[i].defined()) continue;
    const Var part = sum(multiply(y[i], tape.input("d", c.d_y[i], false)));
    loss = loss.defined() ? add(loss, part) : part;
  }
  tape.backward(loss);
  for (const Var& learner : learners) results.push_back(learner.grad());
  return results;
}

MediumCase medium_case(const Shape& shape, std::vector<std::int64_t> outs) {
  MediumCase c{random_tensor(shape, 1, DType::f32), std::move(outs), {}};
  for (const std::int64_t out : c.outs) {
    Shape of_y = shape;
    of_y.back() = out;
    c.d_y.push_back(random_tensor(of_y, out + 2, DType::f32));
  }
  return c;
}

// The same factors rounded to bf16, so that only the order of sums in f32 differs.
void expect_together_as_apart(const MediumCase& c) {
  const std::vector<Tensor> together = gradients_of(c, true), apart = gradients_of(c, false);
  ASSERT_EQ(together.size(), apart.size());
  for (std::size_t i = 0; i < together.size(); ++i) {
    EXPECT_LT(relative_error(together[i], apart[i]), 1e-6) << "tensor " << i;
  }
}

TEST(Linears, InLowerPrecisionAreEachLinearWithItsGradients) {
  expect_together_as_apart(medium_case({3, 40, 64}, {64, 64, 64}));
  expect_together_as_apart(medium_case({300, 50}, {33, 47, 190}));  // no whole panels
  expect_together_as_apart(medium_case({1100, 96}, {600, 40}));  // blocks of rows and of gradients
}

TEST(Linears, AResultThatNothingDependsOnHasNoPart) {
  MediumCase c = medium_case({128, 64}, {64, 48, 32});
  c.d_y[0] = Tensor();
  expect_together_as_apart(c);
}

void expect_finite_gradients(const MediumCase& c) {
  const std::vector<Tensor> all = gradients_of(c, true);
  for (std::size_t i = c.outs.size(); i < all.size(); ++i) {
    for (std::int64_t j = 0; j < all[i].count(); ++j) {
      ASSERT_TRUE(std::isfinite(all[i].data<float>()[j])) << "gradient " << i << ", number " << j;
    }
  }
}

TEST(Linears, AZeroGradientWinsOverWhatIsNotFinite) {
  MediumCase of_x = medium_case({128, 64}, {64, 48});
  of_x.x.mutable_data<float>()[5 * 64 + 3] = std::numeric_limits<float>::quiet_NaN();
  for (Tensor& d : of_x.d_y) {  // nothing depends on row 5
    std::fill_n(d.mutable_data<float>() + 5 * d.size(1), d.size(1), 0.0F);
  }
  expect_finite_gradients(of_x);

  MediumCase of_w = medium_case({128, 64}, {64, 48});
  of_w.infinite_row = 7;  // of the last weight, on which nothing depends
  Tensor& d = of_w.d_y.back();
  for (std::int64_t r = 0; r < 128; ++r) d.mutable_data<float>()[r * 48 + 7] = 0;
  expect_finite_gradients(of_w);
}

// Against plain loops, since together and apart share their loops; factors rounded to bf16 err by
// 4e-3.
TEST(Linears, InLowerPrecisionErrAsLittleAsItPromises) {
  for (const auto& [shape, outs] :
       {std::pair<Shape, std::vector<std::int64_t>>{{300, 50}, {33, 190}},
        {{1100, 96}, {600, 40}}}) {
    const MediumCase c = medium_case(shape, outs);
    const std::vector<Tensor> results = gradients_of(c, true);
    const std::int64_t R = shape[0], in = shape[1];
    Tensor d_x({R, in}, DType::f32);
    for (std::size_t i = 0; i < outs.size(); ++i) {
      const std::int64_t out = outs[i];
      const Tensor W = random_tensor({out, in}, static_cast<std::size_t>(out), DType::f32);
      const float *x = c.x.data<float>(), *w = W.data<float>(), *d = c.d_y[i].data<float>();
      Tensor d_w({out, in}, DType::f32);
      for (std::int64_t r = 0; r < R; ++r) {
        for (std::int64_t o = 0; o < out; ++o) {
          for (std::int64_t k = 0; k < in; ++k) {
            d_x.mutable_data<float>()[r * in + k] += d[r * out + o] * w[o * in + k];
            d_w.mutable_data<float>()[o * in + k] += d[r * out + o] * x[r * in + k];
          }
        }
      }
      EXPECT_LT(relative_error(results[outs.size() + 1 + 2 * i], d_w), 4e-3) << "dW_" << i;
    }
    EXPECT_LT(relative_error(results[outs.size()], d_x), 4e-3) << "dx";
  }
}

}  // namespace
}  // namespace clearhead
