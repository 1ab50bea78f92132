// Lesson 5: the mask. A score of minus infinity hides a key. An encoder hides nothing, a decoder
// all that comes later; both read the same sentence, by hand and as trained models.
#include "lessons/lesson.h"

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::lessons {
namespace {

const std::vector<std::string> kWords = {"the", "bank", "and", "the", "river"};

// Attention with the queries, keys and values of lesson 3, [B, H, T, D].
Tape attend(const AttentionOptions& options) {
  Tape tape;
  const auto input = [&](const char* name, std::initializer_list<double> numbers) {
    return tape.input(name, Tensor::of<double>({1, 1, 5, 2}, numbers));
  };
  attention(input("q", {0, 2, 2, 0, 0, 0, 0, 2, 0, 0}), input("k", {0, 0, 0, 1, 0, 0, 0, 0, 2, 1}),
            input("v", {0, 0, 1, 1, 0, 0, 0, 0, 2, 0}), options);
  return tape;
}

// One of its steps, [T, S], of a tape that has one head.
Tensor step(const Tape& tape, const char* name) {
  const Tensor all = tape[name].value();
  return all.reshape({all.size(-2), all.size(-1)});
}

// The weights of the most selective head of a model that has read a text.
plot::Panel selective_head(const std::string& title, const Reading& reading) {
  const AttentionStack stack = attention_stacks(reading.tape).front();
  const MeasuredHead head = most_selective_head(reading.tape, stack, /*same_tokens=*/true);
  return {.title = title,
          .values = visible_weights(reading.tape, head.place).whole(),
          .row_labels = reading.text.names,
          .column_labels = reading.text.names};
}

}  // namespace

void mask(Lesson& lesson) {
  const std::int64_t window = lesson.knob("window", -1, -1, 4, "words back that are seen; -1: all");
  const std::string instead = lesson.text_knob("instead", "jumping", "what replaces \"running\"");

  const Tape encoder = attend({}),
             decoder = attend({.is_causal = true, .left_window_size = window});
  lesson.step("scores");
  lesson.matrix("score", step(encoder, "hook_attn_scores"), kWords, kWords, 2);
  lesson.step("mask");
  lesson.matrix("mask", step(decoder, "hook_mask"), kWords, kWords, 0);
  lesson.step("weights");
  const Tensor weights = step(decoder, "hook_pattern");
  lesson.matrix("weight", weights, kWords, kWords, 3);
  lesson.step("result");
  const Tensor by_encoder = step(encoder, "hook_z"), by_decoder = step(decoder, "hook_z");
  lesson.matrix("encoder", by_encoder, kWords, {"water", "money"}, 3);
  lesson.matrix("decoder", by_decoder, kWords, {"water", "money"}, 3);

  lesson.step("wrong");
  Tape tape;
  const Var score = tape.input("score", step(encoder, "hook_attn_scores").slice(0, 1, 2));
  const Var seen = tape.input("seen", Tensor::of<double>({1, 5}, {1, 1, 0, 0, 0}));
  const std::vector<double> as_zero = numbers(softmax(multiply(score, seen)).value());
  lesson.table({{"\"bank\" sees", kWords},
                {"score -inf", numbers(weights.slice(0, 1, 2)), 3},
                {"score 0", as_zero, 3},
                {"weight 0", numbers(multiply(softmax(score), seen).value()), 3}});

  plot::Heatmap heads{.title = "An encoder and a decoder read a sentence",
                      .row_title = "who looks",
                      .column_title = "at whom",
                      .value_title = "weight"};
  // How far the probabilities at each place move when the last word becomes another.
  const auto replace_last = [&](const char* family, const char* name, const std::string& begin,
                                const std::string& end) {
    const auto folder = lesson.model(name);
    const Reading before = read_with_model(folder, begin + "a dog is running" + end);
    const Reading after = read_with_model(folder, begin + "a dog is " + instead + end);
    std::vector<std::string> tokens = before.text.names;
    tokens.resize(std::min(tokens.size(), after.text.names.size()));  // places that both have
    std::vector<double> moved;
    for (std::int64_t t = 0; t < std::ssize(tokens); ++t) {
      const auto at = [t](const Reading& reading) {
        return reading.probabilities.value().slice(1, t, t + 1);
      };
      moved.push_back(largest_difference(at(before), at(after)));
    }
    lesson.table({{"token", tokens}, {"moved by", moved, "{:.1e}"}});
    heads.panels.push_back(selective_head(family, before));
    return moved;
  };
  lesson.step("encoder", Numbers::trained);
  const std::vector<double> in_encoder = replace_last("encoder", "captions", "<s>", "</s>");
  lesson.step("decoder", Numbers::trained);
  const std::vector<double> in_decoder = replace_last("decoder", "shakespeare", "", "");
  lesson.draw("heads", heads);

  lesson.claim("A hidden word has a weight of exactly 0.", weights.at({1, 4}) == 0);
  lesson.claim("A score of 0 hides nothing.", as_zero[4] > 0.1);
  lesson.claim("The last word sees the same in both.",
               largest_difference(by_encoder.slice(0, 4, 5), by_decoder.slice(0, 4, 5)) < 1e-12);
  lesson.claim("In a decoder no word knows what comes after it.",
               in_decoder[8] == 0 && in_encoder[1] > 0);
}

}  // namespace clearhead::lessons
