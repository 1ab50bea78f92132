// A feed-forward part as one operation gives what its three operations give one after the other.
#include "clearhead/ops/feed_forward.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/targets/tiles.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/silu.h"
#include "tests/kernels/on_tiles.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

struct Sizes {
  std::int64_t R, C, F, O;
  bool bias;
};

Var by_hand(const Var& x, const FeedForwardWeights& w, Activation activation) {
  const Var h = linear(x, w.w_in, w.b_in, Precision::medium);
  const Var a = activation == Activation::relu   ? relu(h)
                : activation == Activation::silu ? silu(h)
                                                 : gelu(h, activation == Activation::gelu_tanh);
  return linear(a, w.w_out, w.b_out, Precision::medium);
}

// The result, and the gradients of x, w_in, w_out, b_in and b_out; `again` times added up.
std::vector<Tensor> run(const Sizes& s, Activation activation, bool fused, int again = 1) {
  Tape tape(Keep::for_backward);
  std::vector<Shape> shapes = {{s.R, s.C}, {s.F, s.C}, {s.O, s.F}};
  if (s.bias) shapes.insert(shapes.end(), {{s.F}, {s.O}});
  std::vector<Var> vars;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    vars.push_back(tape.input("x", random_tensor(shapes[i], i, DType::f32)));
  }
  const FeedForwardWeights weights = {vars[1], s.bias ? vars[3] : Var(), vars[2],
                                      s.bias ? vars[4] : Var()};
  Var y = vars[0];
  for (int i = 0; i < again; ++i) {  // from the second time on y is [R, O], O = C
    y = fused ? feed_forward(y, weights, activation, Precision::medium)
              : by_hand(y, weights, activation);
    EXPECT_EQ(y.kind(), fused ? "feed_forward" : "linear");
  }
  tape.backward(y, random_tensor(y.shape(), 99, DType::f32));
  std::vector<Tensor> tensors = {y.value()};
  for (const Var& var : vars) tensors.push_back(var.grad());
  return tensors;
}

using FeedForwardOp = kernels::testing::OnTiles;
INSTANTIATE_TEST_SUITE_P(Tiles, FeedForwardOp, kernels::testing::kMediumTiles,
                         kernels::testing::tiles_name);

// Both round the same numbers to bf16, but for sums and activations that a rounding of f32 brings
// to the other side of a step: a few in a thousand, by 4e-3.
void expect_as_by_hand(const Sizes& sizes, Activation activation, int again = 1) {
  SCOPED_TRACE(::testing::Message()
               << sizes.R << " rows, " << sizes.C << " " << sizes.F << " " << sizes.O << " bias "
               << sizes.bias << " activation " << static_cast<int>(activation));
  const std::vector<Tensor> fused = run(sizes, activation, true, again);
  const std::vector<Tensor> expected = run(sizes, activation, false, again);
  for (std::size_t i = 0; i < fused.size(); ++i) {
    EXPECT_LT(relative_error(fused[i], expected[i]), 3e-4) << "tensor " << i;
  }
}

TEST_P(FeedForwardOp, IsWhatItsOperationsGive) {
  for (const Activation activation :
       {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    for (const bool bias : {false, true}) {
      expect_as_by_hand({96, 64, 128, 64, bias}, activation);
    }
  }
}

TEST_P(FeedForwardOp, HoldsAtEverySize) {
  expect_as_by_hand({33, 120, 130, 100, true}, Activation::gelu);   // no whole panels anywhere
  expect_as_by_hand({777, 65, 530, 17, true}, Activation::gelu);    // two strips, 13 blocks
  expect_as_by_hand({5000, 32, 64, 32, false}, Activation::gelu);   // blocks of 256 rows, deep sums
  expect_as_by_hand({64, 600, 1030, 530, true}, Activation::gelu);  // several gradient blocks
}

TEST_P(FeedForwardOp, AddsToGradients) {
  expect_as_by_hand({96, 64, 128, 64, true}, Activation::gelu, 2);
}

TEST_P(FeedForwardOp, GivesTheSameBytesForAnyNumberOfThreads) {
  const Sizes sizes = {700, 96, 600, 96, true};
  set_thread_count(1);
  const std::vector<Tensor> expected = run(sizes, Activation::gelu, true);
  for (const int threads : {2, 5}) {
    set_thread_count(threads);
    const std::vector<Tensor> tensors = run(sizes, Activation::gelu, true);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ(std::memcmp(tensors[i].data<float>(), expected[i].data<float>(),
                            static_cast<std::size_t>(tensors[i].count()) * sizeof(float)),
                0)
          << threads << " threads, tensor " << i;
    }
  }
  set_thread_count(0);
}

