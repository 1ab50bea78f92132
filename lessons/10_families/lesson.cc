// Lesson 10: three families. The same blocks make an encoder, which fills gaps; a decoder, which
// goes on; and an encoder-decoder, which reads one text and writes another. Trained models show it.
#include "lessons/lesson.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"
#include "clearhead/plot/label.h"

namespace clearhead::lessons {
namespace {

// The likeliest tokens for one place of a text.
void print_likely(Lesson& lesson, const Reading& reading, std::int64_t place) {
  const Tensor all = reading.probabilities.value();  // [1, T, V]
  std::vector<std::pair<double, std::int64_t>> likely;
  for (std::int64_t id = 0; id < all.size(2); ++id) likely.push_back({all.at({0, place, id}), id});
  std::partial_sort(likely.begin(), likely.begin() + 4, likely.end(), std::greater<>());
  std::vector<std::string> tokens;
  std::vector<double> probabilities;
  for (int i = 0; i < 4; ++i) {
    tokens.push_back(plot::visible_label(reading.token(likely[i].second)));
    probabilities.push_back(likely[i].first);
  }
  lesson.table({{"likely", tokens}, {"probability", probabilities, 3}});
}

// The share of its attention that a query gives to keys after it; mean over all heads and queries.
double to_the_future(const Reading& reading) {
  double later = 0, all = 0;
  for (const AttentionStack& stack : attention_stacks(reading.tape)) {
    for (const std::string& scope : stack.scopes) {
      const Tensor pattern = reading.tape[scope + "hook_pattern"].value();  // [1, H, T, T]
      for (std::int64_t h = 0; h < pattern.size(1); ++h) {
        for (std::int64_t t = 0; t < pattern.size(2); ++t) {
          for (std::int64_t s = 0; s < pattern.size(3); ++s) {
            all += pattern.at({0, h, t, s});
            if (s > t) later += pattern.at({0, h, t, s});
          }
        }
      }
    }
  }
  return later / all;
}

}  // namespace

void families(Lesson& lesson) {
  const std::string english =
      lesson.text_knob("sentence", "Two dogs run in the snow.", "what is translated into French");

  lesson.step("encoder");
  const Reading encoder =
      read_with_model(lesson.model("captions"), "<s>two dogs<mask> in the snow.</s>");
  const std::vector<std::int64_t>& ids = encoder.text.ids;
  const std::int64_t mask = encoder.saved.tokenizer->special(kMaskToken);
  lesson.print("two dogs <mask> in the snow.");
  print_likely(lesson, encoder, std::find(ids.begin(), ids.end(), mask) - ids.begin());

  lesson.step("decoder");
  const std::string beginning = "To be, or not to b";
  const Reading decoder = read_with_model(lesson.model("shakespeare"), beginning);
  lesson.print("{}", beginning);
  print_likely(lesson, decoder, std::ssize(decoder.text.ids) - 1);

  lesson.step("both");
  const Reading both = read_with_model(lesson.model("en-fr"), english);
  lesson.print("{}", english);
  lesson.print("{}", both.translation);

  lesson.step("sees");
  const double of_encoder = to_the_future(encoder), of_decoder = to_the_future(decoder);
  lesson.table({{"family", {"encoder", "decoder"}},
                {"attention to later tokens", {of_encoder, of_decoder}, 3}});

  lesson.step("cross");
  std::vector<std::string> stacks;
  std::vector<double> layers;
  for (const AttentionStack& stack : attention_stacks(both.tape)) {
    stacks.push_back(stack.name);
    layers.push_back(static_cast<double>(stack.scopes.size()));
  }
  lesson.table({{"attention", stacks}, {"layers", layers, 0}});
  const AttentionStack cross = attention_stacks(both.tape).back();
  const MeasuredHead head = most_selective_head(both.tape, cross, /*same_tokens=*/false);
  const Tensor weights = visible_weights(both.tape, head.place).whole();
  lesson.draw("cross", plot::Heatmap{.title = "What each French token looks at",
                                     .panels = {{.values = weights,
                                                 .row_labels = both.text.names,
                                                 .column_labels = both.source.names}},
                                     .row_title = "written so far",
                                     .column_title = "read",
                                     .value_title = "weight"});

  lesson.claim("An encoder looks both ways, a decoder only back.",
               of_encoder > 0.2 && of_decoder == 0);
  lesson.claim("What is about to write \"chiens\" looks at \"dogs\".",
               std::ssize(both.text.names) > 1 && both.text.names[1] == "deux" &&
                   std::ssize(both.source.names) > 1 && both.source.names[1] == " dogs" &&
                   weights.at({1, 1}) > 0.5);
  lesson.claim("Two families use one stack of blocks, the third uses both, and a bridge.",
               stacks.size() == 3 && attention_stacks(encoder.tape).size() == 1 &&
                   attention_stacks(decoder.tape).size() == 1);
}

}  // namespace clearhead::lessons
