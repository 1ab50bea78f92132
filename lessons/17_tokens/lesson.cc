// Lesson 17: tokens. Text becomes bytes, and bytes become byte pairs, learnt one merge at a time;
// what a model reads in the end are numbers that do not show their letters.
#include "lessons/lesson.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/plot/label.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t kBytes = 256;  // the tokens before anything is learnt

Tokenizer learn(std::string_view text, std::int64_t merges) {
  return learn_byte_pairs(std::span(&text, 1), {.size = kBytes + merges});
}

// "the| clo|uds": the tokens of a text, and where one ends and the next begins.
std::string divided(const Tokenizer& tokenizer, std::string_view text) {
  std::string parts;
  for (const std::int64_t id : tokenizer.encode(text)) {
    parts += (parts.empty() ? "" : "|") + plot::visible_label(tokenizer.token(id));
  }
  return parts;
}

std::string ids_of(const Tokenizer& tokenizer, std::string_view text) {
  return fmt::format("{}", fmt::join(tokenizer.encode(text), " "));
}

}  // namespace

void tokens(Lesson& lesson) {
  const std::string text =
      lesson.text_knob("text", "low lower lowest slow slower slowest", "the text to learn from");
  const std::int64_t most = lesson.knob("merges", 8, 1, 1000, "merges to learn from it");

  lesson.step("bytes");
  const Tokenizer bytes = learn("", 0);
  const std::vector<std::string> samples = {"low", "café", "雲"};
  std::vector<std::string> of_samples;
  for (const std::string& sample : samples) of_samples.push_back(ids_of(bytes, sample));
  lesson.print("a byte is a number from 0 to {}", kBytes - 1);
  lesson.table({{"text", samples}, {"bytes", of_samples}});

  lesson.step("merges");
  const Tokenizer learnt = learn(text, most);
  std::vector<std::string> steps = {"0"}, made = {""};
  std::vector<std::string> now = {divided(bytes, text)};
  std::vector<double> lengths = {static_cast<double>(bytes.encode(text).size())};
  const std::vector<Merge> merges = learnt.merges();
  for (std::int64_t i = 0; i < std::ssize(merges); ++i) {
    const Merge merge = merges[static_cast<std::size_t>(i)];
    const Tokenizer so_far = learn(text, i + 1);
    steps.push_back(std::to_string(i + 1));
    made.push_back(plot::visible_label(learnt.token(merge.left)) + " + " +
                   plot::visible_label(learnt.token(merge.right)));
    now.push_back(divided(so_far, text));
    lengths.push_back(static_cast<double>(so_far.encode(text).size()));
  }
  lesson.table({{"step", steps}, {"merged", made}, {"tokens", lengths, 0}});
  lesson.print("");
  lesson.print("from {}", now.front());
  lesson.print("to   {}", now.back());

  lesson.step("shakespeare");
  const std::string all = read_text(lesson.model("shakespeare") / "input.txt.gz").substr(0, 200000);
  std::vector<double> vocabulary, characters;
  for (const std::int64_t count : {0, 64, 256, 1024, 2048}) {
    const Tokenizer of_all = learn(all, count);
    vocabulary.push_back(static_cast<double>(of_all.size()));
    characters.push_back(static_cast<double>(all.size()) /
                         static_cast<double>(of_all.encode(all).size()));
  }
  lesson.print("learnt from {} characters", all.size());
  lesson.table({{"vocabulary", vocabulary, 0}, {"characters a token", characters, 2}});
  lesson.draw("vocabulary", plot::LinePlot{.title = "What a larger vocabulary gains",
                                           .curves = {{"Shakespeare", vocabulary, characters}},
                                           .x_title = "tokens in the vocabulary",
                                           .y_title = "characters a token"});
  const Tokenizer of_plays = learn(all, 2048);
  lesson.print("");
  lesson.print("{}", divided(of_plays, "Now is the winter of our discontent"));
  lesson.print("{}", divided(of_plays, "Is the attention of a transformer unbelievable?"));

  lesson.step("spelling");
  const auto trained = read_tokenizer(lesson.model("en-fr") / "tokenizer.json");
  std::vector<std::string> words = {"play", " play", "played", "yalp", "strawberry"};
  std::vector<std::string> parts, ids;
  for (const std::string& word : words) {
    parts.push_back(divided(*trained, word));
    ids.push_back(ids_of(*trained, word));
  }
  for (std::string& word : words) word = plot::visible_label(word);
  lesson.table({{"text", words}, {"its tokens", parts}, {"what the model reads", ids}});

  const std::string anything = "Zoë said: \"☂? 100 %\"\n";
  lesson.claim("Nothing is unknown: every text becomes tokens and back.",
               of_plays.decode(of_plays.encode(anything)) == anything);
  lesson.claim("Each merge makes the text shorter, and the vocabulary larger by one.",
               std::is_sorted(lengths.rbegin(), lengths.rend()) &&
                   learnt.size() == kBytes + std::ssize(merges));
  lesson.claim("What is frequent becomes one token.", of_plays.encode(" the").size() == 1);
  lesson.claim("The tokens of a word do not show its letters.",
               trained->encode(" play").size() == 1 && trained->encode("yalp").size() == 3);
}

}  // namespace clearhead::lessons
