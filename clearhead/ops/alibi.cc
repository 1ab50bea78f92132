// y[0, h, t, s] = −m_h·|first + t − s|
//
//     y [1, H, T, S]; m_h the slope of head h. Nothing here is learned.
//
// Source: Press, Smith and Lewis, "Train short, test long" (2022), section 3.
#include "clearhead/ops/alibi.h"

#include <bit>
#include <cmath>
#include <cstdlib>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

std::vector<double> alibi_slopes(std::int64_t heads) {
  if (heads < 1) throw Error("alibi: expected at least 1 head, got " + std::to_string(heads));
  const auto power = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(heads)));
  std::vector<double> slopes;
  for (std::int64_t h = 1; h <= power; ++h) {
    slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(power)));
  }
  for (std::int64_t h = 1; static_cast<std::int64_t>(slopes.size()) < heads; h += 2) {
    slopes.push_back(std::exp2(-4.0 * static_cast<double>(h) / static_cast<double>(power)));
  }
  return slopes;
}

Var alibi(Tape tape, std::int64_t heads, std::int64_t first, std::int64_t T, std::int64_t S,
          DType dtype) {
  if (dtype != DType::f32 && dtype != DType::f64) {
    throw Error("alibi: expected f32 or f64, got " + std::string(dtype_name(dtype)));
  }
  const std::vector<double> slopes = alibi_slopes(heads);

  Tensor y_value = Tensor::empty({1, heads, T, S}, dtype);
  with_float(dtype, [&](auto zero) {
    using Number = decltype(zero);
    Number* out = y_value.mutable_data<Number>();
    parallel_for(heads * T, [&](std::int64_t row) {
      const auto slope = static_cast<Number>(slopes[static_cast<std::size_t>(row / T)]);
      const std::int64_t position = first + row % T;
      for (std::int64_t s = 0; s < S; ++s) {
        out[row * S + s] = -slope * static_cast<Number>(std::abs(position - s));
      }
    });
  });
  return tape.record("alibi", {}, y_value, [&](Record& op) {
    op.formula = "-slope · |query - key|";
    op.explain = [slopes, first](const Var&, const Index& index) {
      const double slope = slopes[static_cast<std::size_t>(index[1])];
      const std::int64_t distance = std::abs(first + index[2] - index[3]);
      return Calculation{{},
                         "-" + format_number(slope) + " · " + std::to_string(distance),
                         -slope * static_cast<double>(distance)};
    };
  });
}

}  // namespace clearhead
