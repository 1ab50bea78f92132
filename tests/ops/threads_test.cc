// Results and gradients are the same bytes for any number of threads, on operands larger than a thread's piece.
#include <cstring>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/additive_scores.h"
#include "clearhead/ops/batch_norm.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/dropout.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/lstm.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/rotary.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/gradient_check.h"

namespace clearhead {
namespace {

// The result and the gradients of the inputs.
std::vector<Tensor> run(const Function& f, const std::vector<Shape>& shapes) {
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    vars.push_back(tape.input("x", random_tensor(shapes[i], i, DType::f32)));
  }
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 99, DType::f32));
  std::vector<Tensor> tensors = {y.value().contiguous()};
  for (const Var& var : vars) tensors.push_back(var.grad());
  return tensors;
}

void expect_same_bytes(const Function& f, const std::vector<Shape>& shapes) {
  set_thread_count(1);
  const std::vector<Tensor> expected = run(f, shapes);
  for (const int threads : {2, 5}) {
    set_thread_count(threads);
    const std::vector<Tensor> tensors = run(f, shapes);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ(std::memcmp(tensors[i].data<float>(), expected[i].data<float>(),
                            static_cast<std::size_t>(tensors[i].count()) * sizeof(float)),
                0)
          << threads << " threads, " << (i == 0 ? "result" : "gradient of an input");
    }
  }
  set_thread_count(0);
}

using Vars = std::vector<Var>;

TEST(Threads, Elementwise) {
  expect_same_bytes([](Tape&, const Vars& x) { return add(x[0], x[1]); }, {{200, 300}, {300}});
  expect_same_bytes([](Tape&, const Vars& x) { return multiply(x[0], x[1]); },
                    {{200, 300}, {200, 1}});
  expect_same_bytes([](Tape&, const Vars& x) { return gelu(softcap(scale(x[0], 0.3), 2)); },
                    {{200, 300}});
  expect_same_bytes([](Tape&, const Vars& x) { return mask(x[0], x[1]); }, {{2, 200, 100}, {100}});
}

TEST(Threads, Products) {
  expect_same_bytes([](Tape&, const Vars& x) { return matmul(x[0], x[1]); },
                    {{300, 70}, {70, 600}});
  expect_same_bytes(
      [](Tape&, const Vars& x) {
        return matmul(x[0], x[1], {.transpose_a = true, .transpose_b = true});
      },
      {{6, 1, 20, 50}, {3, 40, 20}});
  expect_same_bytes([](Tape&, const Vars& x) { return linear(x[0], x[1], x[2]); },
                    {{3, 200, 40}, {300, 40}, {300}});
  for (const Precision precision : {Precision::high, Precision::medium}) {
    expect_same_bytes([=](Tape&, const Vars& x) { return linear(x[0], x[1], x[2], precision); },
                      {{3, 400, 640}, {700, 640}, {700}});
  }
}

TEST(Threads, RowsAndReductions) {
  expect_same_bytes([](Tape&, const Vars& x) { return softmax(x[0], 0); }, {{200, 300}});
  expect_same_bytes([](Tape&, const Vars& x) { return softmax_steps(x[0]).pattern; }, {{200, 300}});
  expect_same_bytes([](Tape&, const Vars& x) { return sum(x[0]); }, {{200, 300}});
  expect_same_bytes([](Tape&, const Vars& x) { return mean(x[0], {0}); }, {{200, 300}});
}

TEST(Threads, OperationsOfNetworks) {
  expect_same_bytes([](Tape&, const Vars& x) { return layer_norm(x[0], x[1], x[2]).y; },
                    {{20, 30, 100}, {100}, {100}});
  expect_same_bytes([](Tape&, const Vars& x) { return rms_norm(x[0], x[1]).y; },
                    {{600, 100}, {100}});
  expect_same_bytes([](Tape&, const Vars& x) { return batch_norm(x[0], x[1], x[2]).y; },
                    {{600, 100}, {100}, {100}});
  expect_same_bytes([](Tape&, const Vars& x) { return dropout(x[0], 0.3, {1, 2}); }, {{300, 201}});
  expect_same_bytes([](Tape&, const Vars& x) { return relu(silu(x[0])); }, {{200, 300}});
  Tensor tokens({700}, DType::i64);
  for (std::int64_t i = 0; i < 700; ++i) tokens.mutable_data<std::int64_t>()[i] = i * i % 50;
  expect_same_bytes(
      [&](Tape& tape, const Vars& x) { return embedding(tape.input("t", tokens), x[0]); },
      {{50, 200}});
  expect_same_bytes(
      [&](Tape& tape, const Vars& x) {
        return cross_entropy(x[0], tape.input("t", tokens), {.label_smoothing = 0.1}).loss;
      },
      {{700, 60}});
  expect_same_bytes(
      [](Tape&, const Vars& x) { return rotary(x[0], rotary_angles(0, 50, 16, 100, DType::f32)); },
      {{4, 6, 50, 20}});
  expect_same_bytes(
      [](Tape&, const Vars& x) {
        return lstm({x[0], x[1]}).h;
      },
      {{40, 6, 4 * 120}, {4 * 120, 120}});
  expect_same_bytes([](Tape&, const Vars& x) { return additive_scores(x[0], x[1], x[2]); },
                    {{5, 20, 30}, {5, 20, 30}, {30}});
}

TEST(Threads, WeightedSumAndMoves) {
  expect_same_bytes([](Tape&, const Vars& x) { return weighted_sum(x[0], x[0], x[1]); },
                    {{2, 3, 150, 100}, {2, 1, 100, 20}});
  expect_same_bytes(
      [](Tape&, const Vars& x) {
        return concat(transpose(x[0], 0, 1), broadcast_to(slice(x[0], 1, 0, 1), {200, 200}), 0);
      },
      {{200, 300}});
}

}  // namespace
}  // namespace clearhead
