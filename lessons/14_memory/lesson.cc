// Lesson 14: the memory of n². Attention by hand keeps a score for every pair of words; fused, it
// goes over the keys tile by tile with an online softmax and keeps none. Here is how.
#include "lessons/lesson.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "clearhead/ops/attention.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::lessons {
namespace {

using Three = std::array<Var, 3>;

// T random words as queries, keys and values of 16 numbers each: [B, H, T, D].
Three words(Tape tape, double T, DType dtype = DType::f32) {
  const auto input = [&](const char* name, std::uint64_t seed) {
    const Shape shape = {1, 1, static_cast<std::int64_t>(T), 16};
    return tape.input(name, random_normal(shape, seed).to(dtype));
  };
  return {input("q", 1), input("k", 2), input("v", 3)};
}

Var attend(const Three& x, AttentionWay way) {
  return scaled_dot_product_attention(x[0], x[1], x[2], {.way = way});
}

// The numbers that the tape keeps of T words for the way back, besides q, k and v.
double kept(double T, AttentionWay way) {
  Tape tape(Keep::for_backward);
  const Var z = attend(words(tape, T), way);
  double count = way == AttentionWay::fused ? 2 * T : 0;  // max and sum of each row
  for (const Var& var : tape.vars()) {
    if (var.kind() != "input") count += static_cast<double>(element_count(var.shape()));
  }
  return count;
}

double time_of(double T, AttentionWay way) {
  const Three x = words(Tape(Keep::nothing), T);
  return milliseconds([&] { attend(x, way); });
}

}  // namespace

void memory(Lesson& lesson) {
  const std::int64_t tile = lesson.knob("tile", 2, 1, 8, "keys that are looked at together");

  lesson.step("online");
  // One query, eight keys with a score and a value each.
  const std::vector<double> scores = {1, 3, 0, 2, 5, 4, -1, 2}, values = {4, 8, 6, 2, 1, 3, 7, 5};
  double max = -INFINITY, sum = 0, z = 0;
  lesson.print("keys    largest score  factor on what was    sum  result so far");
  for (std::int64_t begin = 0; begin < 8; begin += tile) {
    const std::int64_t end = std::min<std::int64_t>(begin + tile, 8);
    const double new_max = std::max(max, *std::max_element(&scores[begin], &scores[end]));
    const double factor = std::exp(max - new_max);  // makes what was summed fit the new maximum
    sum *= factor;
    z *= factor;
    for (std::int64_t i = begin; i < end; ++i) {
      sum += std::exp(scores[i] - new_max);
      z += std::exp(scores[i] - new_max) * values[i];
    }
    max = new_max;
    lesson.print("{} to {} {:14} {:19.3f} {:6.3f} {:14.4f}", begin + 1, end, max, factor, sum,
                 z / sum);
  }
  Tape tape;
  const Var weights = softmax(tape.input("scores", Tensor::of<double>({1, 8}, scores)));
  const Var whole = matmul(weights, tape.input("values", Tensor::of<double>({8, 1}, values)));
  lesson.print("all at once, as in lesson 1: {:.4f}", whole.value().item());

  lesson.step("agree");
  const Three x = words(Tape(Keep::nothing), 200, DType::f64);
  const Tensor hand = attend(x, AttentionWay::by_hand).value();
  const bool agree = largest_difference(hand, attend(x, AttentionWay::fused).value()) < 1e-12;
  lesson.print("by hand and fused, 200 words: {} numbers agree to 1e-12: {}", hand.count(), agree);

  const std::vector<double> lengths = {64, 256, 1024};
  const auto each = [&](double (*measure)(double T, AttentionWay way), AttentionWay way) {
    return of_each(lengths, [&](double T) { return measure(T, way); });
  };
  lesson.step("memory");
  const auto hand_kept = each(kept, AttentionWay::by_hand);
  const auto fused_kept = each(kept, AttentionWay::fused);
  lesson.table(
      {{"words", lengths, 0}, {"kept by hand", hand_kept, 0}, {"kept fused", fused_kept, 0}});
  plot::LinePlot plot{.title = "Numbers that attention keeps",
                      .curves = {{"by hand", lengths, hand_kept}, {"fused", lengths, fused_kept}},
                      .x_title = "words",
                      .y_title = "numbers",
                      .x_scale = plot::Scale::log,
                      .y_scale = plot::Scale::log};
  lesson.draw("memory", plot);

  lesson.step("time", Numbers::measured);
  const auto hand_time = each(time_of, AttentionWay::by_hand);
  const auto fused_time = each(time_of, AttentionWay::fused);
  lesson.table(
      {{"words", lengths, 0}, {"by hand, ms", hand_time, 2}, {"fused, ms", fused_time, 2}});
  plot.title = "How long attention takes";
  plot.curves = {{"by hand", lengths, hand_time}, {"fused", lengths, fused_time}};
  plot.y_title = "milliseconds";
  lesson.draw("time", plot);

  lesson.claim("Tile by tile gives the same result as all at once.",
               std::abs(z / sum - whole.value().item()) < 1e-12 && agree);
  lesson.claim("Four times the words: by hand keeps sixteen times as much, fused four times.",
               hand_kept[2] > 14 * hand_kept[1] && fused_kept[2] == 4 * fused_kept[1]);
}

}  // namespace clearhead::lessons
