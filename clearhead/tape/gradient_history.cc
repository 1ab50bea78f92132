// The gradient of a value is the sum of what its uses pass back, each as its operation's record
// says.
//
// Formulas skip moves without a name, looking towards the inputs. Formulas of gradients skip them
// too, but look towards the results: if the reshaped result of a matrix product has a name, the
// gradient of the product is called by that name.
#include "clearhead/tape/gradient_history.h"

#include <utility>

#include "clearhead/tape/recording.h"

namespace clearhead {

// The uses through which a gradient came.
std::vector<GradientHistory::Use> GradientHistory::uses(const Var& var) {
  Recording& recording = *var.recording_;
  std::vector<Use> found;
  for (std::int64_t id = var.id_ + 1; id <= recording.backward_from; ++id) {
    const auto& entry = recording.entry(id);
    if (!entry.grad.defined()) continue;
    for (std::size_t place = 0; place < entry.inputs.size(); ++place) {
      const Use use{var.at(id), place};
      const bool says_none = !entry.record.gradients.empty() && record_of(use) == nullptr;
      if (entry.inputs[place] == var.id_ && !says_none) found.push_back(use);
    }
  }
  return found;
}

// Null if the operation does not say, or if no gradient flows to that operand.
const GradientRecord* GradientHistory::record_of(const Use& use) {
  const auto& gradients = use.result.recording_->entry(use.result.id_).record.gradients;
  return use.place < gradients.size() && gradients[use.place].explain ? &gradients[use.place]
                                                                      : nullptr;
}

bool GradientHistory::is_nameless_move(const Var& var) {
  const auto& entry = var.recording_->entry(var.id_);
  return entry.record.moves && !entry.has_given_name;
}

// A number of the gradient of a value without a name whose only use is a move: that of the move's
// result from which it came.
Operand GradientHistory::seen_ahead(Operand number) {
  while (!number.var.recording_->entry(number.var.id_).has_given_name) {
    const std::vector<Use> all = uses(number.var);
    if (all.size() != 1 || !all[0].result.recording_->entry(all[0].result.id_).record.moves) break;
    if (record_of(all[0]) == nullptr) break;
    const Calculation moved = record_of(all[0])->explain(all[0].result, number.index);
    if (moved.operands.size() != 1) break;
    number = moved.operands[0];
  }
  return number;
}

std::string GradientHistory::name_seen_ahead(const Var& var) {
  Var seen = var;
  while (!seen.recording_->entry(seen.id_).has_given_name) {
    const std::vector<Use> all = uses(seen);
    if (all.size() != 1 || !all[0].result.recording_->entry(all[0].result.id_).record.moves) break;
    seen = all[0].result;
  }
  return seen.name();
}

std::string GradientHistory::formula(const Var& var) {
  if (var.id_ == var.recording_->backward_from) return "given to backward";
  std::string text;
  for (const Use& use : uses(var)) {
    const GradientRecord* record = record_of(use);
    const auto& entry = use.result.recording_->entry(use.result.id_);
    text += text.empty() ? "" : " + ";
    if (is_nameless_move(use.result) && record != nullptr) {
      text += formula(use.result);
    } else if (record == nullptr) {
      text += "what " + entry.kind + " passes back";
    } else {
      text += use.result.recording_->filled_in(record->formula, entry, name_seen_ahead(use.result));
    }
  }
  return text.empty() ? "0" : text;
}

Calculation GradientHistory::calculation(const Var& var, const Index& index) {
  const double value = var.grad().at(index);
  if (var.id_ == var.recording_->backward_from) return {{}, "given to backward", value};
  const std::vector<Use> all = uses(var);
  if (all.empty()) return {{}, "0, for nothing depends on it", 0};
  Calculation sum;
  for (const Use& use : all) {
    const GradientRecord* record = record_of(use);
    if (record == nullptr) {
      return {{}, "passed back by " + use.result.kind() + ", which does not say how", value};
    }
    Calculation part = record->explain(use.result, index);
    if (is_nameless_move(use.result) && part.operands.size() == 1) {
      part = calculation(use.result, part.operands[0].index);
    }
    for (Operand& from : part.operands) {
      sum.operands.push_back(from.of_gradient ? seen_ahead(std::move(from))
                                              : seen_through(std::move(from)));
    }
    sum.text +=
        (sum.text.empty() ? "" : " + ") + (all.size() > 1 ? "(" + part.text + ")" : part.text);
    sum.value += part.value;
  }
  return sum;
}

}  // namespace clearhead
