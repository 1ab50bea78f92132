// Lesson 4: why divide by √d. The products of long vectors are large, large scores leave the
// softmax one key, and where one key has all the weight no gradient is left to learn from.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t N = 500;  // queries, each with keys and values of its own

struct Attended {
  Var score, weight, z;  // [N, 1, S], [N, 1, S], [N, 1, 1]
};

// Attention as a network begins: each number is drawn by itself, with mean 0 and variance 1. The
// products of vectors of d numbers are divided by d to the power.
Attended attend(std::int64_t d, std::int64_t S, double power) {
  Tape tape;
  const Var q = tape.input("q", random_normal({N, 1, d}, 1));
  const Var k = tape.input("k", random_normal({N, S, d}, 2));
  const Var v = tape.input("v", random_normal({N, S, 1}, 3));
  const Var product = matmul(q, k, {.transpose_b = true});  // [N, 1, S]
  const Var score = scale(product, std::pow(d, -power)).named("score");
  const Var weight = softmax(score).named("weight");
  return {score, weight, matmul(weight, v).named("z")};
}

// Of vectors of different lengths: the variance of the scores, the mean of each query's largest
// weight, and the length of the gradient of z with respect to the scores of a query, the median.
struct Measures {
  std::vector<double> variance, largest, gradient;
};

Measures measure(const std::vector<double>& dims, std::int64_t S, double power) {
  Measures measures;
  for (const double d : dims) {
    const Attended at = attend(static_cast<std::int64_t>(d), S, power);
    measures.variance.push_back(mean(multiply(at.score, at.score)).value().item());
    measures.largest.push_back(mean(softmax_steps(at.weight).row_max).value().item());

    Tape tape = at.z.tape();
    tape.backward(sum(at.z));
    const Var gradient = tape.input("gradient", at.score.grad());  // [N, 1, S]
    std::vector<double> squares = numbers(sum(multiply(gradient, gradient), {-1}).value());
    std::nth_element(squares.begin(), squares.begin() + N / 2, squares.end());
    measures.gradient.push_back(std::sqrt(squares[N / 2]));
  }
  return measures;
}

}  // namespace

void scaling(Lesson& lesson) {
  const std::int64_t dim = lesson.knob("dim", 16, 1, 4096, "numbers in a query and a key");
  const std::int64_t keys = lesson.knob("keys", 8, 2, 64, "keys of a query");
  const double power = lesson.real_knob("power", 0.5, 0, 1, "products are divided by d to this");
  const std::string divided = power == 0.5 ? "product / √d" : fmt::format("product / d^{}", power);

  lesson.step("query");
  const Attended as_is = attend(dim, keys, 0), scaled = attend(dim, keys, power);
  const auto first = [](const Var& x) { return numbers(x.value().slice(0, 0, 1)); };
  lesson.table({{"product", first(as_is.score), 2},
                {"weight", first(as_is.weight), 3},
                {divided, first(scaled.score), 2},
                {"weight", first(scaled.weight), 3}});
  const auto some = [](const Var& x) { return x.value().slice(0, 0, 10).reshape({10, -1}); };
  lesson.draw("weights",
              plot::Heatmap{.title = fmt::format("Weights of ten queries, d = {}", dim),
                            .panels = {{.title = "product", .values = some(as_is.weight)},
                                       {.title = divided, .values = some(scaled.weight)}},
                            .row_title = "query",
                            .column_title = "key",
                            .value_title = "weight"});

  const std::vector<double> dims = {1, 4, 16, 64, 256, 1024};
  const Measures plain = measure(dims, keys, 0), even = measure(dims, keys, power);
  lesson.step("variance");
  lesson.table({{"d", dims, 0},
                {"variance of product", plain.variance, 2},
                {"of " + divided, even.variance, 2}});
  lesson.step("softmax");
  lesson.table({{"d", dims, 0},
                {"largest weight of product", plain.largest, 3},
                {"of " + divided, even.largest, 3}});
  lesson.step("gradient");
  lesson.table({{"d", dims, 0},
                {"gradient of product", plain.gradient, "{:.1e}"},
                {"of " + divided, even.gradient, "{:.1e}"}});
  lesson.draw("gradient", plot::LinePlot{.title = "What is left of the gradient",
                                         .curves = {{"product", dims, plain.gradient},
                                                    {divided, dims, even.gradient}},
                                         .x_title = "d, numbers in a query and a key",
                                         .y_title = "length of the gradient (median)",
                                         .x_scale = plot::Scale::log,
                                         .y_scale = plot::Scale::log});

  const auto near = [](double x, double y) { return std::abs(x - y) < 0.1 * y; };
  lesson.claim("The variance of a product is d.",
               std::equal(dims.begin(), dims.end(), plain.variance.begin(), near));
  lesson.claim("Divided by √d, a product has variance 1.",
               std::all_of(even.variance.begin(), even.variance.end(),
                           [&](double variance) { return near(variance, 1); }));
  lesson.claim("Large scores leave the softmax one key.",
               plain.largest.back() > 0.95 && even.largest.back() < 0.5);
  lesson.claim("Where one key has all the weight, the gradient vanishes.",
               plain.gradient.back() < 1e-4 * even.gradient.back());
}

}  // namespace clearhead::lessons
