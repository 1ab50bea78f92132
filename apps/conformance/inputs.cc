// The inputs of a case, as operations take them.
#include "apps/conformance/inputs.h"

#include <fmt/format.h>

#include "clearhead/base/error.h"

namespace clearhead::conformance {

Tensor input(const Case& c, std::size_t i) {
  return i < c.inputs.size() ? c.inputs[i].tensor : Tensor();
}

Var on_tape(Tape& tape, const Case& c, std::size_t i) {
  const Tensor tensor = input(c, i);
  return tensor.defined() ? tape.input(c.inputs[i].name, tensor) : Var();
}

void require_inputs(const Case& c, std::size_t least, std::size_t most) {
  if (c.inputs.size() > most) {
    throw Error(
        fmt::format("{} takes {} inputs at most, the case has {}", c.op, most, c.inputs.size()));
  }
  for (std::size_t i = 0; i < least; ++i) {
    if (!input(c, i).defined()) throw Error(fmt::format("{} needs input {}", c.op, i));
  }
}

}  // namespace clearhead::conformance
