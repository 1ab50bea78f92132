// The experiment `clearhead lab knobs`: what the sizes of a GPT cost, and what they bring.
#include "apps/cli/lab/knobs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <utility>

#include "apps/cli/lab/knobs_results.h"
#include "apps/console/find_model.h"
#include "apps/console/machine_text.h"
#include "apps/console/output.h"
#include "clearhead/base/error.h"
#include "clearhead/base/hash.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/memory.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/peak_memory.h"
#include "clearhead/base/progress.h"
#include "clearhead/models/work.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/attention_time.h"
#include "clearhead/train/training_loop.h"

namespace clearhead::cli {
namespace {

using Runs = std::vector<KnobsRun>;

constexpr std::ptrdiff_t kMostValidation = 16384;  // tokens of the end of the text

struct Text {
  Sequence train, validation;
  std::int64_t vocabulary, hash;
};

Text read(const LabOptions& o) {
  const std::filesystem::path file =
      o.data.empty()
          ? console::find_model("shakespeare", console::model_folders("")) / "input.txt.gz"
          : std::filesystem::path(o.data);
  const std::string text = read_text(file);
  const Tokenizer tokenizer = learn_characters(text);
  const TextParts parts = split_text(text);
  Text read{tokenizer.encode(parts.train), tokenizer.encode(parts.validation), tokenizer.size(),
            static_cast<std::int64_t>(hash_of(text) >> 11)};
  read.validation.resize(
      static_cast<std::size_t>(std::min(std::ssize(read.validation), kMostValidation)));
  return read;
}

ModelConfig config_of(const KnobsSizes& sizes, const Text& text) {
  TransformerConfig config = kKnobsBase;
  config.vocabulary = text.vocabulary;
  config.context = sizes.context;
  config.layers = sizes.layers;
  config.heads = sizes.heads;
  config.channels = sizes.channels;
  return {.network = config};
}

TrainingConfig training_of(const KnobsSizes& sizes) {
  return {.steps = sizes.steps,
          .batch = sizes.sequences(),
          .schedule = {.learning_rate = 2e-3,
                       .min_learning_rate = 2e-4,
                       .warmup_steps = std::min<std::int64_t>(20, sizes.steps / 10)},
          .seed = sizes.seed};
}

TrainingLoop training(const KnobsSizes& sizes, const Text& text) {
  return text_training(config_of(sizes, text), text.train, text.validation, training_of(sizes));
}

// The base first, then what each knob makes of it.
Runs plan(const LabOptions& o, const Text& text) {
  using List = std::vector<std::int64_t>;
  const KnobsSizes base{.channels = kKnobsBase.channels,
                        .heads = kKnobsBase.heads,
                        .layers = kKnobsBase.layers,
                        .context = kKnobsBase.context,
                        .seed = o.seed,
                        .threads = thread_count(),
                        .text = text.hash};
  std::vector<KnobsSizes> all{base};
  const auto turn = [&](std::int64_t KnobsSizes::*knob, const List& values) {
    for (const std::int64_t value : values) {
      if (value == base.*knob) continue;
      all.push_back(base);
      all.back().*knob = value;
    }
  };
  turn(&KnobsSizes::channels, o.dims.value_or(List{16, 32, 64, 128, 256}));
  turn(&KnobsSizes::heads, o.heads.value_or(List{1, 2, 4, 8, 16}));
  turn(&KnobsSizes::layers, o.layers.value_or(List{1, 2, 4, 8}));
  turn(&KnobsSizes::context, o.lengths.value_or(List{32, 64, 128, 256, 512, 1024, 2048}));

  Runs runs;
  double all_work = 0;  // of each training
  for (KnobsSizes& sizes : all) {
    const ModelConfig config = config_of(sizes, text);
    const auto& network = std::get<TransformerConfig>(config.network);
    sizes.parameters = parameter_count(config);
    const double work =
        static_cast<double>(sizes.sequences()) * work_of_training(network, sizes.context).total();
    sizes.work = std::llround(work);
    if (runs.empty()) all_work = work * static_cast<double>(o.steps.value_or(600));
    sizes.steps = std::max<std::int64_t>(1, std::llround(all_work / work));
    runs.push_back({.sizes = sizes});
  }
  return runs;
}

// What was found earlier becomes part of `runs`. A file of an experiment with other options or
// another text has other runs.
void take_over(Runs& runs, std::int64_t rounds, const std::string& file) {
  for (KnobsRun& run : runs) {
    run.step_seconds.assign(static_cast<std::size_t>(rounds), kNotYet);
    run.attention_seconds = run.step_seconds;
  }
  if (file.empty()) return;
  const Runs earlier = read_knobs_runs(file);
  if (earlier.empty()) return;
  const bool is_same = std::equal(
      runs.begin(), runs.end(), earlier.begin(), earlier.end(), [&](const auto& a, const auto& b) {
        return a.sizes == b.sizes && a.step_seconds.size() == b.step_seconds.size();
      });
  if (!is_same) {
    const bool is_same_text = earlier.front().sizes.text == runs.front().sizes.text;
    throw Error(file + " has results of " + (is_same_text ? "other options" : "another text") +
                "; take another file, or remove it to begin anew");
  }
  runs = earlier;
}

// Without what is not measured: the rounds that are whole.
Runs whole_rounds(Runs runs) {
  std::size_t whole = runs.front().step_seconds.size();
  const auto is_done = [](double seconds) { return !std::isnan(seconds); };
  for (const KnobsRun& run : runs) {
    const auto& seconds = run.attention_seconds;  // the last of a round
    const auto done = std::count_if(seconds.begin(), seconds.end(), is_done);
    whole = std::min(whole, static_cast<std::size_t>(done));
  }
  for (KnobsRun& run : runs) {
    run.step_seconds.resize(whole);
    run.attention_seconds.resize(whole);
  }
  return runs;
}

// The experiment, and how far it is.
class Knobs {
 public:
  Knobs(const LabOptions& o, const Text& text, Runs runs)
      : o_(o), text_(text), runs_(std::move(runs)) {}

