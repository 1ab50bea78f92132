// Lesson 6: several heads. What one head cannot do, trained here: to report two words at once, with
// one head and with two. Then what the heads of a trained model have learnt.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/models/model_file.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/scale.h"
#include "clearhead/train/optimizer.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t kB = 32, kT = 8, kN = 8;  // sentences in a batch, words, numbers of a word

// Sentences of random words, each with its place beside its numbers: [B, T, N + T]; and what is to
// be reported at each place: the word before, and the one before that, [B, T, 2·N].
std::pair<Tensor, Tensor> make_batch(std::uint64_t number) {
  const Tensor random = random_normal({kB, kT, kN}, number);
  Tensor words({kB, kT, kN + kT}, DType::f64), wanted({kB, kT, 2 * kN}, DType::f64);
  double *word = words.mutable_data<double>(), *to_say = wanted.mutable_data<double>();
  for (std::int64_t i = 0; i < kB * kT; ++i, word += kN + kT, to_say += 2 * kN) {
    const std::int64_t b = i / kT, t = i % kT;
    word[kN + t] = 1;
    for (std::int64_t n = 0; n < kN; ++n) {  // the sentence is a ring
      word[n] = random.at({b, t, n});
      to_say[n] = random.at({b, (t + kT - 1) % kT, n});
      to_say[kN + n] = random.at({b, (t + kT - 2) % kT, n});
    }
  }
  return {words, wanted};
}

// The mean square of what is missed; 1 if nothing is known of the words.
Var error_of(const MultiHeadAttention& attention, Tape tape, std::uint64_t batch) {
  const auto [words, wanted] = make_batch(batch);
  const Var x = tape.input("words", words, false);
  const Var missed =
      add(attention.forward(x, x, Pass{}), scale(tape.input("wanted", wanted, false), -1));
  return mean(multiply(missed, missed));
}

struct Trained {
  std::vector<double> steps, errors;
  Tensor pattern;  // [H, T, T] of one sentence
};

Trained train(std::int64_t heads, std::int64_t steps) {
  Parameters parameters({.seed = 6}, DType::f64);
  const MultiHeadAttention attention(parameters, {.embed_dim = kN + kT, .num_heads = heads});
  Optimizer optimizer(parameters, {.weight_decay = 0});
  Trained trained;
  for (std::int64_t step = 0; step <= steps; ++step) {
    Tape tape(Keep::for_backward);
    const Var error = error_of(attention, tape, static_cast<std::uint64_t>(step));
    if (step % 100 == 0) {
      trained.steps.push_back(static_cast<double>(step));
      trained.errors.push_back(error.value().item());
    }
    tape.backward(error);
    ParameterGradients gradients;
    for (const Parameter& parameter : parameters) {
      gradients[&parameter] = tape.find_shared(parameter.value).grad();
    }
    optimizer.step(gradients, 0.01);
  }
  Tape tape;
  error_of(attention, tape, 0);
  trained.pattern = tape["hook_pattern"].value().slice(0, 0, 1).reshape({heads, kT, kT});
  return trained;
}

}  // namespace

void heads(Lesson& lesson) {
  const std::int64_t steps = lesson.knob("steps", 600, 50, 100000, "steps of training");
  const std::string text = lesson.text_knob("text", "To be, or not to be", "what is read");

  lesson.step("training", Numbers::trained);
  const Trained one = train(1, steps), two = train(2, steps);
  lesson.table({{"step", one.steps, 0}, {"one head", one.errors, 3}, {"two heads", two.errors, 3}});

  lesson.step("learnt", Numbers::trained);
  plot::Heatmap patterns{.title = "What they look at",
                         .row_title = "query",
                         .column_title = "key",
                         .value_title = "weight"};
  for (const auto& [name, head] : {std::pair("the only head", one.pattern.slice(0, 0, 1)),
                                   std::pair("first of two", two.pattern.slice(0, 0, 1)),
                                   std::pair("second of two", two.pattern.slice(0, 1, 2))}) {
    const Tensor weights = head.reshape({kT, kT});
    patterns.panels.push_back({name, weights});
    lesson.print("{}: the 5th word looks at the 4th with {:.2f}, at the 3rd with {:.2f}", name,
                 weights.at({4, 3}), weights.at({4, 2}));
  }
  lesson.draw("patterns", patterns);

  lesson.step("trained");
  SavedModel saved = open_model(lesson.model("shakespeare"));
  const std::vector<std::int64_t> ids = saved.tokenizer->encode(text);
  const Reading reading("shakespeare", std::move(saved), ids, Precision::highest);
  plot::Heatmap first_layer{.title = "Six heads of one layer",
                            .row_title = "query",
                            .column_title = "key",
                            .value_title = "weight",
                            .panel_columns = 3};
  std::vector<std::string> names;
  std::vector<double> previous, entropy;
  const std::string scope = attention_stacks(reading.tape)[0].scopes[0];
  for (std::int64_t h = 0; h < attention_head_count(reading.tape, scope); ++h) {
    names.push_back(fmt::format("head {}", h));
    const Tensor weights = visible_weights(reading.tape, {.scope = scope, .head = h});
    const HeadMeasures measures = measure_head(weights, /*same_tokens=*/true);
    previous.push_back(measures.previous);
    entropy.push_back(measures.entropy);
    first_layer.panels.push_back({names.back(), weights, reading.text.names, reading.text.names});
  }
  lesson.table({{"layer 0", names}, {"to the one before", previous, 2}, {"entropy", entropy, 2}});
  lesson.draw("layer", first_layer);

  lesson.claim("One head cannot report two words, two heads can.",
               one.errors.back() > 0.3 && two.errors.back() < 0.01);
  lesson.claim("Heads divide the work by themselves.",
               std::abs(two.pattern.at({0, 4, 3}) - two.pattern.at({1, 4, 3})) > 0.5);
  lesson.claim("In a trained model, heads of one layer look at different things.",
               *std::max_element(previous.begin(), previous.end()) > 0.9 &&
                   *std::min_element(previous.begin(), previous.end()) < 0.2);
}

}  // namespace clearhead::lessons
