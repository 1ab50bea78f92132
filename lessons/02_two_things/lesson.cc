// Lesson 2: attention between two things. A query asks, each key answers with a product, and the
// softmax turns the products into weights.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "clearhead/ops/matmul.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/tape/tape.h"

namespace clearhead::lessons {
namespace {

// What one query finds in some keys, all of them single numbers.
struct Found {
  std::vector<double> products;
  std::vector<double> weights;
};

Found look(double query, const std::vector<double>& keys) {
  const auto count = static_cast<std::int64_t>(keys.size());
  Tape tape;
  const Var q = tape.input("query", Tensor::of<double>({1, 1}, {query}));
  const Var k = tape.input("keys", Tensor::of<double>({count, 1}, keys));
  const Var product = matmul(q, k, {.transpose_b = true}).named("product");  // [1, count]
  const Var weight = softmax(product).named("weight");                       // [1, count]
  return {numbers(product.value()), numbers(weight.value())};
}

}  // namespace

void two_things(Lesson& lesson) {
  const double query = lesson.real_knob("query", 0.5, -1000, 1000, "what the query is");
  const std::vector<double> keys = {0.1, 0.5, 0.3, 0.9};

  lesson.step("products");
  const Found found = look(query, keys);
  lesson.table({{"key", keys, 1}, {"product", found.products, 2}});

  lesson.step("weights");
  lesson.table({{"key", keys, 1}, {"product", found.products, 2}, {"weight", found.weights, 3}});

  lesson.step("sharper");
  const Found sharper = look(20 * query, keys);
  lesson.table(
      {{"key", keys, 1}, {"product", sharper.products, 1}, {"weight", sharper.weights, 3}});

  lesson.step("signs");
  const std::vector<double> signs = {-2, -1, 0, 1, 2};
  const Found signed_keys = look(1, signs);
  lesson.table({{"key", signs, 0},
                {"product", signed_keys.products, 0},
                {"weight", signed_keys.weights, 3}});

  lesson.step("zero");
  const Found indifferent = look(0, keys);
  lesson.table(
      {{"key", keys, 1}, {"product", indifferent.products, 1}, {"weight", indifferent.weights, 3}});

  plot::LinePlot curves{
      .title = "The weight of each of the four keys", .x_title = "query", .y_title = "weight"};
  for (const double key : keys) curves.curves.push_back({.name = fmt::format("key {}", key)});
  for (int i = -40; i <= 40; ++i) {
    const double x = i / 2.0;
    const Found at = look(x, keys);
    for (std::size_t j = 0; j < keys.size(); ++j) {
      curves.curves[j].x.push_back(x);
      curves.curves[j].y.push_back(at.weights[j]);
    }
  }
  lesson.draw("queries", curves);

  lesson.claim("The query 0.5 gives the products 0.05, 0.25, 0.15 and 0.45.",
               query == 0.5 && std::abs(found.products[0] - 0.05) < 1e-12 &&
                   std::abs(found.products[1] - 0.25) < 1e-12 &&
                   std::abs(found.products[2] - 0.15) < 1e-12 &&
                   std::abs(found.products[3] - 0.45) < 1e-12);
  lesson.claim(
      "The largest product wins, not the key that is most alike.",
      std::max_element(found.weights.begin(), found.weights.end()) - found.weights.begin() == 3);
  lesson.claim("A product of opposite signs is not negative attention.",
               signed_keys.products[0] < 0 && signed_keys.weights[0] > 0);
  lesson.claim("A product of zero is not no attention.",
               signed_keys.products[2] == 0 && signed_keys.weights[2] > signed_keys.weights[1]);
  lesson.claim("A query of zero asks nothing, and gets the plain average.",
               std::abs(indifferent.weights[0] - 0.25) < 1e-12);
}

}  // namespace clearhead::lessons
