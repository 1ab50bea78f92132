// The table of all operations: what the tests of gradients, explanations, memory, threads and
// errors go through.
#ifndef CLEARHEAD_TESTS_OPS_OPERATIONS_H_
#define CLEARHEAD_TESTS_OPS_OPERATIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/testing.h"

namespace clearhead {

using Vars = std::vector<Var>;

/// A call that must be refused.
struct WrongCall {
  std::vector<Shape> shapes;
  std::vector<std::string> says;  ///< parts of the message
  Function call = {};             ///< default: that of the operation
};

/// Which of two types are refused, with advice to cast().
enum class Types {
  one_float,  ///< all operands are f32 or all f64
  any,        ///< others are taken, or refused in a way of the operation's own
};

struct Operation {
  std::string_view header = {};  ///< in clearhead/ops/
  std::string_view name = {};    ///< the function, and what sets this call of it apart
  Function call = {};            ///< its operands are those that take gradients
  /// Shapes of operands, small enough to move each number: sizes of 1 and 0, missing axes, operands
  /// that broadcast, whatever the operation treats apart.
  std::vector<std::vector<Shape>> small = {};
  /// More than one thread takes; empty where another row of the header has it.
  std::vector<Shape> large = {};
  /// For each operand the places of the operands for whose gradients it is held in
  /// Keep::for_backward, and for no other: a product a·b has {"1", "0"}.
  std::vector<std::string_view> held_for = {};
  std::string_view formula = {};  ///< with operands called a, b, c …; not looked at if empty
  std::vector<WrongCall> wrong = {};
  Types types = Types::one_float;
};

const std::vector<Operation>& operations();

/// One random operand of each shape. No number is within 0.01 of 0, where ReLU has a kink.
std::vector<Tensor> random_operands(const std::vector<Shape>& shapes, DType dtype = DType::f64);

/// The operands on a tape, called a, b, c …
Vars on_tape(Tape& tape, const std::vector<Tensor>& operands);

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_OPS_OPERATIONS_H_