  // Until all is done, or until `interrupted()`.
  void run() {
    std::int64_t total = 0;
    for (const KnobsRun& run : runs_) {
      total += rounds_left(run) * run.sizes.work;
      if (std::isnan(run.loss)) total += run.sizes.steps * run.sizes.work;
    }
    Progress progress(std::cerr, total / kUnit, detect_progress(STDERR_FILENO));
    progress_ = &progress;
    measure_times();
    for (KnobsRun& run : runs_) {
      if (std::isnan(run.loss) && !interrupted()) train(run);
    }
  }

  const Runs& runs() const { return runs_; }
  bool is_whole() const {
    return std::all_of(runs_.begin(), runs_.end(),
                       [](const KnobsRun& run) { return !std::isnan(run.loss); });
  }

 private:
  static constexpr std::int64_t kUnit = 1'000'000'000;

  static std::int64_t rounds_left(const KnobsRun& run) {
    return std::count_if(run.attention_seconds.begin(), run.attention_seconds.end(),
                         [](double seconds) { return std::isnan(seconds); });
  }

  void did(const KnobsRun& run, const std::string& what) {
    done_ += run.sizes.work;
    const KnobsSizes& s = run.sizes;
    progress_->update(done_ / kUnit,
                      fmt::format("billion multiply-adds  {} channels, {} heads, {} layers, {} "
                                  "tokens: {} ",
                                  s.channels, s.heads, s.layers, s.context, what));
  }

  void save() const {
    if (!o_.csv.empty()) write_knobs_runs(o_.csv, runs_);
  }

  // All take turns, so that other work on the machine disturbs all alike.
  void measure_times() {
    const std::int64_t left = rounds_left(runs_.back());
    if (left == 0) return;
    std::vector<TrainingLoop> trainings;
    for (KnobsRun& run : runs_) {
      const PeakMemory peak;
      trainings.push_back(training(run.sizes, text_));
      trainings.back().step();
      run.bytes = static_cast<double>(peak.bytes());
    }
    const ReuseMemory reuse;
    for (std::size_t round = runs_.back().step_seconds.size() - static_cast<std::size_t>(left);
         round < runs_.back().step_seconds.size(); ++round) {
      for (std::size_t i = 0; i < runs_.size(); ++i) {
        if (interrupted()) return;
        KnobsRun& run = runs_[i];
        const KnobsSizes& s = run.sizes;
        const double begin = seconds_now();
        trainings[i].step();
        run.step_seconds[round] = seconds_now() - begin;
        run.attention_seconds[round] =
            static_cast<double>(s.layers) *
            attention_seconds({s.sequences(), s.heads, s.context, s.channels / s.heads});
        did(run, fmt::format("round {}", round + 1));
      }
      save();
    }
  }

  void train(KnobsRun& run) {
    const ReuseMemory reuse;
    TrainingLoop loop = training(run.sizes, text_);
    for (std::int64_t step = 1; step <= run.sizes.steps; ++step) {
      if (interrupted()) return;
      const double loss = loop.step().loss;
      did(run, fmt::format("step {}, loss {:.3f}", step, loss));
    }
    run.loss = loop.validate();
    save();
  }

  const LabOptions& o_;
  const Text& text_;
  Runs runs_;
  Progress* progress_ = nullptr;
  std::int64_t done_ = 0;
};

std::string files_text(const LabOptions& o, const Runs& runs) {
  std::string text;
  for (const std::filesystem::path path : o.out) {
    for (const auto& [suffix, plot] : knobs_plots(runs)) {
      const auto file = suffix.empty() ? path : beside(path, suffix);
      plot::write_figure(plot, file);
      text += console::wrote(file.string());
    }
  }
  return o.csv.empty() ? text : text + console::wrote(o.csv);
}

}  // namespace

void run_lab_knobs(const LabOptions& o) {
  const Text text = read(o);
  Runs planned = plan(o, text);
  take_over(planned, o.rounds.value_or(21), o.csv);
  const InterruptWatch interrupt;
  Knobs knobs(o, text, std::move(planned));
  knobs.run();
  const Runs runs = whole_rounds(knobs.runs());
  if (runs.front().step_seconds.empty()) {
    throw Error("lab knobs: stopped before the first round was done");
  }
  const std::string files = files_text(o, runs);
  std::string said = console::machine_text(bench::describe_machine()) + "\n" +
                     plot::render_terminal(knobs_plots(runs).front().second,
                                           plot::detect_terminal(STDOUT_FILENO)) +
                     "\n" + knobs_tables(runs) + files;
  if (!knobs.is_whole()) {
    said += fmt::format("stopped before all was done{}\n",
                        o.csv.empty() ? "; with --csv it could go on from there"
                                      : "; the same command goes on from there");
  }
  console::write_output(said);
}

}  // namespace clearhead::cli
