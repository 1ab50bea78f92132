// Attention of arrays: forward, backward, step by step, and as the ONNX operator has it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "bindings/python/arrays.h"
#include "bindings/python/attention_pass.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "bindings/python/values.h"
#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// The arrays of a call.
struct Operands {
  Array query, key, value;
  std::optional<Array> mask;

  Operands(nb::handle q, nb::handle k, nb::handle v, nb::handle m)
      : query(numbers_of(q, "query")),
        key(numbers_of(k, "key")),
        value(numbers_of(v, "value")),
        mask(optional_array_of(m, "attn_mask")) {}

  std::unique_ptr<AttentionPass> run(const PassOptions& options, Keep keep) const {
    return std::make_unique<AttentionPass>(
        query.tensor, key.tensor, value.tensor,
        mask ? std::optional<Tensor>(mask->tensor) : std::nullopt, options, keep);
  }
};

// A pass that can go backward; what clearhead.torch keeps between the two.
struct KeptPass {
  std::unique_ptr<AttentionPass> pass;
  ArrayKind kind = ArrayKind::numpy;

  // Backward reads it, so an array of NumPy may not be written to; a tensor is watched by autograd.
  nb::object output() const {
    return to_python(pass->output().value(), kind, /*read_only=*/kind == ArrayKind::numpy);
  }

  nb::tuple backward(nb::object d_output) {
    const Array d = array_of(d_output, "grad");
    AttentionPass::Gradients g;
    {
      const LongCall call;
      g = pass->backward(d.tensor);
    }
    const auto given = [&](const Tensor& tensor) { return to_python(tensor, kind); };
    if (!g.attn_mask.defined()) {
      return nb::make_tuple(given(g.query), given(g.key), given(g.value));
    }
    return nb::make_tuple(given(g.query), given(g.key), given(g.value), given(g.attn_mask));
  }
};

// The gradients of query, key and value, and of the mask where it was asked for.
using GradientTuple = nb::typed<nb::tuple, ArrayLikeQuery, nb::ellipsis>;

QueryArray sdpa(const Operands& operands, const PassOptions& options) {
  Tensor y;
  {
    const LongCall call;
    y = operands.run(options, Keep::nothing)->output().value();
  }
  return to_python(y, operands.query.kind);
}

KeptPass forward(const Operands& operands, PassOptions options, bool mask_gradient) {
  options.mask_gradient = mask_gradient;
  const LongCall call;
  return {operands.run(options, Keep::for_backward), operands.query.kind};
}

GradientTuple backward(nb::object grad, const Operands& operands, PassOptions options,
                       bool mask_gradient) {
  return forward(operands, std::move(options), mask_gradient).backward(grad);
}

nb::typed<nb::dict, nb::str, Value> steps_of(const Operands& operands, PassOptions options,
                                             nb::object grad) {
  const std::optional<Array> d_output = optional_array_of(grad, "grad");
  options.mask_gradient = d_output && operands.mask && is_floating(operands.mask->tensor.dtype());
  std::unique_ptr<AttentionPass> pass;
  {
    const LongCall call;
    pass = operands.run(options, Keep::everything);
    if (d_output) pass->backward(d_output->tensor);
  }
  return values_of(pass->tape(), operands.query.kind, d_output.has_value());
}

// As Python calls f(first..., operands, options, last...): with operands and options one by one.
template <typename... First>
struct OneByOne {
  template <typename Options, typename Result, typename... Last>
  static auto of(Result (*f)(First..., const Operands&, Options, Last...)) {
    return [f](First... first, QueryArray query, nb::object key, nb::object value,
               nb::object attn_mask, double dropout_p, bool is_causal, std::optional<double> scale,
               bool enable_gqa, double softcap, std::int64_t left_window_size,
               std::int64_t right_window_size, const char* softmax_precision, const char* precision,
               const char* way, std::uint64_t seed, Last... last) {
      const AttentionOptions attention{.is_causal = is_causal,
                                       .scale = scale,
                                       .softcap = softcap,
                                       .left_window_size = left_window_size,
                                       .right_window_size = right_window_size,
                                       .softmax_precision = floating_of(softmax_precision),
                                       .way = way_of(way),
                                       .precision = precision_of(precision)};
      return f(first..., Operands(query, key, value, attn_mask),
               PassOptions{.attention = attention,
                           .dropout_p = dropout_p,
                           .seed = seed,
                           .enable_gqa = enable_gqa},
               last...);
    };
  }
};

std::optional<AttentionStage> stage_of(std::optional<std::int64_t> mode) {
  if (!mode) return std::nullopt;
  constexpr AttentionStage stages[] = {AttentionStage::scaled_scores, AttentionStage::capped_scores,
                                       AttentionStage::attn_scores, AttentionStage::pattern};
  if (*mode < 0 || *mode > 3) {
    throw Error(
        "qk_matmul_output_mode: expected 0 (scaled scores), 1 (after the softcap), 2 "
        "(after the mask) or 3 (after the softmax), got " +
        std::to_string(*mode));
  }
  return stages[*mode];
}

