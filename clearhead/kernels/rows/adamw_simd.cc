// AdamW in f32, a vector at a time.
#include "clearhead/kernels/rows/adamw.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/adamw_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/rows/rows-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

void adamw_f32(const AdamwOptions& options, std::int64_t n, const float* d_x, float* m, float* v,
               float* x) {
  const Floats d;
  const AdamwFactors<float> f = adamw_factors<float>(options);
  for_each_vector(n, [&](std::int64_t i, auto part) HWY_ATTR {
    const Vec gradient = part.load(d_x + i);
    const Vec mean =
        hn::MulAdd(hn::Set(d, f.beta1), part.load(m + i), hn::Mul(hn::Set(d, f.rest1), gradient));
    const Vec square = hn::MulAdd(hn::Set(d, f.beta2), part.load(v + i),
                                  hn::Mul(hn::Mul(hn::Set(d, f.rest2), gradient), gradient));
    part.store(mean, m + i);
    part.store(square, v + i);
    const Vec m_hat = hn::Mul(mean, hn::Set(d, f.correction1));
    const Vec root_v_hat = hn::Mul(hn::Sqrt(square), hn::Set(d, f.correction2));
    const Vec change = hn::Div(hn::Mul(hn::Set(d, f.learning_rate), m_hat),
                               hn::Add(root_v_hat, hn::Set(d, f.epsilon)));
    part.store(hn::MulSub(hn::Set(d, f.keep), part.load(x + i), change), x + i);
  });
}

#else

void adamw_f32(const AdamwOptions& options, std::int64_t n, const float* d_x, float* m, float* v,
               float* x) {
  scalar::adamw(options, n, d_x, m, v, x);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

void adamw(const AdamwOptions& options, std::int64_t n, const float* d_x, float* m, float* v,
           float* x) {
  CLEARHEAD_CHOOSE(adamw_f32)(options, n, d_x, m, v, x);
}

void adamw(const AdamwOptions& options, std::int64_t n, const double* d_x, double* m, double* v,
           double* x) {
  scalar::adamw(options, n, d_x, m, v, x);
}

}  // namespace clearhead::kernels
#endif
