// Texts as Python gives them: a str, or the ids that a tokenizer has made of it.
#ifndef CLEARHEAD_BINDINGS_PYTHON_TEXTS_H_
#define CLEARHEAD_BINDINGS_PYTHON_TEXTS_H_

#include <nanobind/nanobind.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace clearhead::python {

namespace nb = nanobind;

using Ids = std::vector<std::int64_t>;
/// What a model reads of a text.
using ReadText = std::function<Ids(const std::string&)>;

/// The ids of one text: a str, or its ids as a list or as an array [T] or [1, T] of any library.
/// `what` names it in messages. Throws Error if it is none of these, or without ids.
Ids ids_of(nb::handle given, const char* what, const ReadText& read);

/// One text, or several.
struct Texts {
  /// `given` is what `ids_of` takes, or several of them.
  Texts(nb::handle given, const ReadText& read);

  std::vector<Ids> ids;  ///< of each
  bool is_one = false;   ///< not several, of which there may be one
};

/// Strings as Python gives them, such as names of rows: each object as its text. Throws Error if it
/// is a str, or nothing that has members.
std::vector<std::string> strings_of(nb::handle given, const char* what);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_TEXTS_H_