// y, present_key, present_value and the scores that were asked for.
using OnnxResults = nb::typed<nb::tuple, ArrayLikeQuery, ArrayLikeQuery, ArrayLikeQuery,
                              std::optional<ArrayLikeQuery>>;

OnnxResults onnx_attention(QueryArray q, nb::object k, nb::object v, nb::object attn_mask,
                           nb::object past_key, nb::object past_value, nb::object nonpad_kv_seqlen,
                           bool is_causal, std::int64_t q_num_heads, std::int64_t kv_num_heads,
                           std::optional<std::int64_t> qk_matmul_output_mode,
                           std::optional<double> scale, double softcap,
                           const char* softmax_precision, std::int64_t left_window_size,
                           std::int64_t right_window_size, const char* precision, const char* way) {
  const Array query = numbers_of(q, "q"), keys = numbers_of(k, "k"), values = numbers_of(v, "v");
  const auto mask = optional_array_of(attn_mask, "attn_mask"),
             old_keys = optional_array_of(past_key, "past_key"),
             old_values = optional_array_of(past_value, "past_value"),
             seqlen = optional_array_of(nonpad_kv_seqlen, "nonpad_kv_seqlen");
  AttentionOptions options{.is_causal = is_causal,
                           .scale = scale,
                           .softcap = softcap,
                           .left_window_size = left_window_size,
                           .right_window_size = right_window_size,
                           .q_num_heads = q_num_heads,
                           .kv_num_heads = kv_num_heads,
                           .softmax_precision = floating_of(softmax_precision),
                           .qk_matmul_output_mode = stage_of(qk_matmul_output_mode),
                           .way = way_of(way),
                           .precision = precision_of(precision)};
  std::optional<AttentionOutput> output;
  {
    const LongCall call;
    Tape tape(Keep::nothing);
    const auto on_tape = [&](const char* name, const std::optional<Array>& array) {
      return array ? tape.input(name, array->tensor) : Var();
    };
    options.attn_mask = on_tape(steps::kAttnMask, mask);
    options.past_key = on_tape(steps::kPastKey, old_keys);
    options.past_value = on_tape(steps::kPastValue, old_values);
    if (seqlen) options.nonpad_kv_seqlen = seqlen->tensor;
    output = attention(tape.input(steps::kQ, query.tensor), tape.input(steps::kK, keys.tensor),
                       tape.input(steps::kV, values.tensor), options);
  }
  const auto given = [&](const Var& var, bool is_operand) -> nb::object {
    if (!var.defined()) return nb::none();
    return to_python(is_operand ? var.value().clone() : var.value(), query.kind);
  };
  return nb::make_tuple(given(output->y, false), given(output->present_key, !old_keys),
                        given(output->present_value, !old_values),
                        given(output->qk_matmul_output, false));
}

constexpr const char* kSdpaDoc =
    R"(Attention of queries to keys, under PyTorch's names, in its order and with its meaning.

query [..., H, T, D], key [..., H, S, D] and value [..., H, S, Dv] give [..., H, T, Dv]; there may
be any number of leading axes, which broadcast. All are of one floating type, float32, float64,
float16 or bfloat16; the result is an array of the library that ``query`` came from.

- ``attn_mask`` broadcasts to [..., H, T, S]: true where a query sees a key, or numbers that are
  added to the scores. A query that sees no key gets zeros.
- ``dropout_p`` is always applied, to weights that ``seed`` chooses. Then attention is calculated by
  hand, in memory that grows with T·S; else it grows with T.
- ``is_causal``: query i sees keys 0 … i, also together with a mask.
- ``scale``: of the scores, 1/√D if None.
- ``enable_gqa``: key and value have fewer heads, of which H is a multiple.

Only here: ``softcap`` squeezes scores into ±softcap; query i sees keys i − ``left_window_size`` …
i + ``right_window_size`` (−1: all); ``softmax_precision`` ("float16", …) is the type of the
softmax; ``precision`` of products is "highest", "high" or "medium"; ``way`` is "automatic",
"by_hand" or "fused".

>>> import numpy as np, clearhead
>>> q = np.array([[1.0, 0.0], [0.0, 1.0]])
>>> v = np.array([[1.0], [3.0]])
>>> clearhead.scaled_dot_product_attention(q, q, v).round(3)
array([[1.66],
       [2.34]])
>>> clearhead.scaled_dot_product_attention(q, q, v, is_causal=True)[0]
array([1.])
)";

constexpr const char* kBackwardDoc =
    R"(The gradients of query, key and value, given ``grad``, that of the output [..., H, T, Dv].

