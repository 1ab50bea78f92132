// Lesson 3: matrices. Three matrices read from each word what it asks, what it is found by and what
// it hands over; one product of matrices then lets every word ask every word.
#include "lessons/lesson.h"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "clearhead/ops/matmul.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/tape/explain.h"

namespace clearhead::lessons {
namespace {

using Names = std::vector<std::string>;

// softmax(q·kᵀ)·v and its steps, of q [T, D], k [S, D] and v [S, Dv].
struct Attended {
  Var q, k, v, product, weight, z;  // product and weight [T, S], z [T, Dv]
};

Attended attend(const Var& q, const Var& k, const Var& v) {
  const Var product = matmul(q, k, {.transpose_b = true}).named("product");
  const Var weight = softmax(product).named("weight");
  return {q, k, v, product, weight, matmul(weight, v).named("z")};
}

// A table of four winds is asked for one that comes from `degrees` of the compass.
Attended ask_winds(double degrees, double length) {
  const double angle = degrees / 180 * std::numbers::pi;
  const double east = length * std::sin(angle), north = length * std::cos(angle);
  Tape tape;
  return attend(tape.input("query", Tensor::of<double>({1, 2}, {east, north})),
                tape.input("key", Tensor::of<double>({4, 2}, {0, 1, 1, 0, 0, -1, -1, 0})),
                tape.input("value", Tensor::of<double>({4, 1}, {2, 8, 19, 12})));
}

// The words of "the bank and the …" ask each other. The last has to do with water or with money.
Attended ask_words(double water, double money, double asks) {
  Tape tape;
  const Var x = tape.input("x", Tensor::of<double>({5, 5}, {0,     0,     0, 0, 1,     // the
                                                            1,     1,     1, 1, 0,     // bank
                                                            0,     0,     0, 0, 0,     // and
                                                            0,     0,     0, 0, 1,     // the
                                                            water, money, 0, 1, 0}));  // river
  const auto map = [&](const char* name, std::initializer_list<double> matrix) {
    return matmul(x, tape.input(name, Tensor::of<double>({5, 2}, matrix)));  // [T, D]
  };
  return attend(map("W_Q", {0, 0, 0, 0, asks, 0, 0, 0, 0, 2}),
                map("W_K", {1, 0, 1, 0, -2, 0, 0, 1, 0, 0}),
                map("W_V", {1, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
}

}  // namespace

void matrices(Lesson& lesson) {
  const double wind = lesson.real_knob("wind", 45, 0, 360, "where the wind comes from, in degrees");
  const double asks = lesson.real_knob("asks", 2, -10, 10, "how strongly an unclear word asks");

  lesson.step("table");
  const Names winds = {"north", "east", "south", "west"};
  const Attended found = ask_winds(wind, 4);
  lesson.matrix("key", found.k.value(), winds, {"to the east", "to the north"}, 0);
  lesson.matrix("value", found.v.value(), winds, {"°C"}, 0);

  lesson.step("answer");
  lesson.matrix("query", found.q.value(), {"wind"}, {"to the east", "to the north"}, 3);
  lesson.matrix("product", found.product.value(), {"wind"}, winds, 3);
  lesson.matrix("weight", found.weight.value(), {"wind"}, winds, 3);
  lesson.print("answer = {} = {:.2f} °C", explain(found.z, {0, 0}).calculation,
               found.z.value().item());
  plot::LinePlot answers{.title = "A table of four winds, looked up softly",
                         .x_title = "where the wind comes from, in degrees",
                         .y_title = "answer, °C"};
  for (const double length : {1, 4, 40}) {
    answers.curves.push_back({.name = fmt::format("query of length {}", length)});
    for (int degrees = 0; degrees <= 360; degrees += 3) {
      answers.curves.back().x.push_back(degrees);
      answers.curves.back().y.push_back(ask_winds(degrees, length).z.value().item());
    }
  }
  lesson.draw("winds", answers);

  const Names river = {"the", "bank", "and", "the", "river"};
  const Names loan = {"the", "bank", "and", "the", "loan"};
  const Attended by_river = ask_words(2, 0, asks), by_loan = ask_words(0, 2, asks);
  lesson.step("words");
  const Names says = {"water", "money", "unclear", "noun", "article"};
  lesson.matrix("x", by_river.q.input(0).value(), river, says, 0);
  lesson.step("maps");
  lesson.matrix("W_Q", by_river.q.input(1).value(), says, {"which topic?", "which noun?"}, 0);
  lesson.matrix("Q = x·W_Q", by_river.q.value(), river, {"which topic?", "which noun?"}, 0);
  lesson.matrix("K = x·W_K", by_river.k.value(), river, {"topic", "noun"}, 0);
  lesson.matrix("V = x·W_V", by_river.v.value(), river, {"water", "money"}, 0);
  lesson.step("products");
  lesson.matrix("product", by_river.product.value(), river, river, 0);
  lesson.step("weights");
  lesson.matrix("weight", by_river.weight.value(), river, river, 3);
  plot::Heatmap words{.row_title = "asks", .column_title = "is asked", .value_title = "weight"};
  words.title = "Who asks whom";
  words.panels = {{.values = by_river.weight.value(), .row_labels = river, .column_labels = river}};
  lesson.draw("words", words);
  lesson.step("result");
  lesson.matrix("z", by_river.z.value(), river, {"water", "money"}, 3);
  lesson.step("loan");
  lesson.matrix("z", by_loan.z.value(), loan, {"water", "money"}, 3);

  lesson.claim("The same word becomes another in another sentence.",
               by_river.z.value().at({1, 0}) > 1.5 && by_loan.z.value().at({1, 0}) < 0.5);
  lesson.claim("Asking is not mutual.",
               by_river.product.value().at({1, 4}) > 0 && by_river.product.value().at({4, 1}) == 0);
  lesson.claim("A long query looks up one row.",
               std::abs(ask_winds(0, 40).z.value().item() - 2) < 0.001);
}

}  // namespace clearhead::lessons
