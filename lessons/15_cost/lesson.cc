// Lesson 15: what it costs. The work of a GPT is counted, its time is measured, and what networks
// of other sizes learn from the same work is compared.
#include "lessons/lesson.h"

#include <cmath>
#include <string>
#include <vector>

#include "clearhead/base/memory.h"
#include "clearhead/models/work.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/attention_time.h"
#include "clearhead/train/power_law.h"
#include "clearhead/train/training_loop.h"

namespace clearhead::lessons {
namespace {

using Config = TransformerConfig;

// The same network with one knob turned.
Config with(Config config, std::int64_t Config::*knob, std::int64_t value) {
  config.*knob = value;
  return config;
}

}  // namespace

void cost(Lesson& lesson) {
  const auto width = lesson.knob("width", 16, 1, 64, "numbers of each of the four heads");
  const auto steps = lesson.knob("steps", 120, 10, 100000, "training steps of the base");
  const std::string text = read_text(lesson.model("shakespeare") / "input.txt.gz");
  const Tokenizer tokenizer = learn_characters(text);
  const Sequence ids = tokenizer.encode(text);
  const Sequence unseen(ids.begin(), ids.begin() + 4096), seen(ids.begin() + 4096, ids.end());

  lesson.step("knobs");
  Config base{.vocabulary = tokenizer.size(), .context = 64, .layers = 2, .heads = 4};
  base.channels = 4 * width;
  const std::vector<std::string> names = {"the base", "half as wide", "twice as wide", "one head",
                                          "four layers"};
  const std::vector<Config> configs = {
      base, with(base, &Config::channels, 2 * width), with(base, &Config::channels, 8 * width),
      with(base, &Config::heads, 1), with(base, &Config::layers, 4)};
  const auto weights = of_each(configs, [](auto& c) { return parameter_count({.network = c}); });
  const auto per_token = [&](double Work::*part) {
    return of_each(configs, [&](auto& config) { return work_of_training(config, 64).*part / 64; });
  };
  const auto maps = per_token(&Work::maps), pairs = per_token(&Work::pairs);
  lesson.table({{"", names}, {"weights", weights, 0}, {"maps", maps, 0}, {"pairs", pairs, 0}});
  lesson.step("length");
  const std::vector<double> lengths = {64, 256, 1024, 4096, 16384};
  const auto millions = [&](double Work::*part) {
    return of_each(lengths, [&](double T) { return work_of_training(base, T).*part / 1e6; });
  };
  const auto of_maps = millions(&Work::maps), of_pairs = millions(&Work::pairs);
  const auto shares =
      of_each(lengths, [&](double T) { return 100 * work_of_training(base, T).pair_share(); });
  lesson.table({{"tokens", lengths, 0},
                {"maps, M", of_maps, 1},
                {"pairs, M", of_pairs, 1},
                {"pairs, %", shares, 1}});
  const Config gpt3{.vocabulary = 50257, .layers = 96, .heads = 96, .channels = 12288};
  lesson.print("GPT-3, {} channels, 2048 tokens: {:.1f} % for pairs", gpt3.channels,
               100 * work_of_training(gpt3, 2048).pair_share());
  plot::LinePlot plot{.x_title = "tokens", .y_title = "millions"};
  plot.title = "Multiply-adds to train on one sequence";
  plot.curves = {{"maps", lengths, of_maps}, {"pairs", lengths, of_pairs}};
  plot.x_scale = plot.y_scale = plot::Scale::log;
  lesson.draw("length", plot);

  lesson.step("clock", Numbers::measured);
  const ReuseMemory reuse;
  const auto step_time = [&](const Config& config, std::int64_t batch) {
    TrainingLoop loop = text_training({.network = config}, seen, unseen, {.batch = batch});
    return milliseconds([&] { loop.step(); });
  };
  const auto of_knobs =
      of_each(configs, [&](const Config& config) { return step_time(config, 16); });
  lesson.table({{"", names}, {"ms a step", of_knobs, 1}});
  lesson.step("time", Numbers::measured);
  const std::vector<double> timed = {256, 512, 1024, 2048, 4096};
  const auto alone = of_each(timed, [&](double T) {
    const Shape shape{1, base.heads, static_cast<std::int64_t>(T), width};
    return 1000 * least_of_five([&] { return attention_seconds(shape); });
  });
  const auto whole =
      of_each(timed, [&](double T) { return step_time(with(base, &Config::context, T), 1); });
  lesson.table({{"tokens", timed, 0}, {"attention, ms", alone, 2}, {"whole step, ms", whole, 1}});
  for (const auto& [of, times] : {std::pair("attention: ", alone), {"whole step:", whole}}) {
    const auto [factor, p, low, high] = fit_power_law(timed, times);
    lesson.print("exponent of {} {:.2f}, 95 % interval {:.2f} to {:.2f}", of, p, low, high);
  }

  lesson.step("loss", Numbers::trained);
  std::vector<double> done, losses;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    done.push_back(std::round(steps * (maps[0] + pairs[0]) / (maps[i] + pairs[i])));
    const auto all = static_cast<std::int64_t>(done[i]);
    const ScheduleConfig schedule{.learning_rate = 3e-3, .warmup_steps = all / 10};
    TrainingLoop loop = text_training(
        {.network = configs[i]}, seen, unseen,
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
