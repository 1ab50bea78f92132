// (y_a, y_b) = (a·cos − b·sin, a·sin + b·cos) for each pair of channels (a, b); y = x for the rest
//
//     x, y [B, H, T, D]; cos, sin [P, n] or [B, P, n]; 2·n ≤ D
//     pairs: channels (2i, 2i + 1) if interleaved, else (i, i + n)
//     ∂L/∂a = ∂L/∂y_a·cos + ∂L/∂y_b·sin      ∂L/∂b = −∂L/∂y_a·sin + ∂L/∂y_b·cos:
//     a turn by the opposite angle
//
// Source: Su et al., "RoFormer: Enhanced transformer with rotary position embedding" (2021),
// equation 34.
#include "clearhead/ops/rotary.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/compute/rotary.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

using compute::Turn;

[[noreturn]] void refuse(const std::string& message) { throw Error("rotary: " + message); }

void check_ids(const Tensor& ids, const Var& x, const Tensor& cos) {
  if (ids.dtype() != DType::i64 || ids.shape() != Shape{x.size(0), x.size(2)} || cos.rank() != 2) {
    refuse("position_ids: expected i64 " + to_string(Shape{x.size(0), x.size(2)}) +
           " and cos and sin [positions, n], got " + std::string(dtype_name(ids.dtype())) + " " +
           to_string(ids.shape()) + " and " + to_string(cos.shape()));
  }
  for (std::int64_t i = 0; i < ids.count(); ++i) {
    const std::int64_t id = ids.data<std::int64_t>()[i];
    if (id < 0 || id >= cos.size(0)) {
      refuse("position " + std::to_string(id) + " is none of the " + std::to_string(cos.size(0)) +
             " of cos and sin");
    }
  }
}

Turn prepare(const Var& x, const RotaryAngles& angles, const RotaryOptions& options) {
  require_same_float("rotary", {x});
  const Tensor& cos = angles.cos;
  const std::string got = ", got x " + to_string(x.shape()) + ", cos " + to_string(cos.shape()) +
                          " and sin " + to_string(angles.sin.shape());
  if (x.rank() != 4 || (cos.rank() != 2 && cos.rank() != 3) || angles.sin.shape() != cos.shape() ||
      cos.dtype() != x.dtype() || angles.sin.dtype() != x.dtype()) {
    refuse(
        "expected x [B, H, T, D], and cos and sin [positions, n] or [B, positions, n] of its type" +
        got);
  }
  if (2 * cos.size(-1) > x.size(3)) refuse("expected at most D/2 angles" + got);
  if (cos.rank() == 3 && cos.size(0) != x.size(0)) refuse("expected angles of each batch" + got);
  Turn turn;
  turn.cos = cos.contiguous();
  turn.sin = angles.sin.contiguous();
  if (options.position_ids.defined()) {
    turn.position_ids = options.position_ids.contiguous();
    check_ids(turn.position_ids, x, cos);
  } else if (cos.size(-2) < x.size(2)) {
    refuse("expected angles of each position" + got);
  }
  turn.n = cos.size(-1);
  turn.step = options.interleaved ? 2 : 1;
  turn.apart = options.interleaved ? 1 : turn.n;
  return turn;
}

Calculation explain_turn(const Var& x, const Turn& turn, const Index& index) {
  const std::int64_t d = index[3];
  if (d >= 2 * turn.n) return moved_from(operand(x, index));
  const bool is_a = turn.step == 2 ? d % 2 == 0 : d < turn.n;
  const std::int64_t at_a = is_a ? d : d - turn.apart;
  Index in_a = index, in_b = index;
  in_a[3] = at_a;
  in_b[3] = at_a + turn.apart;
  const Operand a = operand(x, in_a), b = operand(x, in_b);
  const std::int64_t angle = turn.row(index[0], index[2], x.size(2)) + at_a / turn.step;
  const Tensor cosines = turn.cos.reshape({-1}), sines = turn.sin.reshape({-1});
  const double cos = cosines.at({angle}), sin = sines.at({angle});
  const auto product = [](double u, double v) {
    return format_number(u, true) + "·" + format_number(v, true);
  };
  if (is_a) {
    return {{a, b},
            product(a.value, cos) + " - " + product(b.value, sin),
            a.value * cos - b.value * sin};
  }
  return {
      {a, b}, product(a.value, sin) + " + " + product(b.value, cos), a.value * sin + b.value * cos};
}

}  // namespace

std::vector<double> rotary_frequencies(std::int64_t dim, double theta) {
  if (dim < 0 || dim % 2 != 0) {
    refuse("expected an even number of channels to turn, got " + std::to_string(dim));
  }
  std::vector<double> frequencies;
  for (std::int64_t i = 0; i < dim / 2; ++i) {
    frequencies.push_back(
        std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(dim)));
  }
  return frequencies;
}

RotaryAngles rotary_angles(std::int64_t first, std::int64_t T, std::span<const double> frequencies,
                           double factor, DType dtype) {
  const std::int64_t n = std::ssize(frequencies);
  Tensor cos = Tensor::empty({T, n}, DType::f64), sin = Tensor::empty({T, n}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t t = 0; t < T; ++t) {
      const double angle =
          static_cast<double>(first + t) * frequencies[static_cast<std::size_t>(i)];
      cos.mutable_data<double>()[t * n + i] = factor * std::cos(angle);
      sin.mutable_data<double>()[t * n + i] = factor * std::sin(angle);
    }
  }
  return {cos.to(dtype), sin.to(dtype)};
}

RotaryAngles rotary_angles(std::int64_t first, std::int64_t T, std::int64_t dim, double theta,
                           DType dtype) {
  return rotary_angles(first, T, rotary_frequencies(dim, theta), /*factor=*/1, dtype);
}

Var rotary(const Var& x, const RotaryAngles& angles, const RotaryOptions& options) {
  const Turn turn = prepare(x, angles, options);
  const Tensor y_value = compute::turned(with_dense_rows(x.value()), turn, /*back=*/false);
  return x.tape().record("rotary", {x}, y_value, [&](Record& op) {
    op.formula = "{0} turned by its positions";
    op.backward = [turn](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, compute::turned(d_y, turn, /*back=*/true));  // y = x turned
    };
    op.explain = [turn](const Var& y, const Index& index) {
      return explain_turn(y.input(0), turn, index);
    };
  });
}

}  // namespace clearhead
