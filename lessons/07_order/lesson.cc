// Lesson 7: order. Attention does not see in which order words stand. Waves that are added to the
// words, or that turn queries and keys, tell it; what a network can learn depends on which.
#include "lessons/lesson.h"

#include <cmath>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/rotary.h"
#include "clearhead/ops/sinusoid.h"
#include "clearhead/train/evaluate.h"
#include "clearhead/train/tasks.h"
#include "clearhead/train/training_loop.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t kPlaces = 64, C = 16;  // C numbers in a word, a query, a key, a place

// Attention, not trained, reads two sentences of the same words, with or without waves added to
// them. Shows the first number of what it makes of each word; returns by how much "dog" differs.
double read(Lesson& lesson, bool waves) {
  Parameters weights({}, DType::f64);
  const MultiHeadAttention attention(weights, {.embed_dim = C});
  Tape tape;
  const Var ids = tape.input("ids", Tensor::of<std::int64_t>({2, 3}, {0, 1, 2, 2, 1, 0}));
  Var x = embedding(ids, tape.input("words", random_normal({3, C}, 7)));  // [B, T, C]
  if (waves) x = add(x, sinusoid(tape, 0, 3, C, DType::f64));
  const std::vector<double> z = numbers(attention.forward(x, x, {}).tile({0, 0, 0}, {2, 3, 1}));
  lesson.table({{"word", {"dog", "bites", "man"}},
                {"dog bites man", {z[0], z[1], z[2]}, 3},
                {"man bites dog", {z[5], z[4], z[3]}, 3}});
  return std::abs(z[0] - z[5]);
}

// A text of eight tokens: each is the one `back` places before, or, once in four times, any.
Sequence text(std::int64_t back, std::int64_t length, std::uint64_t seed) {
  Random dice(seed);
  Sequence tokens;
  for (std::int64_t t = 0; t < length; ++t) {
    tokens.push_back(t < back || dice.uniform() < 0.25 ? dice.below(8) : *(tokens.end() - back));
  }
  return tokens;
}

// The share of tokens that a decoder foresees in windows of 16, 32 and 64 of such a text, after it
// was trained in windows of 16.
std::vector<double> learn(std::int64_t back, TransformerPositions positions) {
  TransformerConfig config{.vocabulary = 8, .context = 64, .layers = 1, .heads = 2, .channels = 32};
  config.positions = positions;
  config.init_std = 0;
  const TrainingConfig how{.steps = 200, .batch = 32, .schedule = {.learning_rate = 0.01}};
  TrainingLoop loop({.network = config},
                    text_task(text(back, 20000, 1), text(back, 1000, 2), 16, 8, how), how);
  while (loop.step().step < how.steps) continue;
  const auto& model = dynamic_cast<const LanguageModel&>(loop.model());
  return of_each(std::vector{16, 32, 64}, [&](std::int64_t T) {
    return evaluate_text(model, text(back, 4096, 3), T, Precision::highest).accuracy;
  });
}

}  // namespace

void order(Lesson& lesson) {
  const std::int64_t back = lesson.knob("back", 3, 1, 8, "a token is repeated from so far back");

  lesson.step("blind");
  const double blind = read(lesson, false);
  lesson.step("waves");
  Tape tape;
  const Var P = sinusoid(tape, 0, kPlaces, C, DType::f64);  // [T, C]
  lesson.matrix("place", P.tile({0, 0}, {5, 6}), {"0", "1", "2", "3", "4"},
                {"1st: sin", "cos", "2nd: sin", "cos", "3rd: sin", "cos"}, 3);
  plot::Heatmap places{.row_title = "channel", .column_title = "place", .value_title = "number"};
  places.title = "Each place is a column of numbers";
  places.panels = {{.values = P.value().transpose(0, 1)}};
  lesson.draw("places", places);
  lesson.step("told");
  read(lesson, true);
  // Scores of one query and one key, which stand at all places.
  const auto scores = [](const Var& q, const Var& k) {
    return matmul(q, k, {.transpose_b = true}).value().reshape({kPlaces, kPlaces});
  };
  const Shape everywhere = {1, 1, kPlaces, C};  // [B, H, T, D]
  const Var q = tape.input("q", random_normal({1, 1, 1, C}, 1).broadcast_to(everywhere));
  const Var k = tape.input("k", random_normal({1, 1, 1, C}, 2).broadcast_to(everywhere));
  const RotaryAngles angles = rotary_angles(0, kPlaces, C, 10000, DType::f64);
  const Tensor alone = scores(P, P), added = scores(add(q, P), add(k, P));
  const Tensor turned = scores(rotary(q, angles), rotary(k, angles));
  lesson.step("distance");
  lesson.print("place asks place   waves alone   words and waves   words turned");
  for (const auto& at : std::vector<Index>{{5, 3}, {25, 23}, {60, 58}, {60, 50}}) {
    lesson.print("{:5} {:10} {:13.3f} {:17.3f} {:14.3f}", at[0], at[1], alone.at(at), added.at(at),
                 turned.at(at));
  }
  lesson.step("learning", Numbers::trained);
  using enum TransformerPositions;
  const auto by_none = learn(back, none), by_table = learn(back, learned);
  const auto by_waves = learn(back, sinusoidal), by_turning = learn(back, rotary);
  lesson.table({{"window", {16, 32, 64}, 0},
                {"no places", by_none, 3},
                {"learned", by_table, 3},
                {"waves", by_waves, 3},
                {"rotary", by_turning, 3}});

  const auto shift = [](const Tensor& s) { return std::abs(s.at({5, 3}) - s.at({60, 58})); };
  lesson.claim("Attention does not see order.", blind < 1e-9);
  lesson.claim("Waves alone, and words turned, know of nothing but distance.",
               shift(alone) < 1e-9 && shift(turned) < 1e-9 && shift(added) > 0.1);
  lesson.claim("Without places, one block does not find what stands three back.",
               by_none[0] < 0.5 && by_table[0] > 0.6 && by_waves[0] > 0.6 && by_turning[0] > 0.6);
  lesson.claim("A place that training has not met is not known.",
               by_table[1] < 0.55 && by_waves[1] < 0.55 && by_turning[1] > 0.6);
}

}  // namespace clearhead::lessons
