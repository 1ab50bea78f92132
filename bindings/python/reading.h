// A text that a model has read, as Python sees it: a mapping of names to values.
#ifndef CLEARHEAD_BINDINGS_PYTHON_READING_H_
#define CLEARHEAD_BINDINGS_PYTHON_READING_H_

#include <nanobind/nanobind.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bindings/python/hooks.h"
#include "clearhead/lens/reading.h"

namespace clearhead::python {

namespace nb = nanobind;

/// A model that was opened.
struct LoadedModel {
  std::string name;            ///< to show
  SavedModel saved;            ///< itself
  std::filesystem::path path;  ///< of its folder or file
  bool keep_bf16 = false;      ///< how it was opened
};

/// A run, and the names of it that are shown.
struct Cache {
  std::shared_ptr<const Reading> reading;  ///< the run
  std::vector<std::string> names;          ///< in the order of the calculation
  std::shared_ptr<const Hooks> hooks;  ///< what changed the run, and does so when it is repeated
  /// Held while gradients are calculated on the run's tape: those of another thread come after.
  std::shared_ptr<std::mutex> going_backward = std::make_shared<std::mutex>();
};

/// The model reads `text`, a str or ids. Throws Error if a hook has nothing to act on. The cache
/// lists no names yet.
Cache read(const LoadedModel& model, nb::object text, nb::object hooks, const char* precision);

/// Adds the class Cache.
void add_cache(nb::module_& m);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_READING_H_
