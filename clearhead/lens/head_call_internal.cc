// One head of attention, in the form that the functions of attention_map.h take.
#include "clearhead/lens/head_call_internal.h"

#include <algorithm>
#include <string>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr const char* kWho = "attention map";

// A matrix of f32 whose rows lie without gaps, as [1, 1, rows, numbers].
Tensor head_matrix(const Tensor& x, const std::string& name) {
  if (!x.defined() || x.rank() != 2) {
    throw Error(kWho + (": expected " + name) + " as a matrix [tokens, numbers], got " +
                (x.defined() ? "shape " + to_string(x.shape()) : "none") +
                "; choose one head of one batch");
  }
  if (x.dtype() == DType::i64 || x.dtype() == DType::boolean) {
    throw Error(kWho + (": expected " + name) + " as floating-point numbers, got " +
                std::string(dtype_name(x.dtype())));
  }
  const Tensor f32 = x.to(DType::f32);
  const Tensor dense = f32.strides()[1] == 1 || f32.size(1) == 1 ? f32 : f32.contiguous();
  return dense.broadcast_to({1, 1, x.size(0), x.size(1)});
}

}  // namespace

compute::Attention head_of(const Tensor& q, const Tensor& k, const Tensor& v,
                           const AttentionMapOptions& options) {
  compute::Attention head;
  head.q = head_matrix(q, "q");
  head.k = head_matrix(k, "k");
  if (v.defined()) head.v = head_matrix(v, "v");
  if (options.cell < 0) {
    throw Error(std::string(kWho) + ": cell: expected 1 or more, or 0, got " +
                std::to_string(options.cell));
  }
  const std::string shapes = "q " + to_string(q.shape()) + ", k " + to_string(k.shape()) +
                             (v.defined() ? ", v " + to_string(v.shape()) : "");
  if (q.size(1) != k.size(1) || (v.defined() && v.size(0) != k.size(0))) {
    throw Error(std::string(kWho) + ": expected q [T, D], k [S, D] and v [S, Dv], got " + shapes);
  }
  if (q.count() == 0 || k.count() == 0) {
    throw Error(std::string(kWho) + ": there is nothing to look at: " + shapes);
  }
  head.T = q.size(0), head.S = k.size(0), head.D = q.size(1);
  if (v.defined()) head.Dv = v.size(1);
  head.offset = {0}, head.key_count = {head.S};
  head.precision = options.precision;
  compute::set_rule(head, options.rule, kWho);
  return head;
}

compute::Attention queries_of(const compute::Attention& head, std::int64_t t, std::int64_t t_end) {
  compute::Attention some = head;
  some.q = head.q.slice(2, t, t_end);
  some.T = t_end - t;
  some.offset[0] += t;
  some.precision = Precision::highest;
  return some;
}

compute::Attention exchanged(const compute::Attention& head, const Tensor& bias) {
  compute::Attention keys = head;
  std::swap(keys.q, keys.k);
  std::swap(keys.T, keys.S);
  keys.key_count = {keys.S};
  keys.mask = bias.broadcast_to({1, 1, 1, keys.S});
  // i − left ≤ j ≤ i + right says j − right ≤ i ≤ j + left; causal is right = 0.
  AttentionRule& rule = keys.rule;
  std::swap(rule.left_window_size, rule.right_window_size);
  if (std::exchange(rule.is_causal, false)) rule.left_window_size = 0;
  return keys;
}

}  // namespace clearhead
