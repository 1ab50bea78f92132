// y = x ⊙ kept / (1 − rate)
//
//     x, kept, y [...]; kept is 1 with probability 1 − rate, else 0
//     ∂L/∂x = ∂L/∂y ⊙ kept / (1 − rate)
//
// and dropout_add: y = a + x ⊙ kept / (1 − rate). `kept` is held as bits, a 32nd of x. The loops are kernels/dropout.h.
//
// Source: Srivastava et al., "Dropout" (2014), in the form that leaves evaluation as it is.
#include "clearhead/ops/dropout.h"

#include <cmath>
#include <memory>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/kernels/rows/dropout.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

using kernels::kDropoutBlock;

constexpr double kSteps = 65536;  // that a probability is counted in

std::vector<std::uint8_t> kept_bits(std::int64_t count, const RandomStream& random,
                                    std::uint32_t dropped) {
  std::vector<std::uint8_t> bits(
      static_cast<std::size_t>((count + kDropoutBlock - 1) / kDropoutBlock));
  for_each_piece(static_cast<std::int64_t>(bits.size()), kPiece / kDropoutBlock,
                 [&](std::int64_t begin, std::int64_t end) {
                   kernels::dropout_bits(random.seed, random.stream, dropped, begin, end - begin,
                                         bits.data() + begin);
                 });
  return bits;
}

// x ⊙ kept · factor
Tensor keep(const Tensor& x, const std::vector<std::uint8_t>& bits, double factor) {
  const Tensor from = x.contiguous();
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* in = from.data<T>();
    T* out = y.mutable_data<T>();
    for_each_piece(x.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      kernels::dropout(end - begin, in + begin, bits.data() + begin / kDropoutBlock,
                       static_cast<T>(factor), out + begin);
    });
  });
  return y;
}

// What a call of either operation does with each number of x; keeps all if the rate is below a step.
struct Dropped {
  Dropped(const Var& x, double rate, const RandomStream& random) {
    const double dropped = std::min(std::round(rate * kSteps), kSteps - 1);
    keeps_all = dropped == 0;
    if (keeps_all) return;
    factor = kSteps / (kSteps - dropped);
    bits = std::make_shared<const std::vector<std::uint8_t>>(
        kept_bits(element_count(x.shape()), random, static_cast<std::uint32_t>(dropped)));
  }

  bool keeps_all;
  double factor = 1;
  std::shared_ptr<const std::vector<std::uint8_t>> bits;
};

void check_rate(const char* operation, double rate) {
  if (rate >= 0 && rate < 1) return;
  throw Error(std::string(operation) + ": expected a rate of at least 0 and below 1, got " +
              format_number(rate));
}

}  // namespace

Var dropout(const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout", {x});
  check_rate("dropout", rate);
  const Dropped dropped(x, rate, random);
  if (dropped.keeps_all) return x;
  const auto bits = dropped.bits;
  const double factor = dropped.factor;

  Operation op{.kind = "dropout", .formula = "dropout({0})", .inputs = {x}};
  op.value = keep(x.value(), *bits, factor);  // y = x ⊙ kept / (1 − rate)
  op.backward = [bits, factor](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, keep(d_y, *bits, factor));  // y = x ⊙ kept / (1 − rate)
  };
  op.explain = [x, bits, factor, shape = x.shape()](const Index& index) {
    std::int64_t i = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) i = i * shape[axis] + index[axis];
    const Operand from = operand(x, index);
    if ((*bits)[static_cast<std::size_t>(i / kDropoutBlock)] >> (i % kDropoutBlock) & 1) {
      return Calculation{
          {from}, format_number(from.value) + " · " + format_number(factor), from.value * factor};
    }
    return Calculation{{from}, "0 (dropped)", 0};
  };
  return x.tape().record(std::move(op));
}

Var dropout_add(const Var& a, const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout_add", {a, x});
  check_rate("dropout_add", rate);
  if (a.shape() != x.shape()) {
    throw Error("dropout_add: expected operands of one shape, got " + to_string(a.shape()) +
                " and " + to_string(x.shape()));
  }
  if (a.tape().keep() == Keep::everything) return add(a, dropout(x, rate, random));
  const Dropped dropped(x, rate, random);
  if (dropped.keeps_all) return add(a, x);

  Operation op{.kind = "dropout_add", .formula = "{0} + dropout({1})", .inputs = {a, x}};
  const Tensor a_value = a.value().contiguous(), x_value = x.value().contiguous();
  op.value = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T *from_a = a_value.data<T>(), *from_x = x_value.data<T>();
    T* y = op.value.mutable_data<T>();
    for_each_piece(x_value.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      kernels::dropout_add(end - begin, from_a + begin, from_x + begin,
                           dropped.bits->data() + begin / kDropoutBlock,
                           static_cast<T>(dropped.factor), y + begin);
    });
  });
  op.backward = [dropped](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, d_y);  // y = a + …
    if (gradients.wanted(1)) {        // y = … + x ⊙ kept / (1 − rate)
      add_gradient(gradients, 1, keep(d_y, *dropped.bits, dropped.factor));
    }
  };
  return a.tape().record(std::move(op));
}

}  // namespace clearhead
