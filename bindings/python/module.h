// The parts that the module is made of, one for each subject; each adds its functions and classes.
#ifndef CLEARHEAD_BINDINGS_PYTHON_MODULE_H_
#define CLEARHEAD_BINDINGS_PYTHON_MODULE_H_

#include <nanobind/nanobind.h>

namespace clearhead::python {

void add_values(nanobind::module_& m);     ///< what calculations recorded
void add_attention(nanobind::module_& m);  ///< attention of arrays

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_MODULE_H_
