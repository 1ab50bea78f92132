// Lesson 19: writing a text. A model says how likely each token is to come next; how one of them is
// chosen makes the difference between a parrot and a drunkard. And why it need not read all again.
#include "lessons/lesson.h"

#include <string>
#include <utility>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/model_file.h"
#include "clearhead/plot/label.h"

namespace clearhead::lessons {
namespace {

using Ids = std::vector<std::int64_t>;

// Logits [V] of what comes after `ids`; with a state they continue what it has read.
Tensor logits_after(const LanguageModel& model, const Ids& ids, DecodingState* state = nullptr) {
  Tape tape(Keep::nothing);
  const auto T = static_cast<std::int64_t>(ids.size());
  const Var tokens = tape.input("tokens", Tensor::of<std::int64_t>({1, T}, ids));
  return model.forward(tokens, Pass{}, state).value().slice(1, T - 1, T).reshape({-1});
}

}  // namespace

void writing(Lesson& lesson) {
  const std::string prompt = lesson.text_knob("prompt", "ROMEO:\nI ", "what the text begins with");
  const std::int64_t length = lesson.knob("tokens", 120, 1, 200, "characters to write");
  const SavedModel saved = open_model(lesson.model("shakespeare"));
  const auto& model = as<LanguageModel>(saved);
  const Tokenizer& tokenizer = *saved.tokenizer;
  const Ids ids = tokenizer.encode(prompt);

  const Tensor logits = logits_after(model, ids);
  lesson.step("next");
  std::vector<std::string> next;
  for (const LikelyToken& likely : likely_tokens(logits, {.top_k = 8})) {
    next.push_back(plot::visible_label(tokenizer.token(likely.token)));
  }
  std::vector<Column> table = {{"next", next}};
  std::vector<double> highest;  // probability at each temperature
  for (const double temperature : {0.5, 1.0, 2.0}) {
    const auto likely = likely_tokens(logits, {.temperature = temperature, .top_k = 8});
    table.emplace_back(fmt::format("temperature {}", temperature),
                       of_each(likely, &LikelyToken::probability), 3);
    highest.push_back(likely[0].probability);
  }
  lesson.table(table);

  lesson.step("sure");
  std::vector<std::string> beginnings;
  std::vector<double> counts;
  for (const std::string& text : {std::string("ROME"), prompt}) {
    beginnings.push_back(plot::visible_label(text));
    const Tensor after = logits_after(model, tokenizer.encode(text));
    counts.push_back(static_cast<double>(likely_tokens(after, {.top_p = 0.9}).size()));
  }
  lesson.table({{"after", beginnings}, {"tokens that have 0.9 of the probability", counts, 0}});

  lesson.step("texts", Numbers::sampled);
  std::vector<Ids> written;
  for (const auto& [how, sampling] : std::vector<std::pair<std::string, Sampling>>{
           {"temperature 0: greedy", {.temperature = 0}},
           {"temperature 0.5", {.temperature = 0.5}},
           {"temperature 1", {}},
           {"temperature 2", {.temperature = 2}},
           {"temperature 1, top-k 5", {.top_k = 5}},
           {"temperature 1, top-p 0.9", {.top_p = 0.9}}}) {
    written.push_back(generate(model, ids, {.tokens = length, .sampling = sampling, .seed = 19}));
    lesson.print("--- {}", how);
    lesson.print("{}{}", prompt, tokenizer.decode(written.back()));
  }

  lesson.step("beam");
  const SavedModel french = open_model(lesson.model("en-fr"));
  const std::vector<Ids> source = {
      french.tokenizer->encode("Workers are cleaning up after a storm.")};
  std::vector<double> scores;
  for (const std::int64_t beam : {1, 5}) {
    const Translation found = translate(as<TranslationModel>(french), source,
                                        {.start = french.tokenizer->special(kStartToken),
                                         .end = french.tokenizer->special(kEndToken),
                                         .beam = beam,
                                         .length_penalty = 0})[0][0];
    scores.push_back(found.score);
    lesson.print("beam {}, log probability {:.3f}: {}", beam, found.score,
                 french.tokenizer->decode(found.tokens));
  }

  lesson.step("cache");
  DecodingState state;
  Ids text = ids;
  std::size_t read_again = 0;
  Tensor with_cache = logits_after(model, text, &state);
  for (const std::int64_t id : written[0]) {
    text.push_back(id);
    read_again += text.size();
    with_cache = logits_after(model, {id}, &state);
  }
  const bool agree = largest_difference(with_cache, logits_after(model, text)) < 1e-3;
  lesson.print("tokens read, everything again: {}; with the cache: {}", read_again, text.size());
  lesson.print("the last logits agree to 0.001: {}", agree);

  lesson.claim("A low temperature sharpens, a high one flattens.",
               highest[0] > highest[1] && highest[1] > highest[2]);
  lesson.claim("Top-p keeps one token where the model is sure, and many where it is not.",
               counts[0] == 1 && counts[1] > 5);
  lesson.claim("Beam search finds a likelier whole, by a less likely beginning.",
               scores[1] > scores[0]);
  lesson.claim("The cache changes no logit, and spares reading all again.",
               agree && 10 * text.size() < read_again);
}

}  // namespace clearhead::lessons
