// The gradient of every operation agrees with central differences in f64.
#include "clearhead/ops/add.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/gradient_check.h"
#include "tests/ops/op_testing.h"

namespace clearhead {
namespace {

using Vars = std::vector<Var>;

// One random input of each shape.
std::vector<Tensor> random_inputs(const std::vector<Shape>& shapes) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) inputs.push_back(random_tensor(shapes[i], i));
  return inputs;
}

void check(const Function& f, const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += to_string(shape) + " ";
  SCOPED_TRACE(text);
  check_gradients(f, random_inputs(shapes));
}

// Pairs of shapes that broadcast: equal, scalars, sizes of 1 and 0, missing axes, on either side.
const std::vector<std::vector<Shape>> kBroadcastPairs = {
    {{}, {}},         {{3}, {3}},       {{2, 3}, {2, 3}},
    {{2, 3}, {3}},    {{3}, {2, 3}},    {{2, 1}, {3}},
    {{2, 3}, {}},     {{1, 3}, {2, 1}}, {{2, 1, 4}, {3, 1}},
    {{0, 3}, {3}},    {{2, 0}, {1, 0}}, {{1}, {0}},
    {{1, 1}, {2, 3}}, {{4, 1}, {4, 1}}, {{2, 1, 3, 1}, {2, 1, 4}}};

TEST(Gradients, Add) {
  for (const auto& shapes : kBroadcastPairs) {
    check([](Tape&, const Vars& x) { return add(x[0], x[1]); }, shapes);
  }
  check([](Tape&, const Vars& x) { return add(x[0], x[0]); }, {{2, 3}});
}

TEST(Gradients, Multiply) {
  for (const auto& shapes : kBroadcastPairs) {
    check([](Tape&, const Vars& x) { return multiply(x[0], x[1]); }, shapes);
  }
  check([](Tape&, const Vars& x) { return multiply(x[0], x[0]); }, {{2, 3}});
}

const std::vector<Shape> kShapes = {{}, {1}, {5}, {0}, {2, 3}, {3, 1}, {0, 4}, {2, 3, 4}};

TEST(Gradients, Scale) {
  for (const Shape& shape : kShapes) {
    check([](Tape&, const Vars& x) { return scale(x[0], -0.7); }, {shape});
  }
}

TEST(Gradients, Softcap) {
  for (const Shape& shape : kShapes) {
    check([](Tape&, const Vars& x) { return softcap(x[0], 1.5); }, {shape});
  }
}

TEST(Gradients, Gelu) {
  for (const bool tanh_approximation : {false, true}) {
    for (const Shape& shape : kShapes) {
      check([=](Tape&, const Vars& x) { return gelu(x[0], tanh_approximation); }, {shape});
    }
  }
}

TEST(Gradients, Matmul) {
  struct Case {
    Shape a_batch, b_batch;
    std::int64_t M, N, K;
  };
  const std::vector<Case> cases = {
      {{}, {}, 2, 3, 4},      {{}, {}, 1, 1, 1},        {{}, {}, 5, 9, 3},
      {{2}, {2}, 3, 2, 4},    {{2}, {}, 3, 2, 4},       {{}, {2}, 3, 2, 4},
      {{2, 1}, {3}, 2, 2, 2}, {{1}, {2}, 2, 2, 3},      {{2, 3}, {2, 1}, 2, 1, 3},
      {{0}, {1}, 2, 2, 2},    {{}, {}, 0, 3, 2},        {{}, {}, 2, 0, 3},
      {{}, {}, 2, 3, 0},      {{2, 2}, {2, 2}, 1, 3, 2}};
  for (const Case& c : cases) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        Shape a = c.a_batch, b = c.b_batch;
        a.insert(a.end(), {transpose_a ? c.K : c.M, transpose_a ? c.M : c.K});
        b.insert(b.end(), {transpose_b ? c.N : c.K, transpose_b ? c.K : c.N});
        check(
            [=](Tape&, const Vars& x) {
              return matmul(x[0], x[1], {.transpose_a = transpose_a, .transpose_b = transpose_b});
            },
            {a, b});
      }
    }
  }
  check([](Tape&, const Vars& x) { return matmul(x[0], x[0]); }, {{3, 3}});
}

TEST(Gradients,
     MatmulOfViews) {  // operands that are strided: permuted heads, as attention has them
  check(
      [](Tape&, const Vars& x) {
        const Var q = permute(x[0], {0, 2, 1, 3});
        const Var k = transpose(x[1], 1, 2);
        return matmul(q, transpose(k, -1, -2));
      },
      {{2, 3, 2, 4}, {2, 5, 2, 4}});
}

TEST(Gradients, Linear) {
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{2, 3}, {4, 3}}, {{3}, {4, 3}},    {{2, 2, 3}, {1, 3}}, {{0, 3}, {4, 3}},
      {{2, 0}, {4, 0}}, {{2, 3}, {0, 3}}, {{1, 1, 1}, {1, 1}}};
  for (const auto& [x_shape, weight_shape] : cases) {
    check([](Tape&, const Vars& x) { return linear(x[0], x[1]); }, {x_shape, weight_shape});
    check([](Tape&, const Vars& x) { return linear(x[0], x[1], x[2]); },
          {x_shape, weight_shape, {weight_shape[0]}});
  }
}

