// Lesson 20: reading attention honestly. Where a head looks is not yet what it does: two tests of
// what matters, taking a head away and the gradient, and a head that looks where nothing is.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/models/model_file.h"
#include "clearhead/ops/cross_entropy.h"

namespace clearhead::lessons {
namespace {

// The model reads tokens [1, T]: how badly it foretells the next of each, as one number.
Var loss_on(Tape tape, const SavedModel& saved, const Tensor& tokens) {
  const std::int64_t T = tokens.size(1);
  const Var read = tape.input("tokens", tokens.slice(1, 0, T - 1));
  const Var next = tape.input("next", tokens.slice(1, 1, T));
  return cross_entropy(as<LanguageModel>(saved).forward(read, Pass{}), next).loss;
}

struct Head {
  std::string name;
  HeadPlace place;
  double selective, first;  // how it looks: whether the text decides where; the first key's weight
  double missed, foretold;  // what the loss gains without it: measured, and by the gradient
};
using Heads = std::vector<Head>;

// The five heads of which the measure is largest, largest first.
Heads most(Heads heads, double Head::*measure) {
  std::sort(heads.begin(), heads.end(),
            [&](const Head& a, const Head& b) { return a.*measure > b.*measure; });
  heads.resize(5);
  return heads;
}

void print(Lesson& lesson, const Heads& heads) {
  std::vector<std::string> names;
  for (const Head& head : heads) names.push_back(head.name);
  lesson.table({{"head", names},
                {"selective", of_each(heads, &Head::selective), 3},
                {"missed", of_each(heads, &Head::missed), "{:+.2f}"},
                {"foretold", of_each(heads, &Head::foretold), "{:+.2f}"}});
}

}  // namespace

void honest(Lesson& lesson) {
  const std::string text = lesson.text_knob(
      "text", "ROMEO:\nBut soft, what light through yonder window breaks?\n", "what is read", 2);
  lesson.step("selective", Numbers::trained);
  const SavedModel saved = open_model(lesson.model("shakespeare"));
  const std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  const Tensor tokens = Tensor::of<std::int64_t>({1, std::ssize(ids)}, ids);
  Tape tape;
  const Var loss = loss_on(tape, saved, tokens);
  tape.backward(loss);
  Heads heads;
  for (const auto& [layer, place, looks] :
       measure_heads(tape, attention_stacks(tape)[0], /*same_tokens=*/true)) {
    const std::int64_t h = place.head;
    const Var z = tape[place.scope + "hook_z"];  // [1, H, T, D]
    Tape without(Keep::nothing);
    without.intervene(z.name(), zero_head(h));
    const double gain = loss_on(without, saved, tokens).value().item() - loss.value().item();
    const double by_slope = -dot(z.value().slice(1, h, h + 1), z.grad().slice(1, h, h + 1));
    heads.push_back({fmt::format("layer {}, head {}", layer, h), place, looks.selectivity,
                     looks.first, gain, by_slope});
  }

  lesson.print("the loss with all heads is {:.2f}", loss.value().item());
  const Heads by_looks = most(heads, &Head::selective), by_effect = most(heads, &Head::missed);
  print(lesson, by_looks);
  lesson.step("missed", Numbers::trained);
  print(lesson, by_effect);
  const Head &looks = by_looks[0], &does = by_effect[0];
  std::vector<std::string> letters;
  for (const std::int64_t id : ids) letters.push_back(saved.tokenizer->token(id));
  letters.pop_back();  // the last is foretold, not read
  plot::Heatmap pair{.row_title = "query", .column_title = "key", .value_title = "weight"};
  pair.title = "Which of the two does more?";
  for (const Head& head : {looks, does}) {
    pair.panels.push_back({head.name, visible_weights(tape, head.place).whole(), letters, letters});
  }
  lesson.draw("heads", pair);
  lesson.step("orders", Numbers::trained);
  const std::vector<double> missed = of_each(heads, &Head::missed);
  const double by_picture = same_order(of_each(heads, &Head::selective), missed);
  const double by_gradient = same_order(of_each(heads, &Head::foretold), missed);
  lesson.table({{"in the order of what is missed", {"selective", "foretold"}},
                {"agreement", {by_picture, by_gradient}, 2}});

  lesson.step("sink", Numbers::trained);
  const Head sink = most(heads, &Head::first)[0];
  const std::int64_t h = sink.place.head;
  const Tensor v = tape[sink.place.scope + "hook_v"].value().slice(1, h, h + 1);  // [1, 1, T, D]
  const auto T = static_cast<double>(v.size(2));
  double equal = 0;  // place t sees t + 1 characters
  for (int t = 0; t < T; ++t) equal += 1 / (t + 1.0) / T;
  const double of_first = length(v.slice(2, 0, 1)), of_all = length(v) / std::sqrt(T);
  lesson.print("{} to the first character: {:.2f}; equal shares: {:.2f}", sink.name, sink.first,
               equal);
  lesson.print("length of its value: {:.2f}; on average: {:.2f}", of_first, of_all);

  lesson.claim("The head that is missed most is not one that looks selective.",
               does.selective < 0.1 && looks.missed < 0.1 * does.missed);
  lesson.claim("The gradient foretells better than the picture does what is missed.",
               by_gradient > 0.4 && std::abs(by_picture) < 0.4);
  lesson.claim("The gradient hardly sees the head that is missed most.",
               does.foretold < 0.1 * does.missed);
  lesson.claim("A sink passes on less than its weight promises.",
               sink.first > 2 * equal && of_first < 0.75 * of_all);
}

}  // namespace clearhead::lessons
