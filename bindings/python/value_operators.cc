// What arrays can do, for Value: done by the whole array.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "bindings/python/arrays.h"
#include "bindings/python/values.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

constexpr const char* kUnary[] = {"__neg__", "__pos__", "__abs__", "__invert__"};
constexpr const char* kBinary[] = {
    "__add__",      "__radd__",      "__sub__",    "__rsub__",    "__mul__",     "__rmul__",
    "__truediv__",  "__rtruediv__",  "__mod__",    "__rmod__",    "__pow__",     "__rpow__",
    "__floordiv__", "__rfloordiv__", "__matmul__", "__rmatmul__", "__and__",     "__rand__",
    "__or__",       "__ror__",       "__xor__",    "__rxor__",    "__eq__",      "__ne__",
    "__lt__",       "__le__",        "__gt__",     "__ge__",      "__contains__"};

// A value's array; another object itself.
nb::object operand(nb::object object) {
  return nb::isinstance<Value>(object) ? whole(nb::cast<const Value&>(object)) : object;
}

// An array of the same type without numbers, which knows what the whole would without its cost.
nb::object array_without_numbers(const Value& value) {
  return to_python(Tensor({0}, value.var.dtype()), value.kind);
}

// A method or property of arrays, such as argmax or T.
nb::object attribute(const Value& value, const std::string& name) {
  if (name.starts_with('_') || !nb::hasattr(array_without_numbers(value).type(), name.c_str())) {
    const std::string message = "'Value' object has no attribute '" + name + "'";
    throw nb::attribute_error(message.c_str());
  }
  return whole(value).attr(name.c_str());
}

// Its own names, and those of arrays.
nb::typed<nb::list, nb::str> names_of(const Value& value) {
  const nb::object dir = nb::module_::import_("builtins").attr("dir");
  nb::list names(dir(nb::type<Value>()));
  for (const nb::handle name : nb::list(dir(array_without_numbers(value).type()))) {
    if (!nb::cast<std::string>(name).starts_with('_')) names.append(name);
  }
  return names;
}

}  // namespace

void add_operators(nb::class_<Value>& value) {
  for (const char* name : kUnary) {
    value.def(name, [name](const Value& v) -> ArrayResult { return whole(v).attr(name)(); });
  }
  for (const char* name : kBinary) {
    value.def(
        name,
        [name](const Value& v, nb::object other) -> ArrayResult {
          return whole(v).attr(name)(operand(std::move(other)));
        },
        "other"_a.none());
  }
  value.attr("__hash__") = nb::none();  // as of arrays, since == compares numbers
  value
      .def_prop_ro(
          "dtype",
          [](const Value& v) -> nb::object { return array_without_numbers(v).attr("dtype"); },
          "The type of its numbers, as its array has it.",
          nb::sig("def dtype(self) -> numpy.dtype[typing.Any]"))
      .def_prop_ro(
          "size", [](const Value& v) { return element_count(v.var.shape()); },
          "The number of its numbers.")
      .def("__bool__", [](const Value& v) { return nb::bool_(whole(v)); })
      .def("__int__", [](const Value& v) { return nb::int_(whole(v)); })
      .def("__float__", [](const Value& v) { return nb::float_(whole(v)); })
      .def("__iter__", [](const Value& v) { return nb::iter(whole(v)); })
      .def("__dir__", names_of)
      .def("__getattr__", attribute, "name"_a,
           nb::sig("def __getattr__(self, name: str) -> typing.Any"));
}

}  // namespace clearhead::python
