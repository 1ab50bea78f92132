// The softmax of a row in f32, a vector at a time, in the three passes of softmax.cc.
#include <limits>

#include "clearhead/kernels/rows/softmax.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/softmax_simd.cc"
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

SoftmaxRow<float> softmax_row_f32(std::int64_t n, const float* scores, float* pattern) {
  const Floats d;
  const float max = largest(n, scores);
  const Vec shift = hn::Set(d, max);
  Sum sum;
  for_each_vector(n, [&](std::int64_t j, auto part) HWY_ATTR {
    const Vec e = exact_exp_nonpositive(hn::Sub(part.load(scores + j), shift), hn::Zero(d));
    part.store(e, pattern + j);
    sum.add(part.or_zero(e));
  });
  const auto total = static_cast<float>(sum.total());
  // Nothing visible (−inf − −inf is NaN), NaN or +inf: rare, and the reference says what they
  // give.
  if (!(total > 0)) return scalar::softmax_row(n, scores, pattern);
  const Vec inverse = hn::Set(d, 1 / total);
  for_each_vector(n, [&](std::int64_t j, auto part) HWY_ATTR {
    part.store(hn::Mul(part.load(pattern + j), inverse), pattern + j);
  });
  return {max, total};
}

void softmax_row_backward_f32(std::int64_t n, const float* pattern, const float* d_pattern,
                              float* d_scores) {
  const Floats d;
  const Vec zero = hn::Zero(d);
  Sum dot;
  for_each_vector(n, [&](std::int64_t j, auto part) HWY_ATTR {
    const Vec p = part.load(pattern + j);
    const Vec product = hn::Mul(p, part.load(d_pattern + j));
    dot.add(hn::IfThenElseZero(hn::Ne(p, zero), product));
  });
  const Vec mean = hn::Set(d, static_cast<float>(dot.total()));
  for_each_vector(n, [&](std::int64_t j, auto part) HWY_ATTR {
    const Vec p = part.load(pattern + j);
    const Vec change = hn::Mul(p, hn::Sub(part.load(d_pattern + j), mean));
    const Vec seen = hn::IfThenElseZero(hn::Ne(p, zero), change);
    part.store(hn::Add(part.load(d_scores + j), seen), d_scores + j);
  });
}

#else

SoftmaxRow<float> softmax_row_f32(std::int64_t n, const float* scores, float* pattern) {
  return scalar::softmax_row(n, scores, pattern);
}

void softmax_row_backward_f32(std::int64_t n, const float* pattern, const float* d_pattern,
                              float* d_scores) {
  scalar::softmax_row_backward(n, pattern, d_pattern, d_scores);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

SoftmaxRow<float> softmax_row(std::int64_t n, const float* scores, float* pattern) {
  return CLEARHEAD_CHOOSE(softmax_row_f32)(n, scores, pattern);
}

SoftmaxRow<double> softmax_row(std::int64_t n, const double* scores, double* pattern) {
  return scalar::softmax_row(n, scores, pattern);
}

void softmax_row_backward(std::int64_t n, const float* pattern, const float* d_pattern,
                          float* d_scores) {
  CLEARHEAD_CHOOSE(softmax_row_backward_f32)(n, pattern, d_pattern, d_scores);
}

void softmax_row_backward(std::int64_t n, const double* pattern, const double* d_pattern,
                          double* d_scores) {
  scalar::softmax_row_backward(n, pattern, d_pattern, d_scores);
}

}  // namespace clearhead::kernels
#endif
