// Brings q, k, v, tokens, weights and a cache into the axes that attention takes, and checks that
// they fit each other.
#include "apps/cli/attend/fit.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::cli {
namespace {

using Heads = std::optional<std::int64_t>;

[[noreturn]] void refuse(const console::Array& a, const console::Array& b, const std::string& why) {
  throw Error(fmt::format("{} and {}: {}", a.described(), b.described(), why));
}

// The number of heads: an axis of the input, or else what the option says, or else `otherwise`.
std::int64_t head_count(const console::Layout& layout, const console::Array& array,
                        const std::string& option, Heads given, std::int64_t otherwise) {
  if (!layout.has_heads()) return given.value_or(otherwise);
  const std::size_t axis = layout.letters().find('h');
  if (axis >= array.tensor.shape().size()) return otherwise;  // to_bhtd says what is wrong
  const std::int64_t heads = array.tensor.shape()[axis];
  if (given && *given != heads) {
    throw Error(fmt::format("{}: layout {} has {} heads there, but {} says {}; leave it out",
                            array.described(), layout.letters(), heads, option, *given));
  }
  return heads;
}

// q [B, H, T, D], k [B, G, S, D], v [B, G, S, Dv], which came from these arrays.
void check_fit(const AttendInputs& in, const Sources& from) {
  const Tensor& q = in.q;
  const Tensor& k = in.k;
  const Tensor& v = in.v;
  if (q.size(0) != k.size(0)) refuse(from.q, from.k, "they need the same batch");
  if (k.size(0) != v.size(0)) refuse(from.k, from.v, "they need the same batch");
  if (v.size(1) != k.size(1)) refuse(from.k, from.v, "they need equally many heads");
  if (q.size(3) != k.size(3)) {
    if (in.is_self) {
      throw Error(fmt::format(
          "{}: without weights, x has as many query heads as key heads; leave out --kv-heads",
          from.q.described()));
    }
    const bool turned = k.size(2) == q.size(3);
    refuse(from.q, from.k,
           fmt::format("a query must have as many numbers as a key, but they have {} and {}. {}",
                       q.size(3), k.size(3),
                       turned ? "Is k the wrong way round? Keys are rows"
                              : "Rows are tokens, columns are their numbers"));
  }
  if (k.size(2) != v.size(2)) {
    refuse(from.k, from.v,
           fmt::format("each key needs a value, but there are {} keys and {} values. Rows are "
                       "tokens, columns are their numbers",
                       k.size(2), v.size(2)));
  }
}

void fit_without_weights(const Sources& from, Heads heads, Heads kv_heads, DType dtype,
                         AttendInputs& in) {
  in.heads = head_count(in.layout, from.q, "--heads", heads, 1);
  in.kv_heads = head_count(in.layout, from.k, "--kv-heads", kv_heads, in.heads);
  in.q = in.layout.to_bhtd(from.q.tensor, in.heads, from.q.title).to(dtype).contiguous();
  in.k = in.layout.to_bhtd(from.k.tensor, in.kv_heads, from.k.title).to(dtype).contiguous();
  in.v = in.layout.to_bhtd(from.v.tensor, in.kv_heads, from.v.title).to(dtype).contiguous();
  check_fit(in, from);
}

// [T, C] or [B, T, C] → [B, 1, T, C], to be multiplied with weights of each head.
Tensor to_project(const console::Array& array, const console::Layout& layout, DType dtype) {
  return layout.to_bhtd(array.tensor, 1, array.title).to(dtype).contiguous();
}

// [in, heads·size] → [heads, in, size]; [heads, in, size] as TransformerLens has it stays.
Tensor weights_by_head(const console::Array& w, std::int64_t heads, DType dtype) {
  const Tensor& tensor = w.tensor;
  if (tensor.rank() == 3 && tensor.size(0) == heads) return tensor.to(dtype).contiguous();
  if (tensor.rank() != 2 || tensor.size(1) % heads != 0) {
    throw Error(
        fmt::format("{}: expected weights [in, out] with as many columns as {} heads share, or "
                    "[{}, in, out of a head]",
                    w.described(), heads, heads));
  }
  return tensor.reshape({tensor.size(0), heads, tensor.size(1) / heads})
      .transpose(0, 1)
      .to(dtype)
      .contiguous();
}

// [heads·size, out] → [heads, size, out]; [heads, size, out] stays.
Tensor output_weights_by_head(const console::Array& w, std::int64_t heads, std::int64_t size,
                              DType dtype) {
  const Tensor& tensor = w.tensor;
  if (tensor.rank() == 3 && tensor.size(0) == heads && tensor.size(1) == size) {
    return tensor.to(dtype).contiguous();
  }
  if (tensor.rank() != 2 || tensor.size(0) != heads * size) {
    throw Error(fmt::format("{}: expected [{}, out], a row for each of the {} numbers of {} heads",
                            w.described(), heads * size, size, heads));
  }
  return tensor.reshape({heads, size, tensor.size(1)}).to(dtype).contiguous();
}

void require_product(const console::Array& x, const console::Array& w, const Tensor& by_head) {
  if (x.tensor.size(-1) != by_head.size(1)) {
    refuse(x, w,
           fmt::format("to multiply them, the weights need a row for each of the {} numbers of a "
                       "token; they have {} rows",
                       x.tensor.size(-1), by_head.size(1)));
  }
}

void fit_with_weights(const Sources& from, Heads heads, Heads kv_heads, DType dtype,
                      AttendInputs& in) {
  if (in.layout.has_heads()) {
    throw Error(
        fmt::format("{}: what weights are applied to has no heads yet, so its layout is "
                    "td or btc, not {}",
                    from.q.described(), in.layout.letters()));
  }
  const auto heads_of = [](const console::Array& w, Heads given, std::int64_t otherwise) {
    return w.tensor.rank() == 3 ? w.tensor.size(0) : given.value_or(otherwise);
  };
  in.heads = heads_of(from.w_q, heads, 1);
  in.kv_heads = heads_of(from.w_k, kv_heads, in.heads);
  in.w_q = weights_by_head(from.w_q, in.heads, dtype);
  in.w_k = weights_by_head(from.w_k, in.kv_heads, dtype);
  in.w_v = weights_by_head(from.w_v, in.kv_heads, dtype);
  require_product(from.q, from.w_q, in.w_q);
  require_product(from.k, from.w_k, in.w_k);
  require_product(from.v, from.w_v, in.w_v);
  if (in.w_q.size(2) != in.w_k.size(2)) {
    refuse(from.w_q, from.w_k,
           fmt::format("they make queries of {} and keys of {} numbers a head; they need as many",
                       in.w_q.size(2), in.w_k.size(2)));
  }
  if (from.w_o.tensor.defined()) {
    in.w_o = output_weights_by_head(from.w_o, in.heads, in.w_v.size(2), dtype);
  }
  in.q = to_project(from.q, in.layout, dtype);
  in.k = to_project(from.k, in.layout, dtype);
  in.v = to_project(from.v, in.layout, dtype);
  if (in.k.size(2) != in.v.size(2)) {
    refuse(from.k, from.v,
           fmt::format("each key needs a value, but there are {} keys and {} values", in.k.size(2),
                       in.v.size(2)));
  }
}

void fit_cache(const Sources& from, DType dtype, AttendInputs& in) {
  if (!from.past_key.tensor.defined()) return;
  const auto fit = [&](const console::Array& past) {
    // A cache of 3-D inputs is [B, G, P, D] in ONNX.
    const bool has_four_axes = past.tensor.rank() == 4 && in.layout.letters().size() != 4;
    const console::Layout layout = has_four_axes ? console::Layout("bhtd") : in.layout;
    return layout.to_bhtd(past.tensor, in.kv_heads, past.title).to(dtype).contiguous();
  };
  in.past_key = fit(from.past_key);
  in.past_value = fit(from.past_value);
  if (in.past_key.size(2) != in.past_value.size(2)) {
    refuse(from.past_key, from.past_value, "each key of the cache needs a value");
  }
}

void check_not_empty(const console::Array& array) {
  if (array.tensor.defined() && array.tensor.count() == 0) {
    throw Error(array.described() + ": there is nothing in it");
  }
}

}  // namespace

void fit_inputs(const Sources& sources, Heads heads, Heads kv_heads, DType dtype,
                AttendInputs& in) {
  for (const console::Array* array : {&sources.q, &sources.k, &sources.v}) check_not_empty(*array);
  if (sources.w_q.tensor.defined()) {
    fit_with_weights(sources, heads, kv_heads, dtype, in);
  } else {
    fit_without_weights(sources, heads, kv_heads, dtype, in);
  }
  console::check_heads(in.heads, in.kv_heads);
  fit_cache(sources, dtype, in);
}

}  // namespace clearhead::cli
