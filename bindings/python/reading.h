// A text that a model has read, as Python sees it: a mapping of names to values.
#ifndef CLEARHEAD_BINDINGS_PYTHON_READING_H_
#define CLEARHEAD_BINDINGS_PYTHON_READING_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/lens/reading.h"

namespace clearhead::python {

namespace nb = nanobind;

/// A model that was opened.
struct LoadedModel {
  std::string name;  ///< to show
  SavedModel saved;  ///< itself
};

/// A run, and the names of it that are shown.
struct Cache {
  std::shared_ptr<const Reading> reading;  ///< the run
  std::vector<std::string> names;          ///< in the order of the calculation
  /// Held while gradients are calculated on the run's tape: those of another thread come after.
  std::shared_ptr<std::mutex> going_backward = std::make_shared<std::mutex>();
};

/// Changes of values by their names, of which * may be a part.
using Hooks = std::vector<std::pair<std::string, Change>>;
/// A dictionary of functions, each of which gets an array that it may write into, and returns an
/// array of the same shape, or None if it wrote. None: no hooks.
Hooks hooks_of(nb::object functions);
/// Lets them act on what will be recorded on `tape`.
void add_hooks(Tape& tape, const Hooks& hooks);

/// The model reads `text`, a str or ids. Throws Error if a hook has nothing to act on.
std::shared_ptr<const Reading> read(const LoadedModel& model, nb::object text, nb::object hooks,
                                    const char* precision);

/// Adds the class Cache.
void add_cache(nb::module_& m);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_READING_H_
