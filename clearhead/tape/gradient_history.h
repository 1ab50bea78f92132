// How the gradients on a tape came about, for explain.cc. Not for use outside this folder.
#ifndef CLEARHEAD_TAPE_GRADIENT_HISTORY_H_
#define CLEARHEAD_TAPE_GRADIENT_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/tape/explain.h"

namespace clearhead {

/// If the number belongs to a nameless move (such as a reshape), the number that was moved; else
/// itself.
Operand seen_through(Operand from);

class GradientHistory {
 public:
  /// The formula of the gradient of `var`, e.g. "z_grad·vᵀ": a sum over all its uses.
  static std::string formula(const Var& var);
  /// How the number at `index` of it came about.
  static Calculation calculation(const Var& var, const Index& index);

 private:
  // One use of a value: as operand `place` of the operation whose result is `result`.
  struct Use {
    Var result;
    std::size_t place;
  };
  static std::vector<Use> uses(const Var& var);
  static const GradientRecord* record_of(const Use& use);
  static bool is_nameless_move(const Var& var);
  static Operand seen_ahead(Operand number);
  static std::string name_seen_ahead(const Var& var);
};

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_GRADIENT_HISTORY_H_
