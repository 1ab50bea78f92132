// Leading axes are broadcast and joined to [B, H, T, D], as the library takes them, by operations
// on the tape, so that gradients come back in the shapes that were given.
#include "bindings/python/attention_pass.h"

#include <algorithm>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/dropout.h"
#include "clearhead/ops/reshape.h"

namespace clearhead::python {
namespace {

constexpr const char* kWho = "scaled_dot_product_attention: ";

// All axes but the last `last`.
Shape without_last(const Shape& shape, std::size_t last) {
  return Shape(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(last));
}

Shape joined(Shape shape, std::initializer_list<std::int64_t> more) {
  shape.insert(shape.end(), more);
  return shape;
}

void check_ranks(const Tensor& q, const Tensor& k, const Tensor& v, bool enable_gqa) {
  const std::int64_t least = enable_gqa ? 3 : 2;
  if (q.rank() >= least && k.rank() >= least && v.rank() >= least) return;
  throw Error(kWho + std::string("expected query, key and value of at least ") +
              std::to_string(least) + " axes, [..., " + (enable_gqa ? "heads, " : "") +
              "length, size], got " + to_string(q.shape()) + ", " + to_string(k.shape()) + " and " +
              to_string(v.shape()));
}

// What q, k and v have in front of [length, size], or with enable_gqa of [heads, length, size].
Shape common_axes(const Tensor& q, const Tensor& k, const Tensor& v, bool enable_gqa) {
  const std::size_t last = enable_gqa ? 3 : 2;
  const Shape of_q = without_last(q.shape(), last), of_k = without_last(k.shape(), last),
              of_v = without_last(v.shape(), last);
  if (of_q == of_k && of_k == of_v) return of_q;
  return broadcast_shapes(broadcast_shapes(of_q, of_k), of_v);
}

// x with these leading axes instead of its own, then as [B, heads, length, size].
Var as_heads(const Var& x, const Shape& leading) {
  if (x.rank() == 4 && leading.size() == 2 &&
      std::equal(leading.begin(), leading.end(), x.shape().begin()))
    return x;
  const std::int64_t length = x.size(-2), size = x.size(-1);
  const Shape whole = joined(leading, {length, size});
  const Var spread = x.shape() == whole ? x : broadcast_to(x, whole);
  if (spread.rank() == 4) return spread;
  const std::int64_t heads = leading.empty() ? 1 : leading.back();
  const std::int64_t B = leading.empty() ? 1 : element_count(without_last(leading, 1));
  return reshape(spread, {B, heads, length, size});
}

// `common`, and with enable_gqa the number of heads of x behind it.
Shape leading_axes(Shape common, const Tensor& x, bool enable_gqa) {
  if (enable_gqa) common.push_back(x.size(-3));
  return common;
}

}  // namespace

Precision precision_of(std::string_view name) {
  for (const auto& [known, precision] : kPrecisions) {
    if (name == known) return precision;
  }
  throw Error("precision: expected highest, high or medium, got " + std::string(name));
}

AttentionWay way_of(std::string_view name) {
  if (name == "automatic") return AttentionWay::automatic;
  if (name == "by_hand") return AttentionWay::by_hand;
  if (name == "fused") return AttentionWay::fused;
  throw Error("way: expected automatic, by_hand or fused, got " + std::string(name));
}

std::optional<DType> floating_of(std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16}) {
    if (name == numpy_name(dtype)) return dtype;
  }
  throw Error("softmax_precision: expected float32, float64, float16 or bfloat16, got " +
              std::string(name));
}

AttentionPass::AttentionPass(Tensor query, Tensor key, Tensor value,
                             std::optional<Tensor> attn_mask, const PassOptions& options, Keep keep)
    : tape_(keep), mask_gradient_(options.mask_gradient) {
  const bool gqa = options.enable_gqa;
  check_ranks(query, key, value, gqa);
  const Shape common = common_axes(query, key, value, gqa);
  const Shape leading = leading_axes(common, query, gqa);
  const Shape of_k = leading_axes(common, key, gqa), of_v = leading_axes(common, value, gqa);
  if (options.dropout_p != 0) {
    tape_.intervene(steps::kPattern, [rate = options.dropout_p, seed = options.seed](const Var& p) {
      return dropout(p, rate, {.seed = seed});
    });
  }
  q_ = tape_.input(steps::kQ, std::move(query));
  k_ = tape_.input(steps::kK, std::move(key));
  v_ = tape_.input(steps::kV, std::move(value));
  AttentionOptions all = options.attention;
  if (attn_mask)
    all.attn_mask = mask_of(*attn_mask, joined(leading, {q_.size(-2), k_.size(-2)}), options);
  const Var z = clearhead::scaled_dot_product_attention(as_heads(q_, leading), as_heads(k_, of_k),
                                                        as_heads(v_, of_v), all);
  const Shape whole = joined(leading, {q_.size(-2), v_.size(-1)});
  y_ = z.shape() == whole ? z : reshape(z, whole);
}

// As the library takes it, given the shape of the scores: [1|B, 1|H, 1|T, S].
Var AttentionPass::mask_of(const Tensor& mask, const Shape& scores, const PassOptions& options) {
  const std::int64_t rank = static_cast<std::int64_t>(scores.size());
  const std::string wrong = kWho + std::string("attn_mask ") + to_string(mask.shape()) +
                            " does not broadcast to the scores " + to_string(scores);
  if (mask.rank() > rank) throw Error(wrong);
  for (std::int64_t axis = 1; axis <= mask.rank(); ++axis) {
    const std::int64_t size = mask.size(-axis);
    if (size != 1 && size != scores[static_cast<std::size_t>(rank - axis)]) throw Error(wrong);
  }
  mask_ = tape_.input(steps::kAttnMask, mask, options.mask_gradient && is_floating(mask.dtype()));
  Shape padded(static_cast<std::size_t>(rank - mask.rank()), 1);
  padded.insert(padded.end(), mask.shape().begin(), mask.shape().end());
  Shape wanted = padded;
  wanted.back() = scores.back();
  Var whole = padded == mask.shape() ? mask_ : reshape(mask_, padded);
  if (rank > 4) {  // batches are joined, so each needs the same shape
    const Shape batch(wanted.begin(), wanted.end() - 3);
    if (element_count(batch) != 1) std::copy_n(scores.begin(), batch.size(), wanted.begin());
  }
  if (wanted != padded) whole = broadcast_to(whole, wanted);
  if (rank == 4) return whole;
  Shape four(4, 1);
  for (std::size_t i = 1; i <= 3 && i <= wanted.size(); ++i)
    four[4 - i] = wanted[wanted.size() - i];
  if (rank > 4) four[0] = element_count(Shape(wanted.begin(), wanted.end() - 3));
  return reshape(whole, four);
}

AttentionPass::Gradients AttentionPass::backward(const Tensor& d_output) {
  if (d_output.shape() != y_.shape()) {
    throw Error("the gradient of the output: expected " + to_string(y_.shape()) + ", got " +
                to_string(d_output.shape()));
  }
  const std::lock_guard lock(going_backward_);
  tape_.backward(y_, d_output.to(y_.dtype()));
  Gradients gradients{.query = q_.grad(), .key = k_.grad(), .value = v_.grad(), .attn_mask = {}};
  if (mask_gradient_ && mask_.defined()) gradients.attn_mask = mask_.grad();
  return gradients;
}

}  // namespace clearhead::python
