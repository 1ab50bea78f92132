// Attention as the kernels take it: pointers, strides and sizes; and the rules that its
// calculations must agree on.
#include "clearhead/compute/attention_internal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "clearhead/base/error.h"
#include "clearhead/kernels/attention/simd.h"

namespace clearhead::compute {
namespace {

// Along an axis of 1 the stride is 0, so that every position reads the same.
template <typename T>
kernels::MaskView<T> mask_view(const Tensor& mask) {
  kernels::MaskView<T> view;
  if (!mask.defined()) return view;
  if (mask.dtype() == DType::boolean) {
    view.visible = mask.data<bool>();
  } else {
    view.bias = mask.data<T>();
  }
  const auto stride = [&](std::size_t axis) {
    return mask.shape()[axis] == 1 ? 0 : mask.strides()[axis];
  };
  view.stride_b = stride(0), view.stride_h = stride(1);
  view.stride_t = stride(2), view.stride_s = stride(3);
  return view;
}

// Tiles of bf16 make other scores than f32 does. So whoever calculates scores again in f32 needs a
// forward in f32: steps, the gradient of a mask, and backward of few queries.
Precision used_precision(const Attention& a) {
  const bool again_in_f32 = a.steps_follow || a.mask_gradient_follows ||
                            (a.gradients_follow && kernels::are_few_queries(a.T));
  return again_in_f32 ? Precision::highest : a.precision;
}

std::string text_of(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", x);
  return text;
}

}  // namespace

kernels::SoftmaxRounding rounding_to(DType type) {
  switch (type) {
    case DType::f16:
      return kernels::SoftmaxRounding::f16;
    case DType::bf16:
      return kernels::SoftmaxRounding::bf16;
    case DType::f32:
      return kernels::SoftmaxRounding::f32;
    default:
      return kernels::SoftmaxRounding::f64;
  }
}

template <typename T>
kernels::AttentionProblem<T> problem_of(const Attention& a) {
  kernels::AttentionProblem<T> problem;
  problem.B = a.B, problem.H = a.H, problem.G = a.G;
  problem.queries = a.T, problem.keys = a.S, problem.D = a.D, problem.Dv = a.Dv;
  problem.q = heads_view<T>(a.q);
  if (a.k.dtype() == dtype_of<T>) {
    problem.k = heads_view<T>(a.k);
    problem.v = heads_view<T>(a.v);
  } else {
    problem.k_bf16 = heads_view<bf16>(a.k);
    problem.v_bf16 = heads_view<bf16>(a.v);
  }
  problem.mask = mask_view<T>(a.mask);
  problem.rule = a.rule;
  problem.offset = a.offset.data();
  problem.key_count = a.key_count.data();
  problem.rounding =
      a.softmax_precision ? rounding_to(*a.softmax_precision) : kernels::SoftmaxRounding::none;
  problem.scores_again = a.gradients_follow || a.steps_follow;
  problem.precision = used_precision(a);
  return problem;
}

template kernels::AttentionProblem<float> problem_of(const Attention&);
template kernels::AttentionProblem<double> problem_of(const Attention&);

bool Attention::has_mask() const {
  return mask.defined() || rule.is_causal || rule.left_window_size >= 0 ||
         rule.right_window_size >= 0 ||
         std::any_of(key_count.begin(), key_count.end(),
                     [this](std::int64_t count) { return count < S; });
}

void set_rule(Attention& a, const AttentionRule& rule, const std::string& who) {
  const auto refuse = [&](const std::string& text) { throw Error(who + ": " + text); };
  if (rule.left_window_size < -1 || rule.right_window_size < -1) {
    refuse("left_window_size and right_window_size must be -1 (no bound) or more, got " +
           std::to_string(rule.left_window_size) + " and " +
           std::to_string(rule.right_window_size));
  }
  if (!(rule.softcap >= 0) || std::isinf(rule.softcap)) {
    refuse("softcap must be 0 (none) or a positive number, got " + text_of(rule.softcap));
  }
  const double scale = rule.scale.value_or(1.0 / std::sqrt(static_cast<double>(a.D)));
  if (!std::isfinite(scale)) refuse("scale must be a finite number, got " + text_of(scale));
  const DType type = a.q.dtype();
  const std::string in_type = " in " + std::string(dtype_name(type));
  if (std::isinf(Tensor::scalar(scale, type).item())) {
    refuse("scale " + text_of(scale) + " is infinite" + in_type);
  }
  const double softcap = Tensor::scalar(rule.softcap, type).item();
  if (std::isinf(softcap) || (softcap == 0 && rule.softcap != 0)) {
    refuse("softcap " + text_of(rule.softcap) + " is " + (softcap == 0 ? "0" : "infinite") +
           in_type + "; 0 itself means none");
  }
  a.rule = rule;
  a.rule.scale = scale;
  // A window wider than everything there is bounds nothing; cut down, its arithmetic cannot
  // overflow.
  const std::int64_t widest = 2 * (a.T + a.S);
  a.rule.left_window_size = std::min(rule.left_window_size, widest);
  a.rule.right_window_size = std::min(rule.right_window_size, widest);
}

}  // namespace clearhead::compute
