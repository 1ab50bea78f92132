// Lesson 6: several heads. What one head cannot do, trained here: to report two words at once, with
// one head and with two. Then what the heads of a trained model have learnt.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/train/optimizer.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t B = 32, T = 8, N = 8;  // sentences in a batch, words, numbers of a word

// Words [B, T, N], at each place the one so far back; the sentence is a ring.
Var back(const Var& words, std::int64_t places) {
  return concat(slice(words, 1, T - places, T), slice(words, 1, 0, T - places), 1);
}

// Random words, each with its place beside its numbers, are read. At each place, the word before
// and the one before that are to be reported. The mean square of what is missed is 1 if nothing is
// known of the words.
Var error_of(const MultiHeadAttention& attention, Tape tape, std::uint64_t batch) {
  Tensor place({T, T}, DType::f64);  // 1 where row and column meet
  for (std::int64_t t = 0; t < T; ++t) place.mutable_data<double>()[t * T + t] = 1;
  const Var words = tape.input("words", random_normal({B, T, N}, batch), false);
  const Var places = tape.input("places", place.broadcast_to({B, T, T}), false);
  const Var x = concat(words, places, 2);                        // [B, T, N + T]
  const Var wanted = concat(back(words, 1), back(words, 2), 2);  // [B, T, 2·N]
  const Var missed = add(attention.forward(x, x, Pass{}), scale(wanted, -1));
  return mean(multiply(missed, missed));
}

struct Trained {
  std::vector<double> steps, errors;
  Tensor pattern;  // [H, T, T] of one sentence
};

Trained train(std::int64_t heads, std::int64_t steps) {
  Parameters parameters({.seed = 6}, DType::f64);
  const MultiHeadAttention attention(parameters, {.embed_dim = N + T, .num_heads = heads});
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
    ParameterGradients gradients = gradients_on(tape, parameters);
    optimizer.step(gradients, 0.01);
  }
  Tape tape;
  error_of(attention, tape, 0);
  trained.pattern = tape["hook_pattern"].value().slice(0, 0, 1).reshape({heads, T, T});
  return trained;
}

}  // namespace

void heads(Lesson& lesson) {
  const std::int64_t steps = lesson.knob("steps", 600, 50, 100000, "steps of training");
  const std::string text = lesson.text_knob("text", "To be, or not to be", "what is read");

  const Reading reading = read_with_model(lesson.model("shakespeare"), text);
  lesson.step("training", Numbers::trained);
  const Trained one = train(1, steps), two = train(2, steps);
  lesson.table({{"step", one.steps, 0}, {"one head", one.errors, 3}, {"two heads", two.errors, 3}});

  lesson.step("learnt", Numbers::trained);
  plot::Heatmap patterns{.row_title = "query", .column_title = "key", .value_title = "weight"};
  plot::Heatmap first_layer = patterns;
  patterns.title = "What they look at";
  for (const auto& [name, of, head] :
       {std::tuple("the only head", one, 0), {"first of two", two, 0}, {"second of two", two, 1}}) {
    const Tensor weights = of.pattern.slice(0, head, head + 1).reshape({T, T});
    patterns.panels.push_back({name, weights});
    lesson.print("{}: the 5th word looks at the 4th with {:.2f}, at the 3rd with {:.2f}", name,
                 weights.at({4, 3}), weights.at({4, 2}));
  }
  lesson.draw("patterns", patterns);

  lesson.step("trained");
  first_layer.title = "Six heads of one layer";
  first_layer.panel_columns = 3;
  std::vector<std::string> names;
  std::vector<double> previous, entropy;
  const AttentionStack stack = attention_stacks(reading.tape)[0];
  for (const MeasuredHead& head : measure_heads(reading.tape, stack, true, /*layer=*/0)) {
    names.push_back(fmt::format("head {}", head.place.head));
    previous.push_back(head.measures.previous);
    entropy.push_back(head.measures.entropy);
    first_layer.panels.push_back({names.back(), visible_weights(reading.tape, head.place).whole(),
                                  reading.text.names, reading.text.names});
  }
  lesson.table({{"layer 0", names}, {"to the one before", previous, 2}, {"entropy", entropy, 2}});
  lesson.draw("layer", first_layer);

  lesson.claim("One head cannot report two words, two heads can.",
               one.errors.back() > 0.3 && two.errors.back() < 0.01);
  lesson.claim("Heads divide the work by themselves.",
               std::abs(two.pattern.at({0, 4, 3}) - two.pattern.at({1, 4, 3})) > 0.5);
  lesson.claim("In a trained model, heads of one layer look at different things.",
               std::ranges::max(previous) > 0.9 && std::ranges::min(previous) < 0.2);
}

}  // namespace clearhead::lessons
