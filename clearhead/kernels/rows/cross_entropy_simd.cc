// Cross-entropy of a row in f32, a vector at a time: maximum, exponentials and their sum, gradient.
// A row of 50,257 logits and its gradient stay in a second-level cache of 2 MiB between the passes.
#include <algorithm>

#include "clearhead/kernels/rows/cross_entropy.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/cross_entropy_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/rows/rows-inl.h"
#include "clearhead/kernels/targets/functions-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

CrossEntropyRow<float> cross_entropy_f32(std::int64_t V, const float* logits, ClassTarget to) {
  const Floats d;
  const float max = largest(V, logits);
  const Vec shift = hn::Set(d, max);
  Sum sum;
  Sum distances;
  for_each_vector(V, [&](std::int64_t j, auto part) HWY_ATTR {
    const Vec below = hn::Sub(part.load(logits + j), shift);
    const Vec e = exact_exp_nonpositive(below, hn::Zero(d));
    sum.add(part.or_zero(e));
    if (to.smoothing > 0) distances.add(part.or_zero(hn::Neg(below)));
  });
  const SoftmaxRow<float> row{max, static_cast<float>(sum.total())};
  return {scalar::cross_entropy(V, logits, row, distances.total(), to), row};
}

void cross_entropy_backward_f32(std::int64_t V, const float* logits, SoftmaxRow<float> row,
                                ClassTarget to, float factor, float* d_logits) {
  const Floats d;
  const Vec shift = hn::Set(d, row.max);
  const Vec scale = hn::Set(d, factor / row.sum);
  const Vec everywhere =
      hn::Set(d, factor * static_cast<float>(to.smoothing / static_cast<double>(V)));
  for_each_vector(V, [&](std::int64_t j, auto part) HWY_ATTR {
    const Vec below = hn::Sub(part.load(logits + j), shift);
    const Vec e = exact_exp_nonpositive(below, hn::Zero(d));
    const Vec before = hn::Sub(part.load(d_logits + j), everywhere);
    part.store(hn::MulAdd(e, scale, before), d_logits + j);
  });
  d_logits[to.target] -= factor * static_cast<float>(1 - to.smoothing);
}

#else

CrossEntropyRow<float> cross_entropy_f32(std::int64_t V, const float* logits, ClassTarget to) {
  return scalar::cross_entropy_row(V, logits, to);
}

void cross_entropy_backward_f32(std::int64_t V, const float* logits, SoftmaxRow<float> row,
                                ClassTarget to, float factor, float* d_logits) {
  scalar::cross_entropy_row_backward(V, logits, row, to, factor, d_logits);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

CrossEntropyRow<float> cross_entropy_row(std::int64_t V, const float* logits, ClassTarget to) {
  return CLEARHEAD_CHOOSE(cross_entropy_f32)(V, logits, to);
}

CrossEntropyRow<double> cross_entropy_row(std::int64_t V, const double* logits, ClassTarget to) {
  return scalar::cross_entropy_row(V, logits, to);
}

void cross_entropy_row_backward(std::int64_t V, const float* logits, SoftmaxRow<float> row,
                                ClassTarget to, float factor, float* d_logits) {
  CLEARHEAD_CHOOSE(cross_entropy_backward_f32)(V, logits, row, to, factor, d_logits);
}

void cross_entropy_row_backward(std::int64_t V, const double* logits, SoftmaxRow<double> row,
                                ClassTarget to, double factor, double* d_logits) {
  scalar::cross_entropy_row_backward(V, logits, row, to, factor, d_logits);
}

}  // namespace clearhead::kernels
#endif