TEST_P(FeedForwardOp, LeavesOutGradientsThatNobodyWants) {
  for (std::size_t frozen = 0; frozen < 4; ++frozen) {  // x, w_in, w_out, all of the weights
    Tape tape(Keep::for_backward);
    const auto input = [&](const Shape& shape, std::size_t i) {
      return tape.input("x", random_tensor(shape, i, DType::f32),
                        i != frozen && (frozen < 3 || i == 0));
    };
    const Var x = input({128, 48}, 0);
    const FeedForwardWeights weights = {input({96, 48}, 1), input({96}, 3), input({48, 96}, 2),
                                        input({48}, 4)};
    const Var y = feed_forward(x, weights, Activation::gelu, Precision::medium);
    tape.backward(y, random_tensor(y.shape(), 99, DType::f32));
    const std::vector<Tensor> all = run({128, 48, 96, 48, true}, Activation::gelu, true);
    const Var learners[] = {x, weights.w_in, weights.w_out, weights.b_in, weights.b_out};
    for (std::size_t i = 0; i < std::size(learners); ++i) {
      if (!learners[i].needs_grad()) continue;
      const Tensor grad = learners[i].grad();
      EXPECT_EQ(std::memcmp(grad.data<float>(), all[i + 1].data<float>(),
                            static_cast<std::size_t>(grad.count()) * sizeof(float)),
                0)
          << "frozen " << frozen << ", gradient " << i;
    }
  }
}

TEST_P(FeedForwardOp, OneMatrixInBothPlacesHasOneGradient) {
  Tensor results[2];
  for (const bool fused : {false, true}) {
    Tape tape(Keep::for_backward);
    const Var x = tape.input("x", random_tensor({512, 512}, 1, DType::f32));
    const Var w = tape.input("w", random_tensor({512, 512}, 2, DType::f32));
    const FeedForwardWeights weights = {w, {}, w, {}};
    const Var y = fused ? feed_forward(x, weights, Activation::gelu, Precision::medium)
                        : by_hand(x, weights, Activation::gelu);
    tape.backward(y, random_tensor(y.shape(), 3, DType::f32));
    results[fused] = w.grad();
  }
  EXPECT_LT(relative_error(results[1], results[0]), 3e-4);
}

struct Part {
  explicit Part(Tape& tape, std::int64_t rows = 64, DType dtype = DType::f32)
      : x(tape.input("x", random_tensor({rows, 64}, 1, dtype))),
        w_in(tape.input("w_in", random_tensor({256, 64}, 2, dtype))),
        w_out(tape.input("w_out", random_tensor({64, 256}, 3, dtype))) {}
  Var result(Precision precision) const {
    return feed_forward(x, {w_in, {}, w_out, {}}, Activation::gelu, precision);
  }
  Var x, w_in, w_out;
};

TEST(FeedForward, RefusesABiasOfAnotherShape) {
  Tape tape(Keep::for_backward);
  const Part part(tape);
  const Var b = tape.input("b", Tensor({3}, DType::f32));
  for (const FeedForwardWeights& weights : {FeedForwardWeights{part.w_in, b, part.w_out, {}},
                                            FeedForwardWeights{part.w_in, {}, part.w_out, b}}) {
    EXPECT_THAT(
        error_of([&] { feed_forward(part.x, weights, Activation::gelu, Precision::medium); }),
        ::testing::HasSubstr("expected a bias"));
  }
}

TEST(FeedForward, IsOneOperationOnlyWhereThatGains) {
  const auto is_one = [](Precision precision, std::int64_t rows, DType dtype) {
    Tape tape(Keep::for_backward);
    return Part(tape, rows, dtype).result(precision).kind() == "feed_forward";
  };
  const bool tiles = kernels::tiles_serve(Precision::medium);
  EXPECT_EQ(is_one(Precision::medium, 64, DType::f32), tiles);
  EXPECT_FALSE(is_one(Precision::highest, 64, DType::f32));
  EXPECT_FALSE(is_one(Precision::high, 64, DType::f32));
  EXPECT_FALSE(is_one(Precision::medium, 4, DType::f32)) << "few rows";
  EXPECT_FALSE(is_one(Precision::medium, 0, DType::f32));
  EXPECT_FALSE(is_one(Precision::medium, 64, DType::f64));
}

TEST(FeedForward, GivesTheSameBytesWhereNothingIsKept) {
  Tape nothing(Keep::nothing), backward(Keep::for_backward);
  EXPECT_EQ(relative_error(Part(nothing).result(Precision::medium).value(),
                           Part(backward).result(Precision::medium).value()),
            0);
}

TEST(FeedForward, GoesStepByStepWhereSomebodyLooks) {
  Tape tape(Keep::everything);
  EXPECT_EQ(Part(tape).result(Precision::medium).kind(), "linear");
  EXPECT_EQ(tape["hook_pre"].kind(), "linear");
  EXPECT_EQ(tape["hook_post"].kind(), "gelu");
}

}  // namespace
}  // namespace clearhead
