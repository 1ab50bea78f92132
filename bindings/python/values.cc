// The classes Value and Explanation.
#include "bindings/python/values.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>

#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "clearhead/base/error.h"
#include "clearhead/lens/transformer_lens.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tape/explain.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// An Explanation, part of a history whose numbers are shared.
struct SharedExplanation {
  std::shared_ptr<const Explanation> shared;
};

// In Python's order of axes of what has the tape's, or the other way round.
template <typename ShapeOrTensor>
ShapeOrTensor in_order(const Value& value, const ShapeOrTensor& axes) {
  return value.is_of_model ? transformer_lens_axes(value.var.name(), axes) : axes;
}

// What a part of the value, or of its gradient, is in Python.
nb::object shown(const Value& value, const Tensor& part) {
  return to_python(in_order(value, part), value.kind, /*read_only=*/true);
}

// What a key of [] asks for: the tile that holds it, and the key into that tile.
struct TileKey {
  Index begin, end;
  nb::list rest;
};

// Adds an axis of `size` positions, of which `key` asks for one (an int) or several (a slice).
void add_axis(TileKey& tile, std::int64_t size, nb::handle key) {
  const std::size_t axis = tile.begin.size();
  if (PySlice_Check(key.ptr())) {
    Py_ssize_t start, stop, step;
    if (PySlice_Unpack(key.ptr(), &start, &stop, &step) != 0) throw nb::python_error();
    const Py_ssize_t count = PySlice_AdjustIndices(size, &start, &stop, step);
    if (count == 0) {
      tile.begin.push_back(0);
      tile.end.push_back(0);
      tile.rest.append(nb::slice(nb::none(), nb::none(), nb::none()));
      return;
    }
    const Py_ssize_t last = start + (count - 1) * step;
    const Py_ssize_t first = std::min(start, last);
    tile.begin.push_back(first);
    tile.end.push_back(std::max(start, last) + 1);
    // Backward, the first of the tile is reached by leaving the end open.
    const nb::object stop_there =
        step < 0 ? nb::object(nb::none()) : nb::object(nb::int_(last - first + 1));
    tile.rest.append(nb::slice(nb::int_(start - first), stop_there, nb::int_(step)));
    return;
  }
  std::int64_t at = size;  // of an int that is too large, too
  if (nb::try_cast(key, at) && at < 0) at += size;
  if (at < 0 || at >= size) {
    throw nb::index_error(("index " + std::string(nb::repr(key).c_str()) +
                           " is out of bounds for axis " + std::to_string(axis) + " with size " +
                           std::to_string(size))
                              .c_str());
  }
  tile.begin.push_back(at);
  tile.end.push_back(at + 1);
  tile.rest.append(0);
}

bool is_simple(nb::handle key) {
  return key.is(nb::ellipsis()) || PySlice_Check(key.ptr()) ||
         (PyIndex_Check(key.ptr()) && !PyBool_Check(key.ptr()) && !nb::hasattr(key, "shape"));
}

std::optional<ArrayResult> gradient_of(const Value& value) {
  if (!value.has_gradient || !value.var.needs_grad()) return std::nullopt;
  Tensor grad;
  {
    const LongCall call;
    grad = value.var.grad();
  }
  return shown(value, grad);
}

