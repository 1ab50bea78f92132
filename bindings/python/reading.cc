// Runs of models with hooks, and the class Cache.
#include "bindings/python/reading.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "bindings/python/arrays.h"
#include "bindings/python/attention_pass.h"
#include "bindings/python/long_call.h"
#include "bindings/python/values.h"
#include "clearhead/base/error.h"
#include "clearhead/lens/interventions.h"
#include "clearhead/lens/transformer_lens.h"
#include "clearhead/models/texts.h"
#include "clearhead/tape/changing.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// A function of Python, which may be let go of by any thread.
using Function = std::shared_ptr<const nb::callable>;

Function held(nb::callable function) {
  return Function(new nb::callable(std::move(function)), [](const nb::callable* f) {
    const nb::gil_scoped_acquire lock;
    delete f;
  });
}

// What `function` makes of the numbers, of the same shape and type.
Tensor changed_by(const nb::callable& function, const Tensor& numbers, const std::string& hook) {
  const nb::gil_scoped_acquire lock;
  const nb::object array = to_python(numbers.clone());  // it may write into it
  const nb::object returned = function(array);
  const Tensor result = array_of(returned.is_none() ? array : returned, hook.c_str()).tensor;
  if (result.shape() != numbers.shape()) {
    throw Error(hook + ": expected an array of the shape that it got, " +
                to_string(numbers.shape()) + ", came " + to_string(result.shape()));
  }
  return result.to(numbers.dtype()).clone();  // it is the caller's, who may write into it
}

Change change_of(const std::string& pattern, nb::callable function) {
  return [function = held(std::move(function)), hook = "hook of " + pattern](const Var& value) {
    const std::string& name = name_being_changed(value);
    const Tensor numbers = transformer_lens_axes(name, value.value());
    return patch(transformer_lens_axes(name, changed_by(*function, numbers, hook)))(value);
  };
}

Value value_of(const Cache& cache, const std::string& name) {
  const Tape& tape = cache.reading->tape;
  if (tape.contains(name)) return value_of_model(tape[name]);
  try {
    static_cast<void>(tape[name]);
  } catch (const Error& error) {  // it names close ones
    throw nb::key_error(error.what());
  }
  throw nb::key_error(name.c_str());
}

bool has(const Cache& cache, nb::handle name) {
  return nb::isinstance<nb::str>(name) && cache.reading->tape.contains(nb::cast<std::string>(name));
}

nb::object optional_value(const Var& var) {
  return var.defined() ? nb::cast(value_of_model(var)) : nb::none();
}

nb::list items_of(const Cache& cache) {
  nb::list items;
  for (const std::string& name : cache.names) {
    items.append(nb::make_tuple(name, value_of(cache, name)));
  }
  return items;
}

nb::list predictions(const Cache& cache, std::int64_t top) {
  if (top < 0) throw Error("top: expected 0 or more, got " + std::to_string(top));
  const Reading& reading = *cache.reading;
  nb::list all;
  if (!reading.probabilities.defined()) return all;
  const Tensor likely = reading.probabilities.value().contiguous();  // [1, T, V]
  const std::int64_t T = likely.size(1), V = likely.size(2);
  std::vector<std::int64_t> ids(static_cast<std::size_t>(V));
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t id = 0; id < V; ++id) ids[static_cast<std::size_t>(id)] = id;
    const std::int64_t count = std::min(top, V);
    const auto more_likely = [&](std::int64_t a, std::int64_t b) {
      return likely.at({0, t, a}) > likely.at({0, t, b});
    };
    std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), more_likely);
    nb::list here;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t id = ids[static_cast<std::size_t>(i)];
      here.append(nb::make_tuple(reading.outcome(id), likely.at({0, t, id})));
    }
    all.append(here);
  }
  return all;
}

}  // namespace

Hooks hooks_of(nb::object functions) {
  Hooks hooks;
  if (functions.is_none()) return hooks;
  for (const auto [name, function] : nb::cast<nb::dict>(functions)) {
    const std::string pattern = nb::cast<std::string>(name);
    hooks.emplace_back(pattern, change_of(pattern, nb::cast<nb::callable>(function)));
  }
  return hooks;
}

