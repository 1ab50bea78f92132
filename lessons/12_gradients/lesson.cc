// Lesson 12: gradient flow. The backward pass of the softmax and of attention, calculated by hand,
// held against the tape's and against small steps; and where no gradient is left.
#include "lessons/lesson.h"

#include <array>
#include <cmath>
#include <vector>

#include "clearhead/ops/add.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::lessons {
namespace {

// A number, or many, through which no gradient flows.
Var constant(const Tape& tape, const Tensor& x) { return Tape(tape).input("", x, false); }

using Three = std::array<Var, 3>;  // of queries [B, H, T, D], keys and values [B, H, S, D]

Three on_tape(Tape tape, const std::array<Tensor, 3>& x) {
  return {tape.input("q", x[0]), tape.input("k", x[1]), tape.input("v", x[2])};
}

// L = Σ z ⊙ dz, so that ∂L/∂z is dz, of z = softmax(q·kᵀ / √D)·v.
Var loss(const Three& x, const Tensor& dz) {
  const Var z = scaled_dot_product_attention(x[0], x[1], x[2]);
  return sum(multiply(z, constant(z.tape(), dz)));
}

// ∂L/∂q, ∂L/∂k and ∂L/∂v, a line for each step of the formula backward.
Three by_hand(const Var& q, const Var& k, const Var& v, const Var& dz) {
  const double factor = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  const Var p = softmax(scale(matmul(q, k, {.transpose_b = true}), factor));  // forward again
  const Var dv = matmul(p, dz, {.transpose_a = true});                        // pᵀ·dz
  const Var dp = matmul(dz, v, {.transpose_b = true});                        // dz·vᵀ
  const Var mean = sum(multiply(p, dp), {-1}, /*keepdims=*/true);             // of dp, by weight
  const Var ds = multiply(p, add(dp, scale(mean, -1)));                       // p ⊙ (dp − mean)
  return {scale(matmul(ds, k), factor), scale(matmul(ds, q, {.transpose_a = true}), factor), dv};
}

}  // namespace

void gradients(Lesson& lesson) {
  const double sharpest = lesson.real_knob("sharpest", 32, 2, 1000, "the largest factor on scores");

  lesson.step("average");
  const Tensor values = Tensor::of<double>({1, 6}, {8, 9, 6, 0, 0, 1});
  const auto average = [&values](const Var& s) {  // of lesson 1
    return sum(multiply(softmax(s), constant(s.tape(), values)));
  };
  Tape tape;
  const Var s = tape.input("scores", Tensor::of<double>({1, 6}, {2, 3, 1, 0, -1, 0.5}));
  const Var y = average(s);
  tape.backward(y);
  const Tensor of_tape = s.grad();
  const std::vector<double> weight = numbers(softmax(s).value()), value = numbers(values);
  const double mean = y.value().item();
  std::vector<double> hand;
  for (std::size_t i = 0; i < 6; ++i) hand.push_back(weight[i] * (value[i] - mean));
  lesson.print("the average is {:.3f}", mean);
  lesson.table({{"word", {"dark", "clouds", "gather", "over", "the", "town"}},
                {"value", value, 0},
                {"weight", weight, 3},
                {"by hand", hand, 5},
                {"by the tape", numbers(of_tape), 5},
                {"by small steps", numbers(by_small_steps(s.value(), average)), 5}});

  lesson.step("attention");
  const std::array<Tensor, 3> x = {random_normal({1, 1, 3, 4}, 1), random_normal({1, 1, 5, 4}, 2),
                                   random_normal({1, 1, 5, 4}, 3)};
  const Tensor dz = random_normal({1, 1, 3, 4}, 4);
  const Three inputs = on_tape(tape, x);
  const Three of_hand = by_hand(inputs[0], inputs[1], inputs[2], constant(tape, dz));
  tape.backward(loss(inputs, dz));
  bool agree = true;
  for (std::size_t i = 0; i < 3; ++i) {
    const Tensor of_steps = by_small_steps(x[i], [&](const Var& moved) {
      Three all = on_tape(moved.tape(), x);
      all[i] = moved;
      return loss(all, dz);
    });
    agree = agree && largest_difference(of_hand[i].value(), inputs[i].grad()) < 1e-12 &&
            largest_difference(of_hand[i].value(), of_steps) < 1e-8;
    lesson.print("{}: {} numbers, by hand as by the tape and by small steps: {}", inputs[i].name(),
                 x[i].count(), agree);
  }

  lesson.step("vanishing");
  std::vector<double> factors, to_q, to_v;
  for (double factor = 1; factor <= sharpest; factor *= 2) {
    const Var q = scale(inputs[0], factor);
    tape.backward(loss({q, inputs[1], inputs[2]}, dz));
    factors.push_back(factor);
    to_q.push_back(length(q.grad()));
    to_v.push_back(length(inputs[2].grad()));
  }
  lesson.table({{"scores ×", factors, 0},
                {"gradient of q", to_q, "{:.1e}"},
                {"gradient of v", to_v, "{:.1e}"}});
  lesson.draw("vanishing",
              plot::LinePlot{.title = "What reaches queries and values",
                             .curves = {{"queries", factors, to_q}, {"values", factors, to_v}},
                             .x_title = "factor on the scores",
                             .y_title = "length of the gradient",
                             .x_scale = plot::Scale::log,
                             .y_scale = plot::Scale::log});

  lesson.claim("A score's gradient is its weight times how far its value is above the average.",
               largest_difference(of_tape, Tensor::of<double>({1, 6}, hand)) < 1e-12);
  lesson.claim("Five lines are the whole backward pass of attention.", agree);
  lesson.claim("Where one key has all the weight, queries learn nothing, and values still do.",
               to_q.back() < 1e-3 * to_q.front() && to_v.back() > 0.5 * to_v.front());
}

}  // namespace clearhead::lessons
