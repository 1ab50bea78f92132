// Measures how long networks take for a sequence, by its length and the number of threads.
#include "bench/sequence_time.h"

#include <memory>

#include "clearhead/base/interrupt.h"
#include "clearhead/base/memory.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/progress.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/cross_entropy.h"

namespace clearhead::bench {
namespace {

Tensor random_tokens(std::int64_t length, std::int64_t vocabulary, Random& random) {
  Tensor tokens = Tensor::empty({1, length}, DType::i64);
  for (std::int64_t t = 0; t < length; ++t) {
    tokens.mutable_data<std::int64_t>()[t] = random.below(vocabulary);
  }
  return tokens;
}

double seconds_of(const std::function<void()>& work) {
  const double begin = seconds_now();
  work();
  return seconds_now() - begin;
}

// What is measured of one network, length and number of threads.
struct Case {
  SequenceTime what;
  const LanguageModel* model;
  Tensor tokens, targets;  // [1, length]
  std::vector<double> forward = {}, training = {};

  void measure() {
    set_thread_count(what.threads);
    forward.push_back(seconds_of([this] {
      Tape tape(Keep::nothing);
      model->forward(tape.input("tokens", tokens, false), {});
    }));
    training.push_back(seconds_of([this] {
      Tape tape(Keep::for_backward);
      const Var logits =
          model->forward(tape.input("tokens", tokens, false), {.training = true});  // [1, T, V]
      tape.backward(cross_entropy(logits, tape.input("targets", targets, false)).loss);
    }));
  }
};

}  // namespace

std::vector<SequenceTime> measure_sequence_times(
    const std::vector<NamedNetwork>& networks, const SequenceTimeOptions& options,
    const std::function<void(std::int64_t done, const SequenceTime& next)>& on_progress) {
  std::vector<std::unique_ptr<Model>> models;
  std::vector<Case> cases;
  Random random(options.seed);
  for (const NamedNetwork& network : networks) {
    models.push_back(make_model(network.config, options.seed));
    const auto* model = dynamic_cast<const LanguageModel*>(models.back().get());
    for (const std::int64_t length : options.lengths) {
      const Tensor tokens = random_tokens(length, model->vocabulary(), random);
      const Tensor targets = random_tokens(length, model->vocabulary(), random);
      for (const int threads : options.threads) {
        cases.push_back({{.network = network.name,
                          .parameters = model->parameters().count(),
                          .length = length,
                          .threads = threads},
                         model,
                         tokens,
                         targets});
      }
    }
  }

  const ReuseMemory reuse;
  const int threads_before = thread_count();
  std::int64_t done = 0;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    for (Case& c : cases) {
      if (interrupted()) break;
      on_progress(done++, c.what);
      c.measure();
    }
  }
  set_thread_count(threads_before);

  std::vector<SequenceTime> times;
  const std::size_t rounds = cases.back().training.size();  // that are whole
  if (rounds == 0) return times;
  for (Case& c : cases) {
    c.forward.resize(rounds);
    c.training.resize(rounds);
    c.what.forward = summarise(c.forward);
    c.what.training = summarise(c.training);
    times.push_back(c.what);
  }
  return times;
}

}  // namespace clearhead::bench
