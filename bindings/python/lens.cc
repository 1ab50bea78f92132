// The lens: why a network predicts what it does, of a run that a Cache holds.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/arrays.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "bindings/python/reading.h"
#include "clearhead/base/error.h"
#include "clearhead/lens/attention_axes.h"
#include "clearhead/lens/contributions.h"
#include "clearhead/lens/head_scores.h"
#include "clearhead/lens/logit_lens.h"
#include "clearhead/lens/logit_metric.h"
#include "clearhead/lens/sweep.h"
#include "clearhead/lens/weighed_attention.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// ---- What is explained ----

// The id of a token, given as its id or as what it is shown as.
std::int64_t id_of(const Reading& reading, nb::handle token) {
  if (!nb::isinstance<nb::str>(token)) {
    std::int64_t id = 0;
    if (nb::try_cast(token, id)) return id;
    throw Error("token: expected an id, or what it is written as, got " +
                std::string(nb::repr(token).c_str()));
  }
  const std::string text = nb::cast<std::string>(token);
  const Tokenizer& tokenizer = *reading.saved.tokenizer;
  if (const auto id = tokenizer.find(text)) return *id;
  const auto ids = tokenizer.encode(text, {.add_special_tokens = false});
  if (ids.size() == 1) return ids.front();
  throw Error("token: \"" + text + "\" is " + std::to_string(ids.size()) +
              " tokens; give one, or an id");
}

// The logit of `token` at `place`, less that of `other`; if no token is given, of the likeliest.
LogitMetric metric_of(const Reading& reading, nb::handle token, nb::handle other,
                      std::int64_t place) {
  if (!reading.logits.defined()) throw Error(reading.name + " has no logits to explain");
  const std::int64_t T = reading.logits.size(1);  // [1, T, V]
  LogitMetric metric{.place = place < 0 ? place + T : place};
  if (metric.place < 0 || metric.place >= T) {
    throw Error("place: expected one of " + std::to_string(T) + " tokens, got " +
                std::to_string(place));
  }
  if (!other.is_none()) metric.other = id_of(reading, other);
  metric.token =
      token.is_none() ? likeliest_token(reading.logits, metric.place) : id_of(reading, token);
  return metric;
}

// ---- Functions ----

nb::dict logit_lens(const Cache& cache) {
  std::vector<std::pair<std::string, Tensor>> all;
  {
    const LongCall call;
    for (const std::string& name : residual_names(cache.reading->tape)) {
      all.emplace_back(name, logits_of_residual(*cache.reading, name).value());
    }
  }
  nb::dict logits;
  for (const auto& [name, values] : all) logits[nb::str(name.c_str())] = to_python(values);
  return logits;
}

nb::list decompose_logit(const Cache& cache, nb::object token, nb::object other,
                         std::int64_t place) {
  const LogitMetric metric = metric_of(*cache.reading, token, other, place);
  std::vector<Contribution> parts;
  {
    const LongCall call;
    parts = decompose(cache.reading->logits, metric);
  }
  nb::list all;
  for (const Contribution& part : parts) {
    all.append(nb::make_tuple(part.name, part.head, part.value));
  }
  return all;
}

SweepBy sweep_by(const std::string& name) {
  static const std::map<std::string, SweepBy> names = {
      {"head", SweepBy::head}, {"token", SweepBy::token}, {"value", SweepBy::value}};
  const auto found = names.find(name);
  if (found == names.end()) throw Error("by: expected head, token or value, got " + name);
  return found->second;
}

nb::tuple swept(const Sweep& sweep, const Tensor& effects) {
  return nb::make_tuple(sweep.names, to_python(effects));
}

nb::tuple ablate(const Cache& cache, const std::string& pattern, const std::string& by,
                 nb::object token, nb::object other, std::int64_t place) {
  const LogitMetric metric = metric_of(*cache.reading, token, other, place);
  const Sweep sweep = sweep_of(cache.reading->tape, pattern, sweep_by(by));
  Tensor effects;
  {
    const LongCall call;
    effects = ablation_effects(*cache.reading, sweep, metric);
  }
  return swept(sweep, effects);
}

nb::tuple patch_from(const Cache& cache, const Cache& source, const std::string& pattern,
                     const std::string& by, nb::object token, nb::object other, std::int64_t place,
                     bool first_order) {
  const LogitMetric metric = metric_of(*cache.reading, token, other, place);
  const Sweep sweep = sweep_of(cache.reading->tape, pattern, sweep_by(by));
  const Tape& from = source.reading->tape;
  Tensor effects;
  {
    const LongCall call;
    if (first_order) {
      const std::lock_guard lock(*cache.going_backward);
      effects = attribution_effects(*cache.reading, from, sweep, metric);
    } else {
      effects = patching_effects(*cache.reading, from, sweep, metric);
    }
  }
  return swept(sweep, effects);
}

