// AdamW as its formula has it.
#include <cmath>

#include "clearhead/kernels/rows/adamw.h"

namespace clearhead::kernels {

template <typename T>
AdamwFactors<T> adamw_factors(const AdamwOptions& o) {
  const auto t = static_cast<double>(o.step);
  return {static_cast<T>(o.beta1),
          static_cast<T>(1 - o.beta1),
          static_cast<T>(o.beta2),
          static_cast<T>(1 - o.beta2),
          static_cast<T>(1 / (1 - std::pow(o.beta1, t))),
          static_cast<T>(1 / std::sqrt(1 - std::pow(o.beta2, t))),
          static_cast<T>(o.epsilon),
          static_cast<T>(o.learning_rate),
          static_cast<T>(1 - o.learning_rate * o.weight_decay)};
}

namespace scalar {

template <typename T>
void adamw(const AdamwOptions& options, std::int64_t n, const T* d_x, T* m, T* v, T* x) {
  const AdamwFactors<T> f = adamw_factors<T>(options);
  for (std::int64_t i = 0; i < n; ++i) {
    m[i] = f.beta1 * m[i] + f.rest1 * d_x[i];
    v[i] = f.beta2 * v[i] + f.rest2 * d_x[i] * d_x[i];
    const T m_hat = m[i] * f.correction1;
    const T root_v_hat = std::sqrt(v[i]) * f.correction2;
    x[i] = f.keep * x[i] - f.learning_rate * m_hat / (root_v_hat + f.epsilon);
  }
}

template void adamw(const AdamwOptions&, std::int64_t, const float*, float*, float*, float*);
template void adamw(const AdamwOptions&, std::int64_t, const double*, double*, double*, double*);

}  // namespace scalar

template AdamwFactors<float> adamw_factors(const AdamwOptions&);
template AdamwFactors<double> adamw_factors(const AdamwOptions&);

}  // namespace clearhead::kernels
