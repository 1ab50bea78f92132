// clearhead._clearhead: the library as Python calls it. What people import is the package around it
// (clearhead/__init__.py).
#include "bindings/python/module.h"

#include <exception>
#include <typeinfo>

#include "bindings/python/long_call.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"

NB_MODULE(_clearhead, m) {
  using namespace nanobind::literals;
  using namespace clearhead::python;

  m.doc() = "The library clearhead; import clearhead, not this module.";
  // What others hold on to, such as a graph of PyTorch, may live as long as the interpreter.
  nanobind::set_leak_warnings(false);
  m.attr("__version__") = CLEARHEAD_VERSION;
  nanobind::exception<clearhead::Error>(m, "Error", PyExc_ValueError).attr("__doc__") =
      "What the library refuses: says what was expected, what came, and what to do.";
  nanobind::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::bad_cast&) {
      PyErr_SetString(PyExc_TypeError,
                      "an argument, or a part of one, is of another type than "
                      "help() of the function says");
    }
  });
  LongCall::watch();
  m.def("threads", clearhead::thread_count, "How many threads calculations use.");
  m.def(
      "set_threads", clearhead::set_thread_count, "count"_a,
      "Uses ``count`` threads from now on; 0: as many as the machine has. Results stay the same.");
  add_values(m);
  add_attention(m);
  add_models(m);
  add_lens(m);
  add_figures(m);
  add_training(m);
  add_claims(m);
  add_lessons(m);
}
