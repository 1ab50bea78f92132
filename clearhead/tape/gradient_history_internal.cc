// The gradient of a value is the sum of what its uses pass back, each as its operation's record
// says.
//
// Formulas skip moves without a name, looking towards the inputs. Formulas of gradients skip them
// too, but look towards the results: if the reshaped result of a matrix product has a name, the
// gradient of the product is called by that name.
#include "clearhead/tape/gradient_history_internal.h"

#include <utility>
#include <vector>

#include "clearhead/tape/recording_internal.h"

namespace clearhead {
namespace {

// One use of a value: as operand `place` of the operation whose result is `result`.
struct Use {
  Var result;
  std::size_t place;
};

bool has_given_name(const Var& var) { return Recording::entry_of(var).has_given_name; }
bool moves(const Var& var) { return Recording::entry_of(var).record.moves; }

// Null if the operation does not say, or if no gradient flows to that operand.
const GradientRecord* record_of(const Use& use) {
  const auto& gradients = Recording::entry_of(use.result).record.gradients;
  return use.place < gradients.size() && gradients[use.place].explain ? &gradients[use.place]
                                                                      : nullptr;
}

// The uses through which a gradient came.
std::vector<Use> uses(const Var& var) {
  Recording& recording = Recording::of(var);
  const std::int64_t used = Recording::id_of(var);
  std::vector<Use> found;
  for (std::int64_t id = used + 1; id <= recording.backward_from; ++id) {
    const auto& entry = recording.entry(id);
    if (!entry.grad.defined()) continue;
    for (std::size_t place = 0; place < entry.inputs.size(); ++place) {
      const Use use{Recording::at(var, id), place};
      const bool says_none = !entry.record.gradients.empty() && record_of(use) == nullptr;
      if (entry.inputs[place] == used && !says_none) found.push_back(use);
    }
  }
  return found;
}

bool is_backward_from(const Var& var) {
  return Recording::id_of(var) == Recording::of(var).backward_from;
}

// A number of the gradient of a value without a name whose only use is a move: that of the move's
// result from which it came.
Operand seen_ahead(Operand number) {
  while (!has_given_name(number.var)) {
    const std::vector<Use> all = uses(number.var);
    if (all.size() != 1 || !moves(all[0].result)) break;
    if (record_of(all[0]) == nullptr) break;
    const Calculation moved = record_of(all[0])->explain(all[0].result, number.index);
    if (moved.operands.size() != 1) break;
    number = moved.operands[0];
  }
  return number;
}

std::string name_seen_ahead(const Var& var) {
  Var seen = var;
  while (!has_given_name(seen)) {
    const std::vector<Use> all = uses(seen);
    if (all.size() != 1 || !moves(all[0].result)) break;
    seen = all[0].result;
  }
  return seen.name();
}

bool is_nameless_move(const Var& var) { return moves(var) && !has_given_name(var); }

}  // namespace

std::string gradient_formula(const Var& var) {
  if (is_backward_from(var)) return "given to backward";
  std::string text;
  for (const Use& use : uses(var)) {
    const GradientRecord* record = record_of(use);
    text += text.empty() ? "" : " + ";
    if (record == nullptr) {
      text += "what " + use.result.kind() + " passes back";
    } else if (is_nameless_move(use.result)) {
      text += gradient_formula(use.result);
    } else {
      text += Recording::of(var).filled_in(record->formula, Recording::entry_of(use.result),
                                           name_seen_ahead(use.result));
    }
  }
  return text.empty() ? "0" : text;
}

Calculation gradient_calculation(const Var& var, const Index& index) {
  const double value = var.grad().at(index);
  if (is_backward_from(var)) return {{}, "given to backward", value};
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
      part = gradient_calculation(use.result, part.operands[0].index);
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
