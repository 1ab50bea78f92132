// Lesson 18: training a small GPT. It reads Shakespeare's plays, character by character: the loss
// falls, what it writes gets better, and heads form.
#include "lessons/lesson.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clearhead/base/memory.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/models/family.h"
#include "clearhead/models/generate.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/schedule.h"
#include "clearhead/train/tasks.h"
#include "clearhead/train/trainer.h"

namespace clearhead::lessons {
namespace {

constexpr std::int64_t kContext = 64;  // characters that it sees at once

// The attention to the character before, of the head that gives it most, on a line it has not seen.
double previous_head(const LanguageModel& model, const std::vector<std::int64_t>& ids) {
  Tape tape;
  const auto T = static_cast<std::int64_t>(ids.size());
  model.forward(tape.input("tokens", Tensor::of<std::int64_t>({1, T}, ids)), Pass{});
  double most = 0;
  for (const MeasuredHead& head : measure_heads(tape, attention_stacks(tape)[0], true)) {
    most = std::max(most, head.measures.previous);
  }
  return most;
}

}  // namespace

void training(Lesson& lesson) {
  const std::int64_t steps = lesson.knob("steps", 800, 8, 1000000, "steps of training");
  const std::int64_t layers = lesson.knob("layers", 2, 1, 24, "blocks");
  const std::int64_t width = lesson.knob("width", 32, 4, 256, "numbers of each of the four heads");

  lesson.step("data");
  const std::string text = read_text(lesson.model("shakespeare") / "input.txt.gz");
  const Tokenizer tokenizer = learn_characters(text);
  const std::vector<std::int64_t> ids = tokenizer.encode(text);
  const auto held_out = ids.begin() + std::ssize(ids) * 9 / 10;  // from here on, never trained on
  const TransformerConfig config{.vocabulary = tokenizer.size(),
                                 .context = kContext,
                                 .layers = layers,
                                 .heads = 4,
                                 .channels = 4 * width,
                                 .init_std = 0.05};
  const std::unique_ptr<Model> made = make_model({.network = config}, /*seed=*/18);
  const auto& model = dynamic_cast<const LanguageModel&>(*made);
  const auto task = text_task({ids.begin(), held_out}, {held_out, held_out + 4096}, kContext,
                              tokenizer.size(), {.steps = steps, .batch = 16});
  const double guessing = std::log(static_cast<double>(tokenizer.size()));
  lesson.print("{} characters to learn from, {} of them different", held_out - ids.begin(),
               tokenizer.size());
  lesson.print("{} weights; who guesses has a loss of {:.2f}", made->parameters().count(),
               guessing);

  const ReuseMemory reuse;
  Optimizer optimizer(made->parameters(), {});
  const ScheduleConfig schedule{
      .learning_rate = 3e-3, .min_learning_rate = 3e-4, .warmup_steps = 20};
  std::vector<double> at, losses, heads;
  std::vector<std::string> samples;
  const LossOfBatch loss = loss_of(*task, model);
  for (std::int64_t step = 0; step <= steps; ++step) {
    if (step % (steps / 8) == 0) {
      at.push_back(static_cast<double>(step));
      losses.push_back(task->validate(model, Precision::medium));
      heads.push_back(previous_head(model, {held_out, held_out + kContext}));
      samples.push_back(tokenizer.decode(
          generate(model, tokenizer.encode("\n"),
                   {.tokens = 100, .sampling = {.temperature = 0.8}, .seed = 18})));
    }
    ParameterGradients gradients;
    add_gradients(loss, model.parameters(), step,
                  {.precision = Precision::medium, .training = true}, 0, gradients);
    optimizer.step(gradients, learning_rate_at(schedule, step, steps));
  }

  lesson.step("loss", Numbers::trained);
  lesson.table({{"step", at, 0}, {"loss on text never seen", losses, 3}});
  lesson.draw("loss", plot::LinePlot{.title = "What is learnt",
                                     .curves = {{"loss", at, losses}},
                                     .x_title = "step",
                                     .y_title = "loss"});

  lesson.step("samples", Numbers::sampled);
  for (const std::size_t i : {0U, 1U, 2U, 8U}) {
    lesson.print("--- after {} steps", at[i]);
    lesson.print("{}", samples[i]);
  }

  lesson.step("heads", Numbers::measured);
  lesson.table({{"step", at, 0}, {"to the character before", heads, 2}});

  lesson.claim("Before it has learnt, the model is hardly worse than a guess.",
               std::abs(losses.front() - guessing) < 0.4);
  lesson.claim("It learns what holds for texts it has not seen.", losses.back() < 2);
  lesson.claim("A head forms that looks at the character before.",
               heads.front() < 0.2 && heads.back() > 0.4);
}

}  // namespace clearhead::lessons
