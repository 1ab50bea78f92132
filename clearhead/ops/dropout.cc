// y = x ⊙ kept / (1 − rate)
//
//     x, kept, y [...]; kept is 1 with probability 1 − rate, else 0
//     ∂L/∂x = ∂L/∂y ⊙ kept / (1 − rate)
//
// `kept` is held as bits, a 32nd of x.
//
// Source: Srivastava et al., "Dropout" (2014), in the form that leaves evaluation as it is.
#include "clearhead/ops/dropout.h"

#include <cmath>
#include <memory>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

// A block of random numbers, 128 bits, decides on 8 elements, 16 bits on each.
constexpr std::int64_t kBlock = 8;
constexpr double kSteps = 65536;

// Bit j of byte i: whether element 8·i + j is kept, as those 16 bits are not below `dropped`.
std::vector<std::uint8_t> kept_bits(std::int64_t count, const RandomStream& random,
                                    std::uint32_t dropped) {
  std::vector<std::uint8_t> bits(static_cast<std::size_t>((count + kBlock - 1) / kBlock));
  for_each_piece(
      static_cast<std::int64_t>(bits.size()), kPiece / kBlock,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const auto block = static_cast<std::uint64_t>(i);
          const auto words = philox4x32(
              {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
               static_cast<std::uint32_t>(random.stream),
               static_cast<std::uint32_t>(random.stream >> 32)},
              {static_cast<std::uint32_t>(random.seed),
               static_cast<std::uint32_t>(random.seed >> 32)});
          std::uint32_t byte = 0;
          for (std::size_t j = 0; j < 4; ++j) {
            byte |= static_cast<std::uint32_t>((words[j] & 0xffffu) >= dropped) << 2 * j;
            byte |= static_cast<std::uint32_t>((words[j] >> 16) >= dropped) << (2 * j + 1);
          }
          bits[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(byte);
        }
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
    const T scale = static_cast<T>(factor);
    for_each_piece(x.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const bool kept = bits[static_cast<std::size_t>(i / kBlock)] >> (i % kBlock) & 1;
        out[i] = kept ? in[i] * scale : T{0};
      }
    });
  });
  return y;
}

}  // namespace

Var dropout(const Var& x, double rate, const RandomStream& random) {
  require_same_float("dropout", {x});
  if (!(rate >= 0 && rate < 1)) {
    throw Error("dropout: expected a rate of at least 0 and below 1, got " + format_number(rate));
  }
  const double dropped = std::min(std::round(rate * kSteps), kSteps - 1);
  if (dropped == 0) return x;
  const double factor = kSteps / (kSteps - dropped);
  const auto bits = std::make_shared<const std::vector<std::uint8_t>>(
      kept_bits(element_count(x.shape()), random, static_cast<std::uint32_t>(dropped)));

  Operation op{.kind = "dropout", .formula = "dropout({0})", .inputs = {x}};
  op.value = keep(x.value(), *bits, factor);  // y = x ⊙ kept / (1 − rate)
  op.backward = [bits, factor](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, keep(d_y, *bits, factor));  // y = x ⊙ kept / (1 − rate)
  };
  op.explain = [x, bits, factor, shape = x.shape()](const Index& index) {
    std::int64_t i = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) i = i * shape[axis] + index[axis];
    const Operand from = operand(x, index);
    if ((*bits)[static_cast<std::size_t>(i / kBlock)] >> (i % kBlock) & 1) {
      return Calculation{
          {from}, format_number(from.value) + " · " + format_number(factor), from.value * factor};
    }
    return Calculation{{from}, "0 (dropped)", 0};
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
