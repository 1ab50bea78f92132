// Lesson 15: what it costs. The work of a GPT is counted, its time is measured, and what networks
// of other sizes learn from the same work is compared.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "clearhead/base/memory.h"
#include "clearhead/base/progress.h"
#include "clearhead/models/work.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/attention_time.h"
#include "clearhead/train/power_law.h"
#include "clearhead/train/tasks.h"
#include "clearhead/train/training_loop.h"

namespace clearhead::lessons {
namespace {

using Config = TransformerConfig;

// A network that learns to continue a text, of which it never sees the beginning.
TrainingLoop learner(const std::vector<std::int64_t>& ids, const Config& config,
                     const TrainingConfig& how) {
  return {{.network = config},
          text_task({ids.begin() + 4096, ids.end()}, {ids.begin(), ids.begin() + 4096},
                    config.context, config.vocabulary, how),
          how};
}

}  // namespace

void cost(Lesson& lesson) {
  const auto width = lesson.knob("width", 16, 1, 64, "numbers of each of the four heads");
  const auto steps = lesson.knob("steps", 120, 10, 100000, "training steps of the base");

  lesson.step("knobs");
  const std::string text = read_text(lesson.model("shakespeare") / "input.txt.gz");
  const CharacterTokenizer tokenizer = CharacterTokenizer::learn(text);
  const std::vector<std::int64_t> ids = tokenizer.encode(text);
  Config base{.vocabulary = tokenizer.size(), .context = 64, .layers = 2, .heads = 4};
  base.channels = 4 * width;
  base.init_std = 0.05;
  std::vector<std::string> names;
  std::vector<Config> configs;
  std::vector<double> weights, maps, pairs;  // the work is that for a token
  const auto add = [&](const char* name, std::int64_t Config::*knob, std::int64_t value) {
    names.emplace_back(name);
    Config& config = configs.emplace_back(base);
    config.*knob = value;
    weights.push_back(make_model({.network = config}, std::nullopt)->parameters().count());
    maps.push_back(work_of_training(config, 64).maps / 64);
    pairs.push_back(work_of_training(config, 64).pairs / 64);
  };
  add("the base", &Config::channels, 4 * width);
  add("half as wide", &Config::channels, 2 * width);
  add("twice as wide", &Config::channels, 8 * width);
  add("one head", &Config::heads, 1);
  add("four layers", &Config::layers, 4);
  lesson.table({{"", names}, {"weights", weights, 0}, {"maps", maps, 0}, {"pairs", pairs, 0}});

  lesson.step("length");
  std::vector<double> lengths, of_maps, of_pairs, shares;  // millions, and percent
  for (std::int64_t T = 64; T <= 16384; T *= 4) {
    const Work work = work_of_training(base, T);
    lengths.push_back(T);
    of_maps.push_back(work.maps / 1e6);
    of_pairs.push_back(work.pairs / 1e6);
    shares.push_back(100 * work.pairs / work.total());
  }
  lesson.table({{"tokens", lengths, 0},
                {"maps, M", of_maps, 1},
                {"pairs, M", of_pairs, 1},
                {"pairs, %", shares, 1}});
  const Config gpt3{.vocabulary = 50257, .layers = 96, .heads = 96, .channels = 12288};
  const Work large = work_of_training(gpt3, 2048);
  lesson.print("GPT-3, {} channels, 2048 tokens: {:.1f} % for pairs", gpt3.channels,
               100 * large.pairs / large.total());
  lesson.draw("length",
              plot::LinePlot{.title = "Multiply-adds to train on one sequence",
                             .curves = {{"maps", lengths, of_maps}, {"pairs", lengths, of_pairs}},
                             .x_title = "tokens",
                             .y_title = "millions",
                             .x_scale = plot::Scale::log,
                             .y_scale = plot::Scale::log});

  lesson.step("time", Numbers::measured);
  const ReuseMemory reuse;
  const std::vector<double> timed = {256, 512, 1024, 2048, 4096};
  std::vector<double> alone(timed.size(), INFINITY), whole = alone;  // milliseconds, the best
  std::vector<TrainingLoop> learners;
  for (const double T : timed) {
    Config config = base;
    config.context = static_cast<std::int64_t>(T);
    learners.push_back(learner(ids, config, {.batch = 1}));
  }
  for (int round = 0; round < 8; ++round) {
    for (std::size_t i = 0; i < timed.size(); ++i) {  // they take turns
      const double begin = seconds_now();
      learners[i].step();
      whole[i] = std::min(whole[i], 1000 * (seconds_now() - begin));
      const Shape shape{1, base.heads, static_cast<std::int64_t>(timed[i]), width};
      alone[i] = std::min(alone[i], 1000 * attention_seconds(shape));
    }
  }
  lesson.table({{"tokens", timed, 0}, {"attention, ms", alone, 2}, {"whole step, ms", whole, 1}});
  for (const auto& [what, times] : {std::pair("attention: ", alone), {"whole step:", whole}}) {
    const auto [factor, exponent, low, high] = fit_power_law(timed, times);
    lesson.print("exponent of {} {:.2f}, 95 % interval {:.2f} to {:.2f}", what, exponent, low,
                 high);
  }

  lesson.step("loss", Numbers::trained);
  std::vector<double> done, losses;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    done.push_back(std::round(steps * (maps[0] + pairs[0]) / (maps[i] + pairs[i])));
    const auto all = static_cast<std::int64_t>(done.back());
    const ScheduleConfig schedule{.learning_rate = 3e-3, .warmup_steps = all / 10};
    TrainingLoop loop =
        learner(ids, configs[i],
                {.steps = all, .batch = 16, .schedule = schedule, .precision = Precision::medium});
    while (loop.step().step < all) continue;
    losses.push_back(loop.validate());
  }
  lesson.table({{"", names}, {"weights", weights, 0}, {"steps", done, 0}, {"loss", losses, 3}});

  lesson.claim("Heads cost nothing: not a weight, and not a multiply-add.",
               weights[3] == weights[0] && maps[3] == maps[0] && pairs[3] == pairs[0]);
  lesson.claim("Twice as wide is about four times the maps, and twice the pairs.",
               std::abs(maps[2] / maps[0] - 4) < 0.2 && pairs[2] == 2 * pairs[0]);
  lesson.claim("Four times as long is four times the maps, and nearly sixteen times the pairs.",
               of_maps[1] == 4 * of_maps[0] && of_pairs[1] > 15.7 * of_pairs[0]);
  lesson.claim("From little work, a narrow network learns more than a wide one.",
               losses[1] < losses[0] && losses[0] < losses[2]);
}

}  // namespace clearhead::lessons