TEST(Gradients, SumAndMean) {
  struct Case {
    Shape shape;
    std::vector<std::int64_t> axes;
  };
  const std::vector<Case> cases = {{{}, {}},         {{4}, {0}},        {{2, 3}, {0}},
                                   {{2, 3}, {1}},    {{2, 3}, {-1, 0}}, {{2, 3, 4}, {0, 2}},
                                   {{2, 3, 4}, {1}}, {{2, 0}, {0}},     {{2, 1}, {1}},
                                   {{2, 3}, {}}};
  for (const Case& c : cases) {
    for (const bool keepdims : {false, true}) {
      check([&](Tape&, const Vars& x) { return sum(x[0], c.axes, keepdims); }, {c.shape});
      check([&](Tape&, const Vars& x) { return mean(x[0], c.axes, keepdims); }, {c.shape});
    }
    check([](Tape&, const Vars& x) { return sum(x[0]); }, {c.shape});
  }
  check([](Tape&, const Vars& x) { return sum(x[0]); }, {{0, 3}});
  check([](Tape&, const Vars& x) { return mean(x[0]); }, {{2, 3}});
}

TEST(Gradients, Softmax) {
  for (const Shape& shape : {Shape{5}, {1}, {2, 3}, {3, 1}, {2, 0}, {0, 2}, {2, 3, 4}}) {
    const auto rank = static_cast<std::int64_t>(shape.size());
    for (std::int64_t axis = -rank; axis < rank; ++axis) {
      check([=](Tape&, const Vars& x) { return softmax(x[0], axis); }, {shape});
    }
    check([](Tape&, const Vars& x) { return softmax_steps(x[0]).pattern; }, {shape});
  }
}

// A bias with −inf at every third place.
Tensor hiding_bias(const Shape& shape) {
  Tensor bias = random_tensor(shape, 77);
  for (std::int64_t i = 0; i < bias.count(); i += 3) bias.mutable_data<double>()[i] = -kInfinity;
  return bias;
}

TEST(Gradients, Mask) {
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{2, 3}, {2, 3}}, {{2, 3}, {3}},       {{2, 2, 3, 4}, {3, 4}}, {{2, 2, 3, 4}, {2, 1, 1, 4}},
      {{2, 3}, {}},     {{2, 3, 4}, {3, 1}}, {{0, 3}, {3}}};
  for (const auto& [scores, bias] : cases) {
    check([](Tape&, const Vars& x) { return mask(x[0], x[1]); }, {scores, bias});
    // What is hidden must not take part in the weighted sum that is differentiated, for it is −inf.
    check_gradients(
        [&bias = bias](Tape& tape, const Vars& x) {
          const Var hidden = mask(x[0], tape.input("bias", hiding_bias(bias), false));
          return softmax(hidden);
        },
        {random_tensor(scores)});
  }
}

TEST(Gradients, WeightedSum) {
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{2, 3}, {3, 4}},    {{1, 1}, {1, 1}}, {{2, 2, 3}, {2, 3, 9}}, {{2, 2, 3, 4}, {2, 1, 4, 2}},
      {{2, 3}, {2, 3, 4}}, {{0, 3}, {3, 2}}, {{2, 0}, {0, 2}},       {{2, 3}, {3, 0}}};
  for (const auto& [pattern, v] : cases) {
    check_gradients(
        [&pattern = pattern](Tape& tape, const Vars& x) {
          return weighted_sum(x[0], tape.input("scores", hiding_bias(pattern), false), x[1]);
        },
        random_inputs({pattern, v}));
  }
}

TEST(Gradients, Moves) {
  check([](Tape&, const Vars& x) { return reshape(x[0], {3, -1}); }, {{2, 3, 2}});
  check([](Tape&, const Vars& x) { return reshape(x[0], {}); }, {{1, 1}});
  check([](Tape&, const Vars& x) { return reshape(x[0], {0, 7}); }, {{0, 3}});
  check([](Tape&, const Vars& x) { return reshape(transpose(x[0], 0, 1), {6}); }, {{2, 3}});
  check([](Tape&, const Vars& x) { return permute(x[0], {2, 0, -2}); }, {{2, 3, 4}});
  check([](Tape&, const Vars& x) { return transpose(x[0], -1, 0); }, {{2, 3, 4}});
  check([](Tape&, const Vars& x) { return concat(x[0], x[1], 1); }, {{2, 3, 2}, {2, 1, 2}});
  check([](Tape&, const Vars& x) { return concat(x[0], x[1], -1); }, {{2, 3}, {2, 0}});
  check([](Tape&, const Vars& x) { return concat(x[0], x[0], 0); }, {{2, 3}});
  check([](Tape&, const Vars& x) { return slice(x[0], 1, 1, 3); }, {{2, 4, 2}});
  check([](Tape&, const Vars& x) { return slice(x[0], -1, 2, 2); }, {{2, 4}});
  check([](Tape&, const Vars& x) { return add(slice(x[0], 1, 0, 2), slice(x[0], 1, 1, 3)); },
        {{2, 3}});
  check([](Tape&, const Vars& x) { return broadcast_to(x[0], {2, 3, 4}); }, {{3, 1}});
  check([](Tape&, const Vars& x) { return broadcast_to(x[0], {2, 0}); }, {{1}});
}

TEST(Gradients, CastToTheSameTypeAndBack) {
  check([](Tape&, const Vars& x) { return cast(x[0], DType::f64); }, {{2, 3}});
}

}  // namespace
}  // namespace clearhead
