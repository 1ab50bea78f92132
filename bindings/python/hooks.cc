// Hooks as changes of a run, in TransformerLens's order of axes.
#include "bindings/python/hooks.h"

#include <nanobind/stl/string.h>

#include <memory>
#include <string>

#include "bindings/python/arrays.h"
#include "clearhead/base/error.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/lens/transformer_lens.h"
#include "clearhead/tape/changing.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// Where a hook acts.
struct HookPoint {
  std::string name;
};

// Whether the function is called with the place where it acts, as TransformerLens calls it.
bool takes_hook(nb::handle function) {
  try {
    const nb::object signature = nb::module_::import_("inspect").attr("signature")(function);
    return nb::cast<bool>(signature.attr("parameters").attr("__contains__")("hook"));
  } catch (const nb::python_error&) {  // some of C have no signature
    return false;
  }
}

// What the function makes of the numbers, of the same shape and type.
Tensor changed_by(const Hooks& hooks, std::size_t place, const std::string& name,
                  const Tensor& numbers) {
  const nb::gil_scoped_acquire lock;
  const auto& [pattern, function] = hooks.functions[place];
  const std::string hook = "hook of " + pattern;
  const nb::object array = to_python(numbers.clone());  // it may write into it
  const nb::object returned =
      takes_hook(function) ? function(array, "hook"_a = HookPoint{name}) : function(array);
  const Tensor result = array_of(returned.is_none() ? array : returned, hook.c_str()).tensor;
  if (result.shape() != numbers.shape()) {
    throw Error(hook + ": expected an array of the shape that it got, " +
                to_string(numbers.shape()) + ", came " + to_string(result.shape()));
  }
  return result.to(numbers.dtype()).clone();  // it is the caller's, who may write into it
}

Change change_of(const std::shared_ptr<const Hooks>& hooks, std::size_t place) {
  return [weak = std::weak_ptr<const Hooks>(hooks), place](const Var& value) {
    const auto held = weak.lock();
    if (!held) throw Error("hooks: the cache of the run that they changed is gone");
    const std::string& name = name_being_changed(value);
    const Tensor numbers = transformer_lens_axes(name, value.value());
    return patch(transformer_lens_axes(name, changed_by(*held, place, name, numbers)))(value);
  };
}

void add_hook(Hooks& hooks, nb::handle name, nb::handle function) {
  if (!nb::isinstance<nb::str>(name) || !PyCallable_Check(function.ptr())) {
    throw Error(
        "hooks: expected functions by names, as {\"blocks.*.attn.hook_z\": function} or "
        "[(\"blocks.0.attn.hook_z\", function)], got " +
        std::string(nb::repr(name).c_str()) + " with " + nb::repr(function).c_str());
  }
  hooks.functions.emplace_back(nb::cast<std::string>(name), nb::borrow(function));
}

}  // namespace

Hooks::~Hooks() {
  const nb::gil_scoped_acquire lock;
  functions.clear();
}

std::shared_ptr<const Hooks> hooks_of(nb::handle given) {
  auto hooks = std::make_shared<Hooks>();
  if (nb::isinstance<nb::dict>(given)) {
    for (const auto [name, function] : nb::borrow<nb::dict>(given)) {
      add_hook(*hooks, name, function);
    }
  } else if (nb::isinstance<nb::list>(given) || nb::isinstance<nb::tuple>(given)) {
    for (const nb::handle pair : given) {
      const bool is_pair = nb::isinstance<nb::tuple>(pair) && nb::len(pair) == 2;
      add_hook(*hooks, is_pair ? pair[0] : pair, is_pair ? pair[1] : nb::none());
    }
  } else if (!given.is_none()) {
    add_hook(*hooks, given, nb::none());  // says what is expected
  }
  return hooks;
}

Changes changes_of(const std::shared_ptr<const Hooks>& hooks) {
  Changes changes;
  for (std::size_t i = 0; i < hooks->functions.size(); ++i) {
    changes.emplace_back(hooks->functions[i].first, change_of(hooks, i));
  }
  return changes;
}

void add_changes(Tape& tape, const Changes& changes) {
  for (const auto& [pattern, change] : changes) tape.intervene(pattern, change);
}

void add_hook_point(nb::module_& m) {
  nb::class_<HookPoint>(m, "HookPoint",
                        "Where a hook acts: what its parameter ``hook`` gets, if it has one.")
      .def_ro("name", &HookPoint::name, "Of the value that it may change.")
      .def("__repr__", [](const HookPoint& h) { return "<clearhead.HookPoint " + h.name + ">"; });
}

}  // namespace clearhead::python
