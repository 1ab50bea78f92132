// The parts that the module is made of, one for each subject; each adds its functions and classes.
#ifndef CLEARHEAD_BINDINGS_PYTHON_MODULE_H_
#define CLEARHEAD_BINDINGS_PYTHON_MODULE_H_

#include <nanobind/nanobind.h>

namespace clearhead::python {

void add_values(nanobind::module_& m);     ///< what calculations recorded
void add_attention(nanobind::module_& m);  ///< attention of arrays
void add_models(nanobind::module_& m);     ///< models, what they do, and what they calculate
void add_lens(nanobind::module_& m);       ///< why a network predicts what it does
void add_figures(nanobind::module_& m);    ///< figures of what was calculated
void add_training(nanobind::module_& m);   ///< training by a recipe
void add_claims(nanobind::module_& m);     ///< claims and their scores
void add_lessons(nanobind::module_& m);    ///< lessons, run and as pages

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_MODULE_H_
