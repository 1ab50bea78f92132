// Products of lower precision keep the error that docs/numerics.md states, in results and
// gradients.
#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/kernels/targets/tiles.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/matmul.h"
#include "tests/kernels/targets.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Vars = std::vector<Var>;
using Product = std::function<Var(const Vars&, Precision)>;

// The result, then the gradients of the inputs.
std::vector<Tensor> run(const Product& product, const std::vector<Shape>& shapes, DType dtype,
                        Precision precision) {
  Tape tape(Keep::for_backward);
  Vars vars;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    vars.push_back(tape.input("x", random_tensor(shapes[i], i, DType::f32).to(dtype)));
  }
  const Var y = product(vars, precision);
  tape.backward(y, random_tensor(y.shape(), 99, DType::f32).to(dtype));
  std::vector<Tensor> tensors = {y.value()};
  for (const Var& var : vars) tensors.push_back(var.grad());
  return tensors;
}

// `products` of the tensors, from the first, are products; the rest (the gradient of a bias) sums.
void expect_errors_here(const Product& product, const std::vector<Shape>& shapes,
                        std::size_t products) {
  const std::vector<Tensor> exact = run(product, shapes, DType::f64, Precision::highest);
  for (const Precision precision : {Precision::highest, Precision::high, Precision::medium}) {
    const std::vector<Tensor> tensors = run(product, shapes, DType::f32, precision);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      SCOPED_TRACE(::testing::Message() << "precision " << static_cast<int>(precision) << ", "
                                        << (i == 0 ? "result" : "gradient of an input"));
      const double error = relative_error(tensors[i], exact[i]);
      if (!kernels::tiles_serve(precision) || i >= products) {
        EXPECT_LT(error, 1e-6);
      } else if (precision == Precision::high) {
        EXPECT_LT(error, 1e-5);
      } else {
        EXPECT_LT(error, 4e-3);
        EXPECT_GT(error, 1e-3) << "calculated with more precision than asked for";
      }
    }
  }
}

void expect_errors(const Product& product, const std::vector<Shape>& shapes, std::size_t products) {
  testing::for_each_target([&] { expect_errors_here(product, shapes, products); });
}

TEST(Precision, Linear) {
  const auto product = [](const Vars& x, Precision precision) {
    return linear(x[0], x[1], x.size() == 3 ? x[2] : Var(), precision);
  };
  expect_errors(product, {{3, 50, 96}, {130, 96}}, 3);
  expect_errors(product, {{3, 50, 96}, {130, 96}, {130}}, 3);
}

TEST(Precision, Matmul) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      expect_errors(
          [=](const Vars& x, Precision precision) {
            return matmul(
                x[0], x[1],
                {.transpose_a = transpose_a, .transpose_b = transpose_b, .precision = precision});
          },
          {transpose_a ? Shape{2, 96, 150} : Shape{2, 150, 96},
           transpose_b ? Shape{130, 96} : Shape{96, 130}},
          3);
    }
  }
}

}  // namespace
}  // namespace clearhead
