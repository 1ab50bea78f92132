// What a calculation recorded, as Python sees it: values under their names, and where each number
// of them came from.
#ifndef CLEARHEAD_BINDINGS_PYTHON_VALUES_H_
#define CLEARHEAD_BINDINGS_PYTHON_VALUES_H_

#include <nanobind/nanobind.h>

#include "bindings/python/arrays.h"
#include "clearhead/tape/tape.h"

namespace clearhead::python {

/// A value on a tape, which behaves as an array that is read-only. If it is a computed view, only
/// what is asked for is calculated.
struct Value {
  Var var;                            ///< the value
  ArrayKind kind = ArrayKind::numpy;  ///< whose array it becomes
};

/// All values that have a name, by their names, in the order of the calculation.
nb::dict values_of(const Tape& tape, ArrayKind kind);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_VALUES_H_
