// Texts as Python gives them, through NumPy, which knows the arrays of others.
#include "bindings/python/texts.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "clearhead/base/error.h"

namespace clearhead::python {
namespace {

std::string type_of(nb::handle object) {
  return nb::cast<std::string>(nb::str(object.type().attr("__name__")));
}

// Integers, which an int or an array without axes is not.
Ids ids_of_array(nb::handle given, const char* what) {
  const auto refuse = [&](const std::string& came) {
    throw Error(std::string(what) + ": expected one text, as a str or as its ids, got " + came);
  };
  if (nb::hasattr(given, "keys")) refuse(type_of(given) + "; give its input_ids");
  nb::object array;
  try {
    array = nb::module_::import_("numpy").attr("asarray")(given);
  } catch (const nb::python_error& error) {
    refuse(type_of(given) + ", of which NumPy says: " + nb::str(error.value()).c_str());
  }
  if (nb::cast<int>(array.attr("ndim")) == 2 && nb::len(array) == 1) array = array[0];
  const auto ndim = nb::cast<int>(array.attr("ndim"));
  if (ndim == 2) {
    refuse("a batch of " + std::to_string(nb::len(array)) + "; give one after the other");
  }
  const std::string kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  if (ndim == 1 && (kind == "U" || kind == "O" || kind == "T")) {
    refuse("a " + type_of(given) + " of texts; give one after the other");
  }
  if (ndim == 1 && nb::len(array) == 0) return {};  // of no type; the library says what it needs
  if (ndim != 1 || (kind != "i" && kind != "u")) {
    refuse(type_of(given) + " " + nb::repr(given).c_str());
  }
  return nb::cast<Ids>(array.attr("tolist")());
}

bool is_ids(nb::handle given) {
  Ids ids;
  return nb::try_cast(given, ids) && !ids.empty();
}

}  // namespace

Ids ids_of(nb::handle given, const char* what, const ReadText& read) {
  return nb::isinstance<nb::str>(given) ? read(nb::cast<std::string>(given))
                                        : ids_of_array(given, what);
}

Texts::Texts(nb::handle given, const ReadText& read)
    : is_one(nb::isinstance<nb::str>(given) || is_ids(given)) {
  if (is_one || nb::hasattr(given, "keys") || !nb::hasattr(given, "__iter__")) {
    ids.push_back(ids_of(given, "texts", read));
    return;
  }
  if (nb::hasattr(given, "ndim") && nb::cast<int>(given.attr("ndim")) > 1 && nb::len(given) > 1) {
    throw Error(
        "texts: expected a str, ids, or a list of them, got an array of several rows, which may be "
        "filled up to one length; give a list of the ids of each");
  }
  for (const nb::handle text : given) ids.push_back(ids_of(text, "texts", read));
}

std::vector<std::string> strings_of(nb::handle given, const char* what) {
  if (nb::isinstance<nb::str>(given) || !nb::hasattr(given, "__iter__")) {
    throw Error(std::string(what) + ": expected a list of names, got " + type_of(given) + " " +
                nb::repr(given).c_str());
  }
  std::vector<std::string> strings;
  for (const nb::handle one : given) strings.push_back(nb::str(one).c_str());
  return strings;
}

}  // namespace clearhead::python
