// Lesson 14: the memory of n². Attention by hand keeps a score for every pair of words; fused, it
// goes over the keys tile by tile with an online softmax and keeps none. Here is how.
#include "lessons/lesson.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/base/progress.h"
#include "clearhead/ops/attention.h"

namespace clearhead::lessons {
namespace {

using Three = std::array<Var, 3>;

// T random words as queries, keys and values of 16 numbers each: [B, H, T, D].
Three words(Tape tape, std::int64_t T, DType dtype = DType::f32) {
  const auto input = [&](const char* name, std::uint64_t seed) {
    return tape.input(name, random_normal({1, 1, T, 16}, seed).to(dtype));
  };
  return {input("q", 1), input("k", 2), input("v", 3)};
}

Var attend(const Three& x, AttentionWay way) {
  return scaled_dot_product_attention(x[0], x[1], x[2], {.way = way});
}

// The numbers that the tape keeps of it for the way back, besides q, k and v.
double kept(std::int64_t T, AttentionWay way) {
  Tape tape(Keep::for_backward);
  const Var z = attend(words(tape, T), way);
  double count = way == AttentionWay::fused ? 2 * static_cast<double>(T) : 0;  // max and sum
  for (const Var& var : tape.vars()) {
    if (var.kind() != "input") count += static_cast<double>(element_count(var.shape()));
  }
  return count;
}

double milliseconds(std::int64_t T, AttentionWay way) {
  const Three x = words(Tape(Keep::nothing), T);
  double best = INFINITY;
  for (int round = 0; round < 5; ++round) {
    const double begin = seconds_now();
    attend(x, way);
    best = std::min(best, 1000 * (seconds_now() - begin));
  }
  return best;
}

}  // namespace

void memory(Lesson& lesson) {
  const std::int64_t tile = lesson.knob("tile", 2, 1, 8, "keys that are looked at together");

  lesson.step("online");
  // One query, eight keys with a score and a value each.
  const std::vector<double> scores = {1, 3, 0, 2, 5, 4, -1, 2}, values = {4, 8, 6, 2, 1, 3, 7, 5};
  double max = -INFINITY, sum = 0, z = 0;
  std::vector<std::string> seen;
  std::vector<double> maxima, factors, sums, results;
  for (std::size_t begin = 0; begin < scores.size(); begin += static_cast<std::size_t>(tile)) {
    const std::size_t end = std::min(begin + static_cast<std::size_t>(tile), scores.size());
    const double new_max = std::max(max, *std::max_element(&scores[begin], &scores[end]));
    const double factor =
        std::exp(max - new_max);  // makes what was summed so far fit the new maximum
    sum *= factor;
    z *= factor;
    for (std::size_t i = begin; i < end; ++i) {
      sum += std::exp(scores[i] - new_max);
      z += std::exp(scores[i] - new_max) * values[i];
    }
    max = new_max;
    seen.push_back(fmt::format("{} to {}", begin + 1, end));
    maxima.push_back(max);
    factors.push_back(factor);
    sums.push_back(sum);
    results.push_back(z / sum);
  }
  lesson.table({{"keys", seen},
                {"largest score", maxima, 0},
                {"factor on what was", factors, 3},
                {"sum", sums, 3},
                {"result so far", results, 4}});

  lesson.step("agree");
  const Three x = words(Tape(Keep::nothing), 200, DType::f64);
  const Tensor hand = attend(x, AttentionWay::by_hand).value();
  const Tensor fused = attend(x, AttentionWay::fused).value();
  const bool agree = largest_difference(hand, fused) < 1e-12;
  lesson.print("by hand and fused, 200 words: {} numbers agree to 1e-12: {}", hand.count(), agree);

  lesson.step("memory");
  const std::vector<double> lengths = {64, 256, 1024};
  std::vector<double> by_hand, by_tiles;
  for (const double length : lengths) {
    by_hand.push_back(kept(static_cast<std::int64_t>(length), AttentionWay::by_hand));
    by_tiles.push_back(kept(static_cast<std::int64_t>(length), AttentionWay::fused));
  }
  lesson.table({{"words", lengths, 0}, {"kept by hand", by_hand, 0}, {"kept fused", by_tiles, 0}});
  lesson.draw("memory", plot::LinePlot{
                            .title = "Numbers that attention keeps",
                            .curves = {{"by hand", lengths, by_hand}, {"fused", lengths, by_tiles}},
                            .x_title = "words",
                            .y_title = "numbers",
                            .x_scale = plot::Scale::log,
                            .y_scale = plot::Scale::log});

  lesson.step("time", Numbers::measured);
  std::vector<double> hand_time, fused_time;
  for (const double length : lengths) {
    hand_time.push_back(milliseconds(static_cast<std::int64_t>(length), AttentionWay::by_hand));
    fused_time.push_back(milliseconds(static_cast<std::int64_t>(length), AttentionWay::fused));
  }
  lesson.table(
      {{"words", lengths, 0}, {"by hand, ms", hand_time, 2}, {"fused, ms", fused_time, 2}});

  double all = 0, weighted = 0;  // the softmax as lesson 1 has it, all at once
  for (std::size_t i = 0; i < scores.size(); ++i) {
    all += std::exp(scores[i]);
    weighted += std::exp(scores[i]) * values[i];
  }
  lesson.claim("Tile by tile gives the same result as all at once.",
               std::abs(results.back() - weighted / all) < 1e-12 && agree);
  lesson.claim("Four times the words: by hand keeps sixteen times as much, fused four times.",
               by_hand[2] > 14 * by_hand[1] && by_tiles[2] == 4 * by_tiles[1]);
}

}  // namespace clearhead::lessons
