// Runs of models, and the class Cache.
#include "bindings/python/reading.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>

#include "bindings/python/attention_pass.h"
#include "bindings/python/long_call.h"
#include "bindings/python/texts.h"
#include "bindings/python/values.h"
#include "clearhead/base/error.h"
#include "clearhead/models/texts.h"
#include "clearhead/plot/label.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

Value value_of(const Cache& cache, const std::string& name) {
  const Tape& tape = cache.reading->tape;
  if (tape.contains(name)) return value_of_model(tape[name]);
  std::string message;
  try {
    static_cast<void>(tape[name]);
  } catch (const Error& error) {  // it names close ones
    message = error.what();
  }
  throw nb::key_error(message.substr(message.find(": ") + 2).c_str());
}

// cache["pattern", 0], as TransformerLens has it for "blocks.0.attn.hook_pattern".
Value value_of_block(const Cache& cache, const std::string& step, std::int64_t layer) {
  const std::string block = "blocks." + std::to_string(layer) + ".";
  for (const char* part : {"", "attn.", "mlp."}) {
    const std::string name = block + part + "hook_" + step;
    if (cache.reading->tape.contains(name)) return value_of_model(cache.reading->tape[name]);
  }
  return value_of(cache, block + "hook_" + step);  // says that there is none
}

bool has(const Cache& cache, nb::handle name) {
  return nb::isinstance<nb::str>(name) && cache.reading->tape.contains(nb::cast<std::string>(name));
}

std::optional<Value> optional_value(const Var& var) {
  if (!var.defined()) return std::nullopt;
  return value_of_model(var);
}

using Item = nb::typed<nb::tuple, nb::str, Value>;

nb::typed<nb::list, Item> items_of(const Cache& cache) {
  nb::list items;
  for (const std::string& name : cache.names) {
    items.append(nb::make_tuple(name, value_of(cache, name)));
  }
  return items;
}

using Likely = nb::typed<nb::tuple, nb::str, nb::float_>;  // a token or class, its probability

nb::typed<nb::list, nb::typed<nb::list, Likely>> predictions(const Cache& cache, std::int64_t top) {
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

std::string summary(const Cache& cache) {
  return "Cache of " + std::to_string(cache.names.size()) + " values: " + cache.reading->name +
         " read " + std::to_string(cache.reading->text.ids.size()) + " tokens";
}

// A table of the names, for a notebook.
std::string table_of(const Cache& cache) {
  std::string rows;
  for (const std::string& name : cache.names) {
    const Value value = value_of(cache, name);
    rows += "<tr><td>" + plot::escape_markup(name) + "</td><td>" + to_string(seen_shape(value)) +
            "</td><td>" + plot::escape_markup(value.var.formula()) + "</td></tr>\n";
  }
  return "<p>" + plot::escape_markup(summary(cache)) +
         "</p>\n<div style=\"max-height: 30em; overflow: auto\">\n<table>\n"
         "<tr><th>name</th><th>shape</th><th>formula</th></tr>\n" +
         rows + "</table>\n</div>\n";
}

// ---- For Python's garbage collector ----

int visit_hooks(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  const auto& hooks = nb::inst_ptr<Cache>(self)->hooks;
  if (!hooks) return 0;
  for (const auto& [name, function] : hooks->functions) Py_VISIT(function.ptr());
  return 0;
}

int clear_hooks(PyObject* self) {
  nb::inst_ptr<Cache>(self)->hooks.reset();
  return 0;
}

PyType_Slot collector_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(visit_hooks)},
                                 {Py_tp_clear, reinterpret_cast<void*>(clear_hooks)},
                                 {0, nullptr}};

}  // namespace

Cache read(const LoadedModel& model, nb::object text, nb::object functions, const char* precision) {
  Ids ids = ids_of(text, "text",
                   [&](const std::string& given) { return ids_to_read(model.saved, given); });
  const auto hooks = hooks_of(functions);
  const Changes changes = changes_of(hooks);
  const Precision products = precision_of(precision);
  const LongCall call;
  Tape tape(Keep::everything);
  add_changes(tape, changes);
  auto reading = std::make_shared<Reading>(model.name, model.saved, std::move(ids), products, tape);
  if (const std::vector<std::string> unmatched = tape.unmatched(); !unmatched.empty()) {
    throw Error("hook of " + unmatched.front() +
                ": no value of the run has that name; cache.keys() has them");
  }
  reading->changes = [changes](Tape& other) { add_changes(other, changes); };
  return {.reading = std::move(reading), .names = {}, .hooks = hooks};
}

void add_cache(nb::module_& m) {
  nb::class_<Cache>(
      m, "Cache", nb::type_slots(collector_slots),
      R"(What a model calculated of one text: a mapping of TransformerLens's names to values.

``cache["blocks.0.attn.hook_pattern"][0, 3, 5:9]`` calculates only these rows if the value was not
stored. Axes are those of TransformerLens, too: queries, keys, values and z are [1, T, H, D], tokens
before heads; scores and patterns [1, H, T, S]. ``cache["pattern", 0]`` is short for the name.)")
      .def("__getitem__", value_of, "name"_a)
      .def(
          "__getitem__",
          [](const Cache& cache, const std::pair<std::string, std::int64_t>& place) {
            return value_of_block(cache, place.first, place.second);
          },
          "place"_a)
      .def("__contains__", has, "name"_a)
      .def("__len__", [](const Cache& cache) { return cache.names.size(); })
      .def("_ipython_key_completions_", [](const Cache& cache) { return cache.names; })
      .def("__iter__", [](const Cache& cache) { return nb::iter(nb::cast(cache.names)); })
      .def(
          "keys", [](const Cache& cache) { return cache.names; },
          "The names, in the order of the calculation.")
      .def("items", items_of, "Names and values.")
      .def(
          "values",
          [](const Cache& cache) -> nb::typed<nb::list, Value> {
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
      .def("__repr__", [](const Cache& cache) { return "<clearhead." + summary(cache) + ">"; })
      .def("_repr_html_", table_of)
      .def("__reduce__",
           [](const Cache&) {
             throw nb::type_error(
                 "a Cache cannot be pickled; what you need of it can, as arrays: "
                 "{name: cache[name].array for name in names}");
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