// The stack of attention whose queries and keys are the tokens of the text.
AttentionAxes own_attention(const Reading& reading) {
  for (const AttentionStack& stack : attention_stacks(reading.tape)) {
    AttentionAxes axes = attention_axes(reading, stack);
    if (axes.same_tokens && axes.query_names == reading.text.names) return axes;
  }
  throw Error(reading.name + " has no attention of its text to itself");
}

nb::dict scores_of_heads(const Cache& cache) {
  const Reading& reading = *cache.reading;
  const AttentionAxes axes = own_attention(reading);
  Tensor previous({axes.layers(), axes.heads}, DType::f64);
  Tensor duplicate = previous.clone(), induction = previous.clone();
  {
    const LongCall call;
    for (std::int64_t i = 0; i < axes.count(); ++i) {
      const std::string& scope = axes.stack.scopes[static_cast<std::size_t>(i / axes.heads)];
      const HeadScores scores =
          score_head(visible_weights(reading.tape, {.scope = scope, .head = i % axes.heads}),
                     reading.text.ids);
      previous.mutable_data<double>()[i] = scores.previous_token;
      duplicate.mutable_data<double>()[i] = scores.duplicate_token;
      induction.mutable_data<double>()[i] = scores.induction;
    }
  }
  nb::dict all;
  all["previous_token"] = to_python(previous);
  all["duplicate_token"] = to_python(duplicate);
  all["induction"] = to_python(induction);
  return all;
}

nb::object rollout_of(const Cache& cache) {
  Tensor weights;
  {
    const LongCall call;
    weights = rollout(cache.reading->tape, own_attention(*cache.reading).stack).whole();
  }
  return to_python(weights);
}

nb::object norms_of(const Cache& cache, std::int64_t layer, std::int64_t head) {
  const AttentionAxes axes = own_attention(*cache.reading);
  const std::int64_t layers = axes.layers(), heads = axes.heads;
  if (layer < -layers || layer >= layers || head < -heads || head >= heads) {
    throw Error("expected layer 0 to " + std::to_string(layers - 1) + " and head 0 to " +
                std::to_string(heads - 1) + ", got layer " + std::to_string(layer) + " and head " +
                std::to_string(head));
  }
  if (layer < 0) layer += layers;
  if (head < 0) head += heads;
  Tensor weights;
  {
    const LongCall call;
    const std::string& scope = axes.stack.scopes[static_cast<std::size_t>(layer)];
    weights = norm_weights(cache.reading->tape, {.scope = scope, .head = head}).whole();
  }
  return to_python(weights);
}

nb::list zeroed_values(const Cache& cache) {
  std::vector<Tensor> layers;
  {
    const LongCall call;
    layers = value_zeroing(*cache.reading, own_attention(*cache.reading).stack);
  }
  nb::list all;
  for (const Tensor& layer : layers) all.append(to_python(layer));
  return all;
}

}  // namespace

void add_lens(nb::module_& m) {
  m.def("lens_logits", logit_lens, "cache"_a, "See ``clearhead.lens.logits``.");
  m.def("lens_decompose", decompose_logit, "cache"_a, "token"_a.none(), "other"_a.none(), "place"_a,
        "See ``clearhead.lens.decompose``.");
  m.def("lens_ablate", ablate, "cache"_a, "pattern"_a, "by"_a, "token"_a.none(), "other"_a.none(),
        "place"_a, "See ``clearhead.lens.ablate``.");
  m.def("lens_patch", patch_from, "cache"_a, "source"_a, "pattern"_a, "by"_a, "token"_a.none(),
        "other"_a.none(), "place"_a, "first_order"_a, "See ``clearhead.lens.patch``.");
  m.def("lens_head_scores", scores_of_heads, "cache"_a, "See ``clearhead.lens.head_scores``.");
  m.def("lens_rollout", rollout_of, "cache"_a, "See ``clearhead.lens.rollout``.");
  m.def("lens_norms", norms_of, "cache"_a, "layer"_a, "head"_a, "See ``clearhead.lens.norms``.");
  m.def("lens_value_zeroing", zeroed_values, "cache"_a, "See ``clearhead.lens.value_zeroing``.");
}

}  // namespace clearhead::python
