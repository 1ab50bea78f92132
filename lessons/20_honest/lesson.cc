// Lesson 20: reading attention honestly. Where a head looks is not yet what it does: two tests of
// what matters, taking a head away and the gradient, and a head that looks where nothing is.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/models/model_file.h"
#include "clearhead/ops/cross_entropy.h"

namespace clearhead::lessons {
namespace {

// The model reads a text on `tape`: how badly it foretells each next character, as one number.
Var loss_on(Tape tape, const SavedModel& saved, const std::string& text) {
  const std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  std::vector<std::int64_t> next(ids.begin() + 1, ids.end());
  next.push_back(-1);  // after the last, nothing is known
  const Shape shape = {1, static_cast<std::int64_t>(ids.size())};
  const Var tokens = tape.input("tokens", Tensor::of<std::int64_t>(shape, ids));
  const Var targets = tape.input("targets", Tensor::of<std::int64_t>(shape, next));
  const Var logits = as<LanguageModel>(saved).forward(tokens, Pass{});  // [1, T, V]
  return cross_entropy(logits, targets, {.ignore_index = -1}).loss;
}

struct Head {
  std::string name;
  HeadPlace place;
  HeadMeasures looks;       // of its weights
  double missed, foretold;  // what the loss gains without it: measured, and by the gradient
};
double selective(const Head& head) { return head.looks.selectivity; }
double first(const Head& head) { return head.looks.first; }
double missed(const Head& head) { return head.missed; }
double foretold(const Head& head) { return head.foretold; }
using Heads = std::vector<Head>;
std::vector<double> each(const Heads& heads, double (*measure)(const Head&)) {
  std::vector<double> numbers;
  for (const Head& head : heads) numbers.push_back(measure(head));
  return numbers;
}

// The heads of which the measure is largest, largest first.
Heads most(Heads heads, double (*measure)(const Head&)) {
  std::sort(heads.begin(), heads.end(), [&](auto& a, auto& b) { return measure(a) > measure(b); });
  heads.resize(5);
  return heads;
}

void print(Lesson& lesson, const Heads& heads) {
  std::vector<std::string> names;
  for (const Head& head : heads) names.push_back(head.name);
  lesson.table({{"head", names},
                {"selective", each(heads, selective), 3},
                {"missed", each(heads, missed), "{:+.2f}"},
                {"foretold", each(heads, foretold), "{:+.2f}"}});
}

}  // namespace

void honest(Lesson& lesson) {
  const std::string text =
      lesson.text_knob("text", "ROMEO:\nBut soft, what light through yonder window breaks?\n",
                       "what the model reads");
  const SavedModel saved = open_model(lesson.model("shakespeare"));
  Tape tape;
  Heads heads;
  const Var loss = loss_on(tape, saved, text);
  tape.backward(loss);
  const std::vector<std::string> scopes = attention_stacks(tape)[0].scopes;  // one a layer
  for (std::size_t layer = 0; layer < scopes.size(); ++layer) {
    const Var z = tape[scopes[layer] + "hook_z"];  // [1, H, T, D]
    for (std::int64_t h = 0; h < z.size(1); ++h) {
      Tape without(Keep::nothing);
      without.intervene(z.name(), zero_head(h));
      const double gain = loss_on(without, saved, text).value().item() - loss.value().item();
      const std::vector<double> out = numbers(z.value().slice(1, h, h + 1));
      const std::vector<double> slope = numbers(z.grad().slice(1, h, h + 1));
      const HeadPlace place{.scope = scopes[layer], .head = h};
      heads.push_back({fmt::format("layer {}, head {}", layer, h), place,
                       measure_head(visible_weights(tape, place), /*same_tokens=*/true), gain,
                       -std::inner_product(out.begin(), out.end(), slope.begin(), 0.0)});
    }
  }

  lesson.step("selective", Numbers::trained);
  lesson.print("the loss with all heads is {:.2f}", loss.value().item());
  const Head looks = most(heads, selective)[0], does = most(heads, missed)[0];
  print(lesson, most(heads, selective));
  lesson.step("missed", Numbers::trained);
  print(lesson, most(heads, missed));
  plot::Heatmap pair{.title = "Which of the two does more?",
                     .row_title = "query",
                     .column_title = "key",
                     .value_title = "weight"};
  for (const Head& head : {looks, does}) {
    std::vector<std::string> letters;
    for (const char letter : text) letters.emplace_back(1, letter);
    pair.panels.push_back({head.name, visible_weights(tape, head.place), letters, letters});
  }
  lesson.draw("heads", pair);
  lesson.step("orders", Numbers::trained);
  const double by_looks = same_order(each(heads, selective), each(heads, missed));
  const double by_gradient = same_order(each(heads, foretold), each(heads, missed));
  lesson.table({{"in the order of what is missed", {"selective", "foretold"}},
                {"agreement", {by_looks, by_gradient}, 2}});

  lesson.step("sink", Numbers::trained);
  const Head sink = most(heads, first)[0];
  const Tensor v =
      tape[sink.place.scope + "hook_v"].value().slice(1, sink.place.head, sink.place.head + 1);
  double equal = 0;
  for (std::int64_t t = 0; t < v.size(2); ++t)
    equal += 1.0 / static_cast<double>((t + 1) * v.size(2));
  const double of_first = length(v.slice(2, 0, 1));
  const double of_all = length(v) / std::sqrt(static_cast<double>(v.size(2)));
  lesson.print("{} to the first character: {:.2f}; equal shares: {:.2f}", sink.name, first(sink),
               equal);
  lesson.print("length of its value: {:.2f}; on average: {:.2f}", of_first, of_all);

  lesson.claim("The head that is missed most is not one that looks selective.",
               selective(does) < 0.1 && looks.missed < 0.1 * does.missed);
  lesson.claim("The gradient foretells better than the picture does what is missed.",
               by_gradient > 0.4 && std::abs(by_looks) < 0.4);
  lesson.claim("The gradient hardly sees the head that is missed most.",
               does.foretold < 0.1 * does.missed);
  lesson.claim("A sink passes on less than its weight promises.",
               first(sink) > 2 * equal && of_first < 0.75 * of_all);
}

}  // namespace clearhead::lessons