// value[key] as NumPy has it; of integers, slices and one Ellipsis only the tile that holds them is
// calculated.
ArrayResult get(const Value& value, nb::object key) {
  const nb::tuple keys =
      nb::isinstance<nb::tuple>(key) ? nb::borrow<nb::tuple>(key) : nb::make_tuple(key);
  const Shape shape = seen_shape(value);
  std::size_t given = 0, ellipses = 0;
  for (const nb::handle one : keys) {
    if (!is_simple(one)) return whole(value)[key];
    ++(one.is(nb::ellipsis()) ? ellipses : given);
  }
  if (ellipses > 1 || given > shape.size()) return whole(value)[key];  // NumPy says what is wrong
  TileKey tile;
  const auto add_all = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      add_axis(tile, shape[tile.begin.size()], nb::slice(nb::none(), nb::none(), nb::none()));
    }
  };
  for (const nb::handle one : keys) {
    if (one.is(nb::ellipsis())) {
      add_all(shape.size() - given);
    } else {
      add_axis(tile, shape[tile.begin.size()], one);
    }
  }
  add_all(shape.size() - tile.begin.size());
  Tensor tensor;
  {
    const LongCall call;
    tensor = value.var.tile(in_order(value, tile.begin), in_order(value, tile.end));
  }
  return shown(value, tensor)[nb::tuple(tile.rest)];
}

nb::object whole_of_numpy(Value value) {
  value.kind = ArrayKind::numpy;
  return whole(value);
}

ArrayResult as_array(const Value& value, nb::object dtype, nb::object copy) {
  const nb::object array = whole_of_numpy(value);
  if (dtype.is_none() && copy.is_none()) return array;
  return nb::module_::import_("numpy").attr("array")(array, "dtype"_a = dtype, "copy"_a = copy);
}

Index index_of(const Value& value, nb::object places) {
  Index result;
  const bool is_one = PyIndex_Check(places.ptr());
  if (!(is_one ? nb::try_cast(nb::make_tuple(places), result) : nb::try_cast(places, result))) {
    throw Error("explain: expected a place as integers, one for each axis, got " +
                std::string(nb::repr(places).c_str()));
  }
  const Shape shape = seen_shape(value);
  bool fits = result.size() == shape.size();
  for (std::size_t i = 0; fits && i < result.size(); ++i) {
    if (result[i] < 0) result[i] += shape[i];
    fits = 0 <= result[i] && result[i] < shape[i];
  }
  if (fits) return result;
  throw Error("explain: index " + to_string(result) + " does not lie in " + value.var.name() +
              " of shape " + to_string(shape));
}

std::string meaning(const Value& value) {
  const AttentionStep* const step = find_attention_step(value.var.name());
  return step == nullptr ? "" : step->meaning;
}

std::string summary(const Value& value) {
  return "<clearhead.Value " + value.var.name() + " = " + value.var.formula() + ", " +
         to_string(seen_shape(value)) + " of " + std::string(numpy_name(value.var.dtype())) + ">";
}

SharedExplanation explain_value(const Value& value, nb::object places, int depth, bool gradient) {
  const Index index = in_order(value, index_of(value, places));
  const LongCall call;
  Explanation made =
      gradient ? explain_gradient(value.var, index, depth) : explain(value.var, index, depth);
  if (value.is_of_model) made = transformer_lens_axes(made);
  return {std::make_shared<Explanation>(std::move(made))};
}

void add_explanation(nb::module_& m) {
  nb::class_<SharedExplanation>(m, "Explanation", R"(Where one number came from.

As text it has its operands, too, one number a line.)")
      .def_prop_ro(
          "name", [](const SharedExplanation& e) { return e.shared->name; },
          "Of the value that it is one number of.")
      .def_prop_ro(
          "index", [](const SharedExplanation& e) { return shape_tuple(e.shared->index); },
          "Its place in that value.")
      .def_prop_ro(
          "value", [](const SharedExplanation& e) { return e.shared->value; }, "As recorded.")
      .def_prop_ro(
          "formula", [](const SharedExplanation& e) { return e.shared->formula; },
          "With names: ``softmax(attn_scores)``.")
      .def_prop_ro(
          "calculation", [](const SharedExplanation& e) { return e.shared->calculation; },
          "With numbers; empty for an input.")
      .def_prop_ro(
          "recalculated", [](const SharedExplanation& e) { return e.shared->recalculated; },
          "What the calculation gives in f64.")
      .def_prop_ro(
          "operands",
          [](const SharedExplanation& e) {
            std::vector<SharedExplanation> operands;
            for (const auto& operand : e.shared->operands) operands.push_back({operand});
            return operands;
          },
          "The explanations of the numbers that it was calculated from.")
      .def("__str__", [](const SharedExplanation& e) { return to_string(*e.shared); })
      .def("__repr__", [](const SharedExplanation& e) { return to_string(*e.shared); });
}

}  // namespace

