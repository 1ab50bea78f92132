// Lesson 8: residual and norm. A gradient goes back through a stack of layers: layers alone, layers
// that are added to their input, and those with a norm before. Then what the norm looks at.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "clearhead/nn/parameters.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/batch_norm.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/relu.h"

namespace clearhead::lessons {
namespace {

Var ones(Tape tape, std::int64_t C) {
  return tape.input("w", Tensor::scalar(1, DType::f64).broadcast_to({C}));
}

Var norm(const Var& x) { return layer_norm(x, ones(x.tape(), x.size(-1))).y; }  // [T, C]

// Three ways to put layers, relu(x·Wᵀ), on top of each other: x [T, C] → [T, C].
using Layer = Var (*)(const Var& x, const Var& W);
Var alone(const Var& x, const Var& W) { return relu(linear(x, W)); }
Var with_sum(const Var& x, const Var& W) { return add(x, relu(linear(x, W))); }
Var with_norm(const Var& x, const Var& W) { return add(x, relu(linear(norm(x), W))); }

struct Passed {
  double gradient;  // its length below the stack if it is 1 above
  double growth;    // the length of x above the stack if it is 1 below
};

Passed through(double layers, Layer layer, std::int64_t C, double gain) {
  Parameters weights({.seed = 8, .std = gain / std::sqrt(static_cast<double>(C))}, DType::f64);
  Tape tape;
  const Var x = tape.input("x", random_normal({8, C}, 1));
  Var y = x;
  for (int i = 0; i < layers; ++i) {
    y = layer(y, on(tape, weights.matrix(fmt::format("W{}", i), C, C)));
  }
  const Tensor above = random_normal({8, C}, 2);
  tape.backward(y, above);
  return {length(x.grad()) / length(above), length(y.value()) / length(x.value())};
}

// A sentence of three words after it was normalised in a batch with three others.
Tensor normalised(const Tensor& others, bool over_batch) {
  const std::int64_t C = others.size(1);
  Tape tape;
  Tensor batch = random_normal({6, C}, 3);
  std::copy_n(others.data<double>(), 3 * C, batch.mutable_data<double>() + 3 * C);
  const Var x = tape.input("x", batch);  // [6, C]
  const Var zeros = tape.input("b", Tensor({C}, DType::f64));
  return (over_batch ? batch_norm(x, ones(tape, C), zeros).y : norm(x)).tile({0, 0}, {3, C});
}

}  // namespace

void residual(Lesson& lesson) {
  const std::int64_t C = lesson.knob("channels", 64, 2, 512, "numbers in each word");
  const double gain = lesson.real_knob("gain", 1, 0.1, 3, "how large the weights begin");

  const std::vector<double> depths = {2, 4, 8, 16, 32, 64};
  const std::vector<std::string> names = {"layers alone", "with the sum", "with sum and norm"};
  std::vector<Column> gradients = {{"layers", depths, 0}}, growths = gradients;
  std::vector<Passed> deepest;
  plot::LinePlot curves{.title = "What is left of a gradient of length 1",
                        .x_title = "layers",
                        .y_title = "its length below the stack",
                        .x_scale = plot::Scale::log,
                        .y_scale = plot::Scale::log};
  for (const Layer layer : {alone, with_sum, with_norm}) {
    std::vector<double> gradient, growth;
    for (const double depth : depths) {
      deepest.push_back(through(depth, layer, C, gain));
      gradient.push_back(deepest.back().gradient);
      growth.push_back(deepest.back().growth);
    }
    const std::string& name = names[growths.size() - 1];
    gradients.emplace_back(name, gradient, "{:.1e}");
    growths.emplace_back(name, growth, "{:.1e}");
    curves.curves.push_back({name, depths, gradient});
  }
  lesson.step("gradients");
  lesson.table(gradients);
  lesson.draw("gradients", curves);
  lesson.step("growth");
  lesson.table(growths);

  lesson.step("norm");
  Tape tape;
  const Var word = tape.input("word", Tensor::of<double>({1, 4}, {2, 4, 4, 10}));
  lesson.matrix("", word.value(), {"the word"}, {"1st", "2nd", "3rd", "4th"}, 3);
  lesson.matrix("", norm(word).value(), {"its norm"}, {"1st", "2nd", "3rd", "4th"}, 3);

  lesson.step("neighbours");
  const auto change = [&](bool over_batch) {  // of the first of the three words, its first number
    const Tensor beside_padding = normalised(Tensor({3, C}, DType::f64), over_batch);
    const Tensor beside_words = normalised(random_normal({3, C}, 4), over_batch);
    return std::abs(beside_padding.at({0, 0}) - beside_words.at({0, 0}));
  };
  lesson.table(
      {{"norm", {"layer norm", "batch norm"}}, {"change", {change(false), change(true)}, 3}});

  lesson.claim("Alone, 64 layers leave less than a millionth of the gradient.",
               deepest[5].gradient < 1e-6);
  lesson.claim("With the sum nothing is lost, but everything grows.",
               deepest[11].gradient > 1 && deepest[11].growth > 1000);
  lesson.claim("Sum and norm together keep both within a factor of 30.",
               deepest[17].gradient > 1 && deepest[17].gradient < 30 && deepest[17].growth < 30);
  lesson.claim("Layer norm sees one word, batch norm also its neighbours.",
               change(false) == 0 && change(true) > 0.1);
}

}  // namespace clearhead::lessons
