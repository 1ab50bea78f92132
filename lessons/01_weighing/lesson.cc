// Lesson 1: words weigh themselves. Each word has a score of its own; the softmax turns the scores
// into weights, and the weights make an average in which some words count more than others.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "clearhead/ops/matmul.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/tape/explain.h"

namespace clearhead::lessons {
namespace {

const std::vector<std::string> kWords = {"dark", "clouds", "gather", "over", "the", "town"};

// How much each word says about rain, from 0 to 10: what we want the average of.
const std::vector<double> kValues = {8, 9, 6, 0, 0, 1};

// The weights of scores [1, 6] that are multiplied by `sharpness` first.
Var weights_of(const Var& scores, double sharpness) { return softmax(scale(scores, sharpness)); }

double sum(const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0); }

}  // namespace

void weighing(Lesson& lesson) {
  const double clouds = lesson.real_knob("clouds", 3, -20, 20, "the score of the word \"clouds\"");
  const std::vector<double> scores = {2, clouds, 1, 0, -1, 0.5};

  lesson.step("plain");
  const double plain = sum(kValues) / static_cast<double>(kValues.size());
  lesson.table({{"word", kWords}, {"says rain", kValues, 0}});
  lesson.print("the plain average is {:.2f}", plain);

  lesson.step("weights");
  Tape tape;
  const Var s = tape.input("score", Tensor::of<double>({1, 6}, scores));  // [1, 6]
  const Var weight = weights_of(s, 1).named("weight");                    // [1, 6]
  std::vector<double> exponentials;
  for (const double score : scores) exponentials.push_back(std::exp(score));
  const std::vector<double> weights = numbers(weight.value());
  lesson.table({{"word", kWords},
                {"score", scores, 1},
                {"exp(score)", exponentials, 3},
                {"weight", weights, 3}});
  lesson.print("exp(score) sums to {:.3f}, the weights sum to {:.3f}", sum(exponentials),
               sum(weights));

  lesson.step("average");
  const Var values = tape.input("value", Tensor::of<double>({6, 1}, kValues));  // [6, 1]
  const Var average = matmul(weight, values).named("average");                  // [1, 1]
  lesson.print("{}", explain(average, {0, 0}).calculation);
  lesson.print("= {:.2f}; the plain average was {:.2f}", average.value().item(), plain);

  lesson.step("shift");
  std::vector<double> raised = scores;
  for (double& score : raised) score += 10;
  const Var of_raised =
      weights_of(tape.input("raised score", Tensor::of<double>({1, 6}, raised)), 1);
  lesson.table(
      {{"word", kWords}, {"score + 10", raised, 1}, {"weight", numbers(of_raised.value()), 3}});

  lesson.step("sharpness");
  const std::vector<double> sharpness = {0, 0.5, 1, 2, 4};
  Tensor rows({5, 6}, DType::f64);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sharpness.size(); ++i) {
    const std::vector<double> row = numbers(weights_of(s, sharpness[i]).value());
    std::copy(row.begin(), row.end(), rows.mutable_data<double>() + 6 * i);
    names.push_back(fmt::format("× {}", sharpness[i]));
  }
  lesson.matrix("scores", rows, names, kWords, 3);
  lesson.draw(
      "sharpness",
      plot::Heatmap{.title = "The same scores, multiplied",
                    .panels = {{.values = rows, .row_labels = names, .column_labels = kWords}},
                    .row_title = "scores",
                    .column_title = "word",
                    .value_title = "weight"});

  lesson.claim(
      "The weights are positive and sum to 1.",
      std::abs(sum(weights) - 1) < 1e-12 && *std::min_element(weights.begin(), weights.end()) > 0);
  lesson.claim("One more in the score is 2.718 times the weight.",
               std::abs(weights[0] / weights[2] - std::exp(1.0)) < 1e-12);
  const std::vector<double> shifted = numbers(of_raised.value());
  lesson.claim("Only differences of scores matter.",
               std::equal(weights.begin(), weights.end(), shifted.begin(),
                          [](double a, double b) { return std::abs(a - b) < 1e-12; }));
  lesson.claim("Equal scores give the plain average.",
               std::abs(numbers(rows.slice(0, 0, 1))[0] - 1.0 / 6) < 1e-12);
}

}  // namespace clearhead::lessons