Shape seen_shape(const Value& value) { return in_order(value, value.var.shape()); }

nb::object whole(const Value& value) {
  Tensor tensor;
  {
    const LongCall call;
    tensor = value.var.value();
  }
  return shown(value, tensor);
}

nb::typed<nb::dict, nb::str, Value> values_of(const Tape& tape, ArrayKind kind, bool has_gradient) {
  nb::dict values;
  for (const std::string& name : tape.names()) {
    values[nb::str(name.c_str())] =
        Value{.var = tape[name], .kind = kind, .has_gradient = has_gradient};
  }
  return values;
}

void add_values(nb::module_& m) {
  add_explanation(m);
  nb::class_<Value> value(
      m, "Value",
      R"(A value that a calculation recorded: a read-only array that knows its name, its formula and
where each of its numbers came from.

``value[i, 2:5]`` calculates only what it asks for, if the value was not stored. ``value.array``
is the whole; operators, methods of arrays and NumPy's functions take that, and give arrays.

>>> import numpy as np, clearhead
>>> pattern = clearhead.steps(*3 * [np.eye(2)])["hook_pattern"]
>>> pattern.shape, pattern.argmax(-1).tolist(), bool((1 - pattern == pattern[..., ::-1]).all())
((1, 1, 2, 2), [[[0, 1]]], True)
)");
  add_operators(value);
  value
      .def_prop_ro(
          "name", [](const Value& v) { return v.var.name(); }, "As in TransformerLens.")
      .def_prop_ro(
          "formula", [](const Value& v) { return v.var.formula(); },
          "With the names of what it was made of.")
      .def_prop_ro(
          "kind", [](const Value& v) { return v.var.kind(); }, "The operation.")
      .def_prop_ro("meaning", meaning, "In half a sentence, of a step of attention; else empty.")
      .def_prop_ro(
          "shape", [](const Value& v) { return shape_tuple(seen_shape(v)); }, "Its sizes.")
      .def_prop_ro(
          "ndim", [](const Value& v) { return v.var.rank(); }, "The number of axes.")
      .def_prop_ro(
          "array", [](const Value& v) -> ArrayResult { return whole(v); }, "All of it, read-only.")
      .def_prop_ro("grad", gradient_of,
                   "Its gradient, of the same shape; None where none was asked for.")
      .def("__getitem__", get, "key"_a.none())
      .def("__array__", as_array, "dtype"_a = nb::none(), "copy"_a = nb::none())
      .def("__dlpack__",
           [](const Value& v, nb::kwargs options) {
             return whole_of_numpy(v).attr("copy")().attr("__dlpack__")(**options);
           })
      .def("__dlpack_device__", [](const Value&) { return nb::make_tuple(1, 0); })
      .def("__len__",
           [](const Value& v) {
             if (v.var.rank() == 0) throw nb::type_error("a value without axes has no length");
             return v.var.size(0);
           })
      .def("__repr__", summary)
      .def("__reduce__",  // copies and pickles are arrays
           [](const Value& v) {
             return nb::make_tuple(nb::module_::import_("numpy").attr("asarray"),
                                   nb::make_tuple(whole_of_numpy(v)));
           })
      .def("explain", explain_value, "index"_a, nb::kw_only(), "depth"_a = 1, "gradient"_a = false,
           R"(Where the number at ``index`` came from.

``depth`` levels of operands are explained too; −1: all, down to the inputs. With ``gradient``,
the number of the gradient at that place.)");
}

}  // namespace clearhead::python
