// Interventions: values that are changed on their way, by the names that they are given.
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/pattern.h"
#include "clearhead/tape/changing.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/recording_internal.h"

namespace clearhead {
namespace {

// gradient += d, both contiguous.
void add(Tensor& gradient, const Tensor& d) {
  const auto add_numbers = [&](auto* to, const auto* from) {
    for (std::int64_t i = 0; i < d.count(); ++i) to[i] += from[i];
  };
  if (d.dtype() == DType::f64) {
    add_numbers(gradient.mutable_data<double>(), d.data<double>());
  } else {
    add_numbers(gradient.mutable_data<float>(), d.data<float>());
  }
}

// y is what a value was changed to: operand 0. Operand 1 is what it was.
void describe_change(Record& op) {
  op.formula = "{0}";
  op.moves = true;
  op.backward = [](const Tensor& d_y, Gradients& gradients) {
    if (!gradients.wanted(0) || gradients.take(0, d_y)) return;
    add(gradients.of(0), d_y.contiguous());
  };
  op.explain = [](const Var& y, const Index& index) {
    const Operand from = operand(y.input(0), index);
    return Calculation{{from}, format_number(from.value), from.value};
  };
  op.gradients = {{"{y}_grad", [](const Var& y, const Index& index) {
                     const Operand from = gradient_operand(y, index);
                     return Calculation{{from}, format_number(from.value), from.value};
                   }}};
}

}  // namespace

void Tape::intervene(std::string_view pattern, Change change) {
  recording_->interventions.push_back({std::string(pattern), std::move(change)});
}

std::vector<std::string> Tape::unmatched() const {
  std::vector<std::string> patterns;
  for (const auto& intervention : recording_->interventions) {
    if (!intervention.has_matched) patterns.push_back(intervention.pattern);
  }
  return patterns;
}

const std::string* Recording::intervention_for(const std::string& path) const {
  if (!changing.empty()) return nullptr;
  for (const Intervention& intervention : interventions) {
    if (matches_pattern(intervention.pattern, path)) return &intervention.pattern;
  }
  return nullptr;
}

std::string Tape::intervention_on(std::initializer_list<std::string_view> names) const {
  if (recording_->interventions.empty()) return "";
  for (const std::string_view name : names) {
    const std::string* pattern =
        recording_->intervention_for(recording_->scope + std::string(name));
    if (pattern != nullptr) return *pattern;
  }
  return "";
}

bool Tape::looks_into(std::initializer_list<std::string_view> names) const {
  return keep() == Keep::everything || !intervention_on(names).empty();
}

Var Tape::changed(const Var& var, const std::string& path) {
  if (recording_->intervention_for(path) == nullptr) return var;
  Var now = var;
  recording_->changing = path;
  const struct Done {
    std::string& changing;
    ~Done() { changing.clear(); }
  } done{recording_->changing};
  auto& interventions = recording_->interventions;
  for (std::size_t i = 0; i < interventions.size(); ++i) {
    if (!matches_pattern(interventions[i].pattern, path)) continue;
    interventions[i].has_matched = true;
    const Var next = Change(interventions[i].change)(now);  // a copy: it may intervene itself
    const std::string what = "intervention on " + interventions[i].pattern;
    if (!next.defined()) throw Error(what + ": it gave no value for " + path);
    require_here(what, next);
    if (next.shape() != var.shape() || next.dtype() != var.dtype()) {
      throw Error(what + ": expected for " + path + " a value " + to_string(var.shape()) + " of " +
                  std::string(dtype_name(var.dtype())) + ", got " + to_string(next.shape()) +
                  " of " + std::string(dtype_name(next.dtype())));
    }
    now = next;
  }
  if (now.id_ >= 0 && now.id_ == var.id_) return var;
  if (var.id_ >= 0) recording_->give_name(var.id_, path + "_before");
  return record("intervention", {now, var}, now.value(), describe_change);
}

const std::string& name_being_changed(const Var& value) { return Recording::of(value).changing; }

Var Var::before() const { return kind() == "intervention" ? input(1) : Var(); }

void Var::shown_as(std::string_view name) const {
  if (!defined()) return;
  const std::string path = recording_->scope + std::string(name);
  if (const std::string* pattern = recording_->intervention_for(path)) {
    throw Error("intervention on " + *pattern + ": " + path +
                " is only shown: nothing is calculated from it, so that a change would have no "
                "effect; change what it was calculated from, or what follows from that");
  }
  if (id_ >= 0) recording_->give_name(id_, path);
}

}  // namespace clearhead
