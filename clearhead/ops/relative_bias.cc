// y[0, h, t, s] = E[bucket(s − (first + t)), h]
//
//     E [buckets, H], y [1, H, T, S]
//     ∂L/∂E[k, h] = Σ ∂L/∂y[0, h, t, s] over the pairs t, s whose bucket is k
//
// Source: Raffel et al., "Exploring the limits of transfer learning" (2020), section 2.1; buckets
// as in their code.
#include "clearhead/ops/relative_bias.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

std::int64_t relative_bucket(std::int64_t key_minus_query, std::int64_t buckets,
                             const RelativeBiasOptions& options) {
  std::int64_t first = 0;  // bucket of the distance 0
  std::int64_t distance = std::max<std::int64_t>(-key_minus_query, 0);
  if (options.bidirectional) {
    buckets /= 2;
    if (key_minus_query > 0) first = buckets;
    distance = std::abs(key_minus_query);
  }
  const std::int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  // exact … max_distance spread evenly, in the logarithm, over the buckets that are left
  const double share =
      std::log(static_cast<double>(distance) / static_cast<double>(exact)) /
      std::log(static_cast<double>(options.max_distance) / static_cast<double>(exact));
  const auto beyond = static_cast<std::int64_t>(share * static_cast<double>(buckets - exact));
  return first + std::min(exact + beyond, buckets - 1);
}

Var relative_bias(const Var& table, std::int64_t first, std::int64_t T, std::int64_t S,
                  const RelativeBiasOptions& options) {
  require_same_float("relative_bias", {table});
  const std::int64_t fewest = options.bidirectional ? 4 : 2;
  if (table.rank() != 2 || table.size(0) < fewest ||
      options.max_distance <= table.size(0) / fewest) {
    throw Error("relative_bias: expected a table [buckets, heads] of at least " +
                std::to_string(fewest) + " buckets, and a max_distance beyond the " +
                (options.bidirectional ? "fourth" : "half") + " of them, got " +
                to_string(table.shape()) + " and " + std::to_string(options.max_distance));
  }
  const std::int64_t H = table.size(1);
  const Tensor rows = table.value().contiguous();
  // buckets[T − 1 + first … ]: of each distance s − (first + t), from 1 − first − T up
  const std::int64_t lowest = 1 - first - T;
  std::vector<std::int64_t> bucket;
  for (std::int64_t distance = lowest; distance < S - first; ++distance) {
    bucket.push_back(relative_bucket(distance, table.size(0), options));
  }
  const auto bucket_of = [bucket, lowest, first](std::int64_t t, std::int64_t s) {
    return bucket[static_cast<std::size_t>(s - first - t - lowest)];
  };

  Tensor y_value = Tensor::empty({1, H, T, S}, table.dtype());
  with_float(table.dtype(), [&](auto zero) {
    using Number = decltype(zero);
    const Number* from = rows.data<Number>();
    Number* out = y_value.mutable_data<Number>();
    parallel_for(H * T, [&](std::int64_t row) {
      const std::int64_t h = row / T, t = row % T;
      for (std::int64_t s = 0; s < S; ++s) {
        out[row * S + s] = from[bucket_of(t, s) * H + h];  // y = E[bucket, h]
      }
    });
  });
  return table.tape().record("relative_bias", {table}, y_value, [&](Record& op) {
    op.formula = "{0}[bucket(key - query)]";
    op.backward = [bucket_of, H, T, S](const Tensor& d_y, Gradients& gradients) {
      with_float(d_y.dtype(), [&](auto zero) {
        using Number = decltype(zero);
        const Number* d = d_y.data<Number>();
        Number* d_rows = gradients.data<Number>(0);
        parallel_for(H, [&](std::int64_t h) {  // y = E[bucket, h]
          for (std::int64_t t = 0; t < T; ++t) {
            for (std::int64_t s = 0; s < S; ++s) {
              d_rows[bucket_of(t, s) * H + h] += d[(h * T + t) * S + s];
            }
          }
        });
      });
    };
    op.explain = [bucket_of](const Var& y, const Index& index) {
      return moved_from(operand(y.input(0), {bucket_of(index[2], index[3]), index[1]}));
    };
  });
}

}  // namespace clearhead
