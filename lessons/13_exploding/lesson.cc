// Lesson 13: numbers that explode. The softmax of large scores, as the formula has it and as it is
// calculated; a query that sees nothing; and how many digits a number has.
#include "lessons/lesson.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "clearhead/ops/attention.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::lessons {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// exp(score) / Σ exp(score), word for word, in f32.
std::vector<double> by_the_formula(const std::vector<float>& scores) {
  float sum = 0;
  for (const float score : scores) sum += std::exp(score);
  std::vector<double> weights;
  for (const float score : scores) weights.push_back(static_cast<double>(std::exp(score) / sum));
  return weights;
}

std::vector<double> by_the_library(const std::vector<float>& scores) {
  Tape tape(Keep::nothing);
  const auto count = static_cast<std::int64_t>(scores.size());
  return numbers(softmax(tape.input("scores", Tensor::of<float>({count}, scores))).value());
}

bool has_nan(const std::vector<double>& x) {
  for (const double number : x) {
    if (std::isnan(number)) return true;
  }
  return false;
}

// The number that is left of x in another type.
double rounded(double x, DType type) { return Tensor::scalar(x, DType::f64).to(type).item(); }

}  // namespace

void exploding(Lesson& lesson) {
  const double lift = lesson.real_knob("lift", 100, 0, 1e30, "what is added to all three scores");

  lesson.step("overflow");
  const std::vector<double> exponents = {1, 10, 50, 88, 89};
  std::vector<double> exponentials;
  for (const double x : exponents) exponentials.push_back(std::exp(static_cast<float>(x)));
  lesson.table({{"score", exponents, 0}, {"exp(score) in f32", exponentials, "{:.2g}"}});

  lesson.step("lifted");
  const std::vector<float> low = {1, 2, 3};
  const auto high_of = [lift](float score) { return score + static_cast<float>(lift); };
  const std::vector<float> high = {high_of(1), high_of(2), high_of(3)};
  lesson.table({{"score", {low.begin(), low.end()}, 0},
                {"by the formula", by_the_formula(low), 4},
                {"by the library", by_the_library(low), 4}});
  lesson.table({{"score", {high.begin(), high.end()}, 0},
                {"by the formula", by_the_formula(high), 4},
                {"by the library", by_the_library(high), 4}});

  lesson.step("nothing");
  const std::vector<float> hidden(3, -kInfinity);
  lesson.table({{"score", {hidden.begin(), hidden.end()}, 0},
                {"by the formula", by_the_formula(hidden), 1},
                {"by the library", by_the_library(hidden), 1}});

  lesson.step("poison");
  // Two keys; the second is hidden, and its value is not a number.
  Tape tape(Keep::nothing);
  const auto two = [&](const char* name, float first, float second) {
    return tape.input(name, Tensor::of<float>({1, 1, 2, 1}, {first, second}));
  };
  const Var see = tape.input("see", Tensor::of<float>({1, 2}, {0, -kInfinity}));
  const Tensor z = scaled_dot_product_attention(two("q", 1, 1), two("k", 1, 1),
                                                two("v", 7, std::nanf("")), {.attn_mask = see})
                       .value();
  lesson.print("the value that is seen: 7; the hidden one: nan; the result: {}",
               z.at({0, 0, 0, 0}));
  lesson.print("the same as a sum of products: 1 · 7 + 0 · nan = {}", 1 * 7.0F + 0 * std::nanf(""));

  lesson.step("digits");
  const std::vector<std::string> names = {"f64", "f32", "f16", "bf16"};
  const std::vector<DType> types = {DType::f64, DType::f32, DType::f16, DType::bf16};
  const std::vector<double> largest = {std::numeric_limits<double>::max(),
                                       static_cast<double>(std::numeric_limits<float>::max()),
                                       65504, 0x1.FEp127};
  std::vector<double> tenth, score, off;
  for (const DType type : types) {
    tenth.push_back(rounded(0.1, type));
    score.push_back(rounded(100.2, type));
    off.push_back(100 * (std::exp(score.back() - 100.2) - 1));
  }
  lesson.table({{"type", names},
                {"largest", largest, "{:.1e}"},
                {"0.1 becomes", tenth, "{:.10f}"},
                {"100.2 becomes", score, "{:.6f}"},
                {"weight off by, %", off, "{:.4f}"}});

  lesson.claim("exp of 89 does not fit into f32.", std::isinf(std::exp(89.0F)));
  lesson.claim(
      "By the formula large scores give NaN; with the largest subtracted first, they give the "
      "weights.",
      has_nan(by_the_formula(high)) &&
          std::abs(by_the_library(high)[2] - by_the_library(low)[2]) < 1e-4);
  lesson.claim("A query that sees nothing gets zeros.", by_the_library(hidden)[0] == 0);
  lesson.claim("What is hidden cannot poison the result.", z.at({0, 0, 0, 0}) == 7);
  lesson.claim("In bf16 a score of 100.2 is off by enough to be seen.", std::abs(off[3]) > 10);
}

}  // namespace clearhead::lessons
