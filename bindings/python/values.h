// What a calculation recorded, as Python sees it: values under their names, and where each number
// of them came from.
#ifndef CLEARHEAD_BINDINGS_PYTHON_VALUES_H_
#define CLEARHEAD_BINDINGS_PYTHON_VALUES_H_

#include <nanobind/nanobind.h>

#include <utility>

#include "bindings/python/arrays.h"
#include "clearhead/tape/tape.h"

namespace clearhead::python {

/// A value on a tape, which behaves as an array that is read-only. If it is a computed view, []
/// calculates only what it asks for.
struct Value {
  Var var;                            ///< the value
  ArrayKind kind = ArrayKind::numpy;  ///< whose array it becomes
  /// Axes are in the order of TransformerLens, as those of all that a model calculated are.
  bool is_of_model = false;
  bool has_gradient = false;  ///< gradients were asked for
};

/// A value that a model calculated.
inline Value value_of_model(Var var) { return {.var = std::move(var), .is_of_model = true}; }

/// Its sizes, in its order of axes.
Shape seen_shape(const Value& value);
/// All of its numbers as an array, which is read-only.
nb::object whole(const Value& value);
/// Lets the class do what arrays can.
void add_operators(nb::class_<Value>& value);

/// All values that have a name, by their names, in the order of the calculation.
nb::typed<nb::dict, nb::str, Value> values_of(const Tape& tape, ArrayKind kind, bool has_gradient);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_VALUES_H_