void add_hooks(Tape& tape, const Hooks& hooks) {
  for (const auto& [pattern, change] : hooks) tape.intervene(pattern, change);
}

std::shared_ptr<const Reading> read(const LoadedModel& model, nb::object text, nb::object functions,
                                    const char* precision) {
  std::vector<std::int64_t> ids = nb::isinstance<nb::str>(text)
                                      ? ids_to_read(model.saved, nb::cast<std::string>(text))
                                      : nb::cast<std::vector<std::int64_t>>(text);
  const Hooks hooks = hooks_of(functions);
  const Precision products = precision_of(precision);
  const LongCall call;
  Tape tape(Keep::everything);
  add_hooks(tape, hooks);
  auto reading = std::make_shared<Reading>(model.name, model.saved, std::move(ids), products, tape);
  if (const std::vector<std::string> unmatched = tape.unmatched(); !unmatched.empty()) {
    throw Error("hook of " + unmatched.front() +
                ": no value of the run has that name; cache.keys() has them");
  }
  reading->changes = [hooks](Tape& other) { add_hooks(other, hooks); };
  return reading;
}

void add_cache(nb::module_& m) {
  nb::class_<Cache>(
      m, "Cache",
      R"(What a model calculated of one text: a mapping of TransformerLens's names to values.

``cache["blocks.0.attn.hook_pattern"][0, 3, 5:9]`` calculates only these rows if the value was not
stored. Axes are those of TransformerLens, too: queries, keys, values and z are [1, T, H, D], tokens
before heads; scores and patterns [1, H, T, S].)")
      .def("__getitem__", value_of, "name"_a)
      .def("__contains__", has, "name"_a)
      .def("__len__", [](const Cache& cache) { return cache.names.size(); })
      .def("__iter__", [](const Cache& cache) { return nb::iter(nb::cast(cache.names)); })
      .def(
          "keys", [](const Cache& cache) { return cache.names; },
          "The names, in the order of the calculation.")
      .def("items", items_of, "Names and values.")
      .def(
          "values",
          [](const Cache& cache) {
            nb::list values;
            for (const std::string& name : cache.names) values.append(value_of(cache, name));
            return values;
          },
          "The values.")
      .def(
          "get",
          [](const Cache& cache, nb::object name, nb::object otherwise) {
            return has(cache, name) ? nb::cast(value_of(cache, nb::cast<std::string>(name)))
                                    : otherwise;
          },
          "name"_a, "default"_a = nb::none(), "The value of that name, or ``default``.")
      .def("__repr__",
           [](const Cache& cache) {
             return "<clearhead.Cache of " + std::to_string(cache.names.size()) +
                    " values: " + cache.reading->name + " read " +
                    std::to_string(cache.reading->text.ids.size()) + " tokens>";
           })
      .def_prop_ro(
          "tokens", [](const Cache& cache) { return cache.reading->text.names; },
          "The tokens that were read, to show.")
      .def_prop_ro(
          "ids", [](const Cache& cache) { return cache.reading->text.ids; }, "Their ids.")
      .def_prop_ro(
          "source_tokens", [](const Cache& cache) { return cache.reading->source.names; },
          "Of a translation model the tokens that were translated; else empty.")
      .def_prop_ro(
          "translation", [](const Cache& cache) { return cache.reading->translation; },
          "Of a translation model what it wrote; else empty.")
      .def_prop_ro(
          "logits", [](const Cache& cache) { return optional_value(cache.reading->logits); },
          "[1, T, V]: of each token to come next, or to stand there; None if there are none.")
      .def_prop_ro(
          "probabilities",
          [](const Cache& cache) { return optional_value(cache.reading->probabilities); },
          "The same after the softmax.")
      .def_prop_ro(
          "embedding", [](const Cache& cache) { return optional_value(cache.reading->embedding); },
          "[1, C], of an embedding model; else None.")
      .def("predictions", predictions, "top"_a = 5,
           "For each token what is likeliest to come next (or to stand there), with its "
           "probability.");
}

}  // namespace clearhead::python
