// A run for each place, or one gradient for all.
#include "clearhead/lens/sweep.h"

#include <algorithm>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/base/pattern.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

constexpr const char* kWords[] = {"heads", "tokens", "values"};

// The axis of a value along which its places lie. Between layers a value is [B, T, C].
std::size_t axis_of(const std::string& name, const Var& value, SweepBy by) {
  const AttentionStep* const step = find_attention_step(name);
  if (step == nullptr || step->axes.size() != value.shape().size()) {
    if (by == SweepBy::token && value.rank() == 3) return 1;
  } else {
    for (std::size_t axis = 0; axis < step->axes.size(); ++axis) {
      const StepAxis counts = step->axes[axis];
      const bool is_token =
          counts == StepAxis::token || counts == StepAxis::query || counts == StepAxis::key;
      const bool is_head = counts == StepAxis::head || counts == StepAxis::kv_head;
      if (by == SweepBy::token ? is_token : is_head) return axis;
    }
  }
  throw Error("sweep: " + name + " " + to_string(value.shape()) + " has no " +
              kWords[static_cast<int>(by)] +
              " to go through; sweep by token, or by value, which is as a whole");
}

bool is_hook(const std::string& name) {
  return name.substr(name.rfind('.') + 1).starts_with("hook_");
}

// The numbers at one place.
Tensor part_of(Tensor x, const Selection& selection) {
  for (std::size_t axis = 0; axis < selection.size(); ++axis) {
    if (!selection[axis]) continue;
    x = x.slice(static_cast<std::int64_t>(axis), *selection[axis], *selection[axis] + 1);
  }
  return x.to(DType::f64).contiguous();
}

// The value on the tape of another run, which must be as that of this one.
Tensor value_on(const Tape& other, const std::string& name, const Var& own) {
  const Tensor value = other[name].value();
  if (value.shape() == own.shape()) return value;
  throw Error("patching: " + name + " is " + to_string(own.shape()) + " here and " +
              to_string(value.shape()) + " in the other run; texts need as many tokens");
}

// The metric with each place changed, less the metric as it is.
Tensor effects(const Reading& reading, const Sweep& sweep, const LogitMetric& metric,
               const std::function<Change(const std::string& name, const Selection&)>& change,
               const SweepProgress& progress) {
  const std::int64_t rows = std::ssize(sweep.names);
  Tensor result({rows, sweep.places}, DType::f64);
  LogitMetric in_row = metric;
  in_row.place = 0;
  const auto run = [&](const Tape& tape) {
    return in_row.of(reading.run_at(metric.place, tape).value());
  };
  const double before = run(reading.changed_tape(Keep::nothing));
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const std::string& name = sweep.names[at];
    for (std::int64_t place = 0; place < sweep.places; ++place) {
      Tape tape = reading.changed_tape(Keep::nothing);
      tape.intervene(name, change(name, sweep.selection(at, place)));
      result.mutable_data<double>()[row * sweep.places + place] = run(tape) - before;
      if (progress) progress(row * sweep.places + place + 1, rows * sweep.places);
    }
  }
  return result;
}

}  // namespace

Selection Sweep::selection(std::size_t name, std::int64_t i) const {
  if (!axes[name]) return {};
  Selection selection(*axes[name]);
  selection.emplace_back(i);
  return selection;
}

Sweep sweep_of(const Tape& tape, std::string_view pattern, SweepBy by) {
  Sweep sweep;
  for (const std::string& name : tape.names()) {
    if (!is_hook(name) || !matches_pattern(pattern, name)) continue;
    const Var value = tape[name];
    if (!is_floating(value.dtype())) continue;
    const std::optional<std::size_t> axis =
        by == SweepBy::value ? std::nullopt : std::optional(axis_of(name, value, by));
    const std::int64_t places = axis ? value.shape()[*axis] : 1;
    if (!sweep.names.empty() && places != sweep.places) {
      throw Error("sweep: " + sweep.names[0] + " has " + std::to_string(sweep.places) + " " +
                  kWords[static_cast<int>(by)] + ", and " + name + " " + std::to_string(places) +
                  "; sweep them one after the other");
    }
    sweep.places = places;
    sweep.names.push_back(name);
    sweep.axes.push_back(axis);
  }
  if (sweep.names.empty()) {
    std::vector<std::string> hooks = tape.names();
    std::erase_if(hooks, [](const std::string& name) { return !is_hook(name); });
    throw Error("sweep: no hook_… is called " + std::string(pattern) + those_like(pattern, hooks));
  }
  return sweep;
}

Tensor ablation_effects(const Reading& reading, const Sweep& sweep, const LogitMetric& metric,
                        const SweepProgress& progress) {
  return effects(
      reading, sweep, metric,
      [](const std::string&, const Selection& place) { return set_to(0, place); }, progress);
}

Tensor patching_effects(const Reading& reading, const Tape& other, const Sweep& sweep,
                        const LogitMetric& metric, const SweepProgress& progress) {
  return effects(
      reading, sweep, metric,
      [&](const std::string& name, const Selection& place) {
        return patch(value_on(other, name, reading.tape[name]), place);
      },
      progress);
}

Tensor attribution_effects(const Reading& reading, const Tape& other, const Sweep& sweep,
                           const LogitMetric& metric) {
  metric.backward(reading.logits);
  Tensor result({std::ssize(sweep.names), sweep.places}, DType::f64);
  double* effect = result.mutable_data<double>();
  for (std::size_t at = 0; at < sweep.names.size(); ++at) {
    const std::string& name = sweep.names[at];
    const Var value = reading.tape[name];
    const Tensor here = value.value(), there = value_on(other, name, value), slope = value.grad();
    for (std::int64_t i = 0; i < sweep.places; ++i, ++effect) {
      const Selection place = sweep.selection(at, i);
      const Tensor a = part_of(here, place), b = part_of(there, place), g = part_of(slope, place);
      for (std::int64_t k = 0; k < a.count(); ++k) {
        *effect += (b.data<double>()[k] - a.data<double>()[k]) * g.data<double>()[k];
      }
    }
  }
  return result;
}

}  // namespace clearhead
