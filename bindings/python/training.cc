// Training by a recipe, with a function of Python that hears of each step.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/train/trainer.h"

namespace clearhead::python {

namespace nb = nanobind;
namespace {

using namespace nb::literals;

// Tells Python of the steps. What Python raises, Ctrl-C among it, stops the run, and is kept until
// that has written its checkpoint.
class Listener {
 public:
  Listener(TrainingRun& run, const nb::callable& on_step) : run_(run), on_step_(on_step) {}

  void step(const StepReport& report) {
    last_ = report;
    if (!run_.is_evaluated(report.step)) tell(nullptr);
  }
  void evaluation(const Evaluation& evaluation) { tell(&evaluation); }

  /// To be called when the run has ended.
  void raise() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  void tell(const Evaluation* evaluation) {
    check_interrupt();  // if Python has ended, there is nobody to tell
    const nb::gil_scoped_acquire lock;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      const nb::object validation =
          evaluation == nullptr ? nb::object(nb::none()) : nb::cast(evaluation->validation);
      on_step_(last_.step, run_.steps(), last_.loss, last_.learning_rate, last_.gradient_norm,
               last_.tokens, validation);
    } catch (const nb::python_error&) {
      raised_ = std::current_exception();
      run_.stop();
    }
  }

  TrainingRun& run_;
  const nb::callable& on_step_;
  StepReport last_;
  std::exception_ptr raised_;
};

std::string run(Trainer& trainer, const nb::callable& on_step) {
  TrainingRun& training = trainer.training();
  Listener listener(training, on_step);
  Ending ending;
  {
    const LongCall call(LongCall::CtrlC::is_left);
    ending = training.run([&](const StepReport& report) { listener.step(report); },
                          [&](const Evaluation& evaluation) { listener.evaluation(evaluation); });
  }
  listener.raise();
  return ending == Ending::finished ? "finished" : "out of patience";
}

std::unique_ptr<Trainer> begin(const Recipe& recipe, const std::filesystem::path& data,
                               const std::filesystem::path& out) {
  const LongCall call;
  return std::make_unique<Trainer>(recipe, data, out);
}

}  // namespace

void add_training(nb::module_& m) {
  nb::class_<Recipe>(m, "Recipe", "See ``clearhead.train``.");
  m.def("read_recipe", read_recipe, "path"_a, "The recipe in a file.");
  m.def("parse_recipe", parse_recipe, "json"_a, "name"_a, "The recipe in a text.");
  m.def("usual_run_folder", usual_run_folder, "recipe"_a, "Where a recipe's run is written.");
  nb::class_<Trainer>(m, "Trainer", "See ``clearhead.train``.")
      .def(nb::new_(&begin), "recipe"_a, "data"_a, "out"_a)
      .def("run", run, "on_step"_a, "To its end, which it names.")
      .def_prop_ro(
          "step", [](Trainer& trainer) { return trainer.training().step(); },
          "Steps that are done.")
      .def_prop_ro(
          "evaluations",
          [](Trainer& trainer) {
            std::vector<std::tuple<std::int64_t, double, double, double>> all;
            for (const Evaluation& e : trainer.training().evaluations()) {
              all.emplace_back(e.step, e.learning_rate, e.loss, e.validation);
            }
            return all;
          },
          "So far: step, learning rate, loss and validation loss.");
}

}  // namespace clearhead::python
