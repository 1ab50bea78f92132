// Functions of Python that change what a model calculates on its way.
#ifndef CLEARHEAD_BINDINGS_PYTHON_HOOKS_H_
#define CLEARHEAD_BINDINGS_PYTHON_HOOKS_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead::python {

namespace nb = nanobind;

/// Changes of values by their names, of which * may be a part.
using Changes = std::vector<std::pair<std::string, Change>>;

/// Hooks as they are given. Who holds them owns their functions: changes only refer to them, and
/// fail once they are gone. So a function that refers to its own cache is no leak: the cache is the
/// only one that holds it, and shows it to Python's garbage collector.
struct Hooks {
  Hooks() = default;
  Hooks(const Hooks&) = delete;
  Hooks& operator=(const Hooks&) = delete;
  ~Hooks();  ///< by any thread

  std::vector<std::pair<std::string, nb::object>> functions;  ///< by names or patterns
};

/// A dictionary of functions by name, or pairs of both, as TransformerLens has it; None: no hooks.
/// A function gets an array that it may write into, and returns an array of the same shape, or None
/// if it wrote. If it has a parameter `hook`, that gets a HookPoint, which knows the name.
std::shared_ptr<const Hooks> hooks_of(nb::handle given);
/// What they do.
Changes changes_of(const std::shared_ptr<const Hooks>& hooks);
/// Lets changes act on what will be recorded on `tape`.
void add_changes(Tape& tape, const Changes& changes);

/// Adds the class HookPoint.
void add_hook_point(nb::module_& m);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_HOOKS_H_
