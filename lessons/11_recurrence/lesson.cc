// Lesson 11: what recurrence forgets. An RNN, an LSTM and a transformer of equal size learn to say
// a word that was told before a paragraph: what they recall, how far their gradients reach, and how
// long they take for a text.
#include "lessons/lesson.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "clearhead/models/equal_networks.h"
#include "clearhead/models/family.h"
#include "clearhead/train/recall.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t kNear = 4;  // words between, for a paragraph that is none

// Milliseconds to read one sequence of `length` tokens.
double time_to_read(const NamedNetwork& network, std::int64_t length) {
  const auto made = make_model(network.config, /*seed=*/11);
  const auto& model = dynamic_cast<const LanguageModel&>(*made);
  Tape tape(Keep::nothing);
  const Var tokens = tape.input("tokens", Tensor({1, length}, DType::i64));
  return milliseconds([&] { model.forward(tokens, Pass{}); });
}

}  // namespace

void recurrence(Lesson& lesson) {
  const std::int64_t steps = lesson.knob("steps", 300, 1, 100000, "steps of training, at most");
  const std::int64_t far = lesson.knob("far", 80, kNear + 1, 1000, "words of the paragraph");

  lesson.step("recalled", Numbers::measured);
  std::vector<NamedNetwork> networks = equal_networks(5000, kRecallVocabulary, 2048);
  std::erase_if(networks, [](const NamedNetwork& network) { return network.name == "GRU"; });
  std::vector<std::string> names;
  std::vector<double> near_right, far_right, before, after;
  plot::LinePlot curves{.title = "How far back the gradient reaches after training",
                        .x_title = "words before the question",
                        .y_title = "length of the gradient",
                        .y_scale = plot::Scale::log};
  for (const NamedNetwork& network : networks) {
    names.push_back(network.name);
    const auto recall = [&](std::int64_t distance) {
      const RecallConfig config{.distance = distance, .steps = steps, .seed = 11};
      return train_to_recall(network.config, config, [](std::int64_t, double) {}).value();
    };
    near_right.push_back(100 * recall(kNear).score.accuracy);
    const RecallResult result = recall(far);
    far_right.push_back(100 * result.score.accuracy);
    before.push_back(result.reach_before.back());
    after.push_back(result.reach_after.back());
    std::vector<double> places(result.reach_after.size());
    std::iota(places.begin(), places.end(), 0);
    curves.curves.push_back({network.name, places, result.reach_after});
  }

  lesson.table(
      {{"network", names},
       {"weights", of_each(networks, [](auto& n) { return parameter_count(n.config); }), 0},
       {fmt::format("right after {} words, %", kNear), near_right, 0},
       {fmt::format("after {}, %", far), far_right, 0}});

  lesson.step("reach", Numbers::measured);
  lesson.print("gradient {} words back, if it is 1 at the question", far);
  lesson.table({{"network", names},
                {"before training", before, "{:.0e}"},
                {"after training", after, "{:.0e}"}});
  lesson.draw("reach", curves);

  lesson.step("time", Numbers::measured);
  const std::vector<double> lengths = {64, 128, 256, 512, 1024};
  std::vector<Column> times = {{"words", lengths, 0}};
  for (const NamedNetwork& network : networks) {
    const auto time = [&](double length) {
      return time_to_read(network, static_cast<std::int64_t>(length));
    };
    times.emplace_back(network.name + ", ms", of_each(lengths, time), 2);
  }
  lesson.table(times);

  const auto of = [&names](const std::vector<double>& values, const char* name) {
    return values[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                           names.begin())];
  };
  lesson.claim("All three recall a word that was told just before.",
               *std::min_element(near_right.begin(), near_right.end()) > 95);
  lesson.claim(
      "After a paragraph only the transformer of these three knows it.",
      of(far_right, "transformer") > 95 && of(far_right, "RNN") < 50 && of(far_right, "LSTM") < 50);
  lesson.claim(
      "Where a word is recalled, its gradient reaches back; where not, next to none does.",
      of(after, "transformer") > 0.1 && of(after, "RNN") < 1e-3 && of(after, "LSTM") < 1e-3);
}

}  // namespace clearhead::lessons