Options are those of ``scaled_dot_product_attention``; with ``mask_gradient`` the gradient of a
mask of numbers comes fourth. Memory grows with T, unless there is dropout.

>>> import numpy as np, clearhead
>>> q = np.array([[1.0, 0.0], [0.0, 1.0]])
>>> d_q, d_k, d_v = clearhead.attention_backward(np.ones((2, 1)), q, q, np.array([[1.0], [3.0]]))
>>> d_v.sum().round(6)  # each weight of each query counts once
np.float64(2.0)
)";

constexpr const char* kStepsDoc =
    R"(Every step of attention, by its TransformerLens name, in the order of the calculation.

Arguments are those of ``scaled_dot_product_attention``. Each step is a ``Value``: an array that
knows its formula, what it means, and where each of its numbers came from. With ``grad``, the
gradient of the output, each has its gradient too.

>>> import numpy as np, clearhead
>>> q = np.array([[1.0, 0.0], [0.0, 1.0]])
>>> steps = clearhead.steps(q, q, np.array([[1.0], [3.0]]))
>>> steps["hook_pattern"].formula
'exp(scaled_scores - row_max) / row_sum'
>>> print(steps["hook_pattern"].explain((0, 0, 0, 0)).calculation)
exp(0.70711 - 0.70711) / 1.4931
)";

constexpr const char* kOnnxDoc = R"(The ONNX operator Attention (opset 25), under its names.

q [B, H, T, D], k [B, G, S, D] and v [B, G, S, Dv], or 3-D [B, T, H·D] with ``q_num_heads`` and
``kv_num_heads``. Returns (y, present_key, present_value, qk_matmul_output); the last is None
unless ``qk_matmul_output_mode`` (0 … 3) asks for it. past_key and past_value are the cache that
k and v continue; ``nonpad_kv_seqlen`` [B] says how many keys of a cache kept outside are there.

>>> import numpy as np, clearhead
>>> x = np.ones((1, 3, 8), np.float32)
>>> y, *_ = clearhead.attention(x, x, x, q_num_heads=2, kv_num_heads=2, is_causal=True)
>>> y.shape
(1, 3, 8)
)";

// Defines `function` with the arguments that all but the ONNX operator share.
template <typename Function, typename First = std::tuple<>, typename Last = std::tuple<>>
void define(nb::module_& m, const char* name, Function function, const char* doc, First first = {},
            Last last = {}) {
  const auto shared = std::tuple(
      "query"_a, "key"_a, "value"_a, "attn_mask"_a = nb::none(), "dropout_p"_a = 0.0,
      "is_causal"_a = false, "scale"_a = nb::none(), "enable_gqa"_a = false, nb::kw_only(),
      "softcap"_a = 0.0, "left_window_size"_a = -1, "right_window_size"_a = -1,
      "softmax_precision"_a = "", "precision"_a = "highest", "way"_a = "automatic", "seed"_a = 0);
  std::apply([&](auto... arguments) { m.def(name, function, arguments..., doc); },
             std::tuple_cat(first, shared, last));
}

}  // namespace

void add_attention(nb::module_& m) {
  nb::class_<KeptPass>(m, "AttentionPass",
                       "A pass of attention that can go backward: ``output`` and ``backward``.")
      .def_prop_ro("output", &KeptPass::output, "[..., H, T, Dv]")
      .def("backward", &KeptPass::backward, "grad"_a,
           "The gradients of query, key and value, and of the mask if it was asked for.");
  define(m, "scaled_dot_product_attention", OneByOne<>::of(sdpa), kSdpaDoc);
  define(m, "attention_forward", OneByOne<>::of(forward),
         "The same, kept to go backward; see ``attention_backward``.", std::tuple(),
         std::tuple("mask_gradient"_a = false));
  define(m, "attention_backward", OneByOne<nb::object>::of(backward), kBackwardDoc,
         std::tuple("grad"_a), std::tuple("mask_gradient"_a = false));
  define(m, "steps", OneByOne<>::of(steps_of), kStepsDoc, std::tuple(),
         std::tuple("grad"_a = nb::none()));
  m.def("attention", onnx_attention, "q"_a, "k"_a, "v"_a, "attn_mask"_a = nb::none(),
        "past_key"_a = nb::none(), "past_value"_a = nb::none(), "nonpad_kv_seqlen"_a = nb::none(),
        nb::kw_only(), "is_causal"_a = false, "q_num_heads"_a = 0, "kv_num_heads"_a = 0,
        "qk_matmul_output_mode"_a = nb::none(), "scale"_a = nb::none(), "softcap"_a = 0.0,
        "softmax_precision"_a = "", "left_window_size"_a = -1, "right_window_size"_a = -1,
        "precision"_a = "highest", "way"_a = "automatic", kOnnxDoc);
}

}  // namespace clearhead::python
