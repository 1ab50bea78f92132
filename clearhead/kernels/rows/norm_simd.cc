// Norms of rows in f32, a vector at a time: a row is read from memory once, and stays in the
// first-level cache (48 KiB hold x and y of 6000 numbers) for the passes after the first.
#include <cmath>

#include "clearhead/kernels/rows/norm.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/norm_simd.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/rows/rows-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

void norm_f32(const RowNorm<float>& norm, std::int64_t rows, const float* x, float* y, float* mean,
              float* scale, bool past_caches) {
  const Floats d;
  const std::int64_t C = norm.C;
  const bool streams = past_caches && can_stream(y, C);
  const float* weight = norm.weight;
  const float* bias = norm.bias;
  for (std::int64_t i = 0; i < rows; ++i, x += C, y += C) {
    float m = 0;
    if (norm.centered) {
      Sum sum;
      for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR { sum.add(part.load(x + c)); });
      m = static_cast<float>(sum.total() / static_cast<double>(C));
    }
    const Vec shift = hn::Set(d, m);
    Sum squares;
    for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR {
      squares.add_square(part.or_zero(hn::Sub(part.load(x + c), shift)));
    });
    const auto s =
        static_cast<float>(1 / std::sqrt(squares.total() / static_cast<double>(C) + norm.epsilon));
    const Vec factor = hn::Set(d, s);
    for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR {
      Vec result = hn::Mul(hn::Sub(part.load(x + c), shift), factor);
      if (weight) result = hn::Mul(result, part.load(weight + c));
      if (bias) result = hn::Add(result, part.load(bias + c));
      part.store(result, y + c, streams);
    });
    if (mean) mean[i] = m;
    scale[i] = s;
  }
  if (streams) hwy::FlushStream();
}

void norm_backward_f32(const RowNorm<float>& norm, std::int64_t rows, const float* x,
                       const float* mean, const float* scale, const float* d_y, float* d_x,
                       float* d_weight, float* d_bias) {
  const Floats d;
  const std::int64_t C = norm.C;
  const float* weight = norm.weight;
  for (std::int64_t i = 0; i < rows; ++i, x += C, d_y += C) {
    const Vec shift = hn::Set(d, norm.centered ? mean[i] : 0.0F);
    const Vec factor = hn::Set(d, scale[i]);
    const auto normal = [&](std::int64_t c, auto part)
                            HWY_ATTR { return hn::Mul(hn::Sub(part.load(x + c), shift), factor); };
    Sum sum;
    Sum dot;
    for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR {
      Vec g = part.load(d_y + c);
      const Vec product = hn::Mul(g, normal(c, part));
      if (d_weight) part.store(hn::Add(part.load(d_weight + c), product), d_weight + c);
      if (d_bias) part.store(hn::Add(part.load(d_bias + c), g), d_bias + c);
      if (weight) g = hn::Mul(g, part.load(weight + c));
      if (norm.centered) sum.add(g);  // past the end of the row d_y is 0
      dot.add(weight ? hn::Mul(product, part.load(weight + c)) : product);
    });
    if (!d_x) continue;
    const Vec mean_g = hn::Set(d, static_cast<float>(sum.total() / static_cast<double>(C)));
    const Vec mean_dot = hn::Set(d, static_cast<float>(dot.total() / static_cast<double>(C)));
    for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR {
      Vec g = part.load(d_y + c);
      if (weight) g = hn::Mul(g, part.load(weight + c));
      const Vec change = hn::NegMulAdd(normal(c, part), mean_dot, hn::Sub(g, mean_g));
      part.store(hn::MulAdd(factor, change, part.load(d_x + c)), d_x + c);
    });
    d_x += C;
  }
}

void add_rows_f32(std::int64_t rows, std::int64_t C, const float* x, float* sums) {
  for_each_vector(C, [&](std::int64_t c, auto part) HWY_ATTR {
    Vec sum = part.load(sums + c);
    for (std::int64_t i = 0; i < rows; ++i) sum = hn::Add(sum, part.load(x + i * C + c));
    part.store(sum, sums + c);
  });
}

double sum_of_squares_f32(std::int64_t n, const float* x) {
  Sum sums[2];  // so that each has time
  const std::int64_t whole = n / (2 * kLanes) * (2 * kLanes);
  for (std::int64_t i = 0; i < whole; i += 2 * kLanes) {
    sums[0].add_square(Whole::load(x + i));
    sums[1].add_square(Whole::load(x + i + kLanes));
  }
  for_each_vector(n - whole, [&](std::int64_t i, auto part)
                                 HWY_ATTR { sums[0].add_square(part.load(x + whole + i)); });
  return sums[0].total() + sums[1].total();
}

#else

double sum_of_squares_f32(std::int64_t n, const float* x) { return scalar::sum_of_squares(n, x); }

void norm_f32(const RowNorm<float>& norm, std::int64_t rows, const float* x, float* y, float* mean,
              float* scale, bool) {
  scalar::norm(norm, rows, x, y, mean, scale);
}

void norm_backward_f32(const RowNorm<float>& norm, std::int64_t rows, const float* x,
                       const float* mean, const float* scale, const float* d_y, float* d_x,
                       float* d_weight, float* d_bias) {
  scalar::norm_backward(norm, rows, x, mean, scale, d_y, d_x, d_weight, d_bias);
}

void add_rows_f32(std::int64_t rows, std::int64_t C, const float* x, float* sums) {
  scalar::add_rows(rows, C, x, sums);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

void norm(const RowNorm<float>& norm, std::int64_t rows, const float* x, float* y, float* mean,
          float* scale, bool past_caches) {
  CLEARHEAD_CHOOSE(norm_f32)(norm, rows, x, y, mean, scale, past_caches);
}

void norm(const RowNorm<double>& norm, std::int64_t rows, const double* x, double* y, double* mean,
          double* scale, bool /*past_caches*/) {
  scalar::norm(norm, rows, x, y, mean, scale);
}

void norm_backward(const RowNorm<float>& norm, std::int64_t rows, const float* x, const float* mean,
                   const float* scale, const float* d_y, float* d_x, float* d_weight,
                   float* d_bias) {
  CLEARHEAD_CHOOSE(norm_backward_f32)
  (norm, rows, x, mean, scale, d_y, d_x, d_weight, d_bias);
}

void norm_backward(const RowNorm<double>& norm, std::int64_t rows, const double* x,
                   const double* mean, const double* scale, const double* d_y, double* d_x,
                   double* d_weight, double* d_bias) {
  scalar::norm_backward(norm, rows, x, mean, scale, d_y, d_x, d_weight, d_bias);
}

void add_rows(std::int64_t rows, std::int64_t C, const float* x, float* sums) {
  CLEARHEAD_CHOOSE(add_rows_f32)(rows, C, x, sums);
}

void add_rows(std::int64_t rows, std::int64_t C, const double* x, double* sums) {
  scalar::add_rows(rows, C, x, sums);
}

double sum_of_squares(std::int64_t n, const float* x) {
  return CLEARHEAD_CHOOSE(sum_of_squares_f32)(n, x);
}

double sum_of_squares(std::int64_t n, const double* x) { return scalar::sum_of_squares(n, x); }

}  // namespace clearhead::kernels
#endif
