// y[…, s, :] = what was there for s < P, x[…, s − P, :] from there on
//
//     x [B, H, T, D], y [B, H, P + T, D]
#include "clearhead/ops/append.h"

#include <algorithm>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

// Copies `from` to the positions [begin, …) of axis 2 of `memory`.
void write_at(Tensor& memory, std::int64_t begin, const Tensor& from) {
  const std::int64_t T = from.size(2), room = memory.size(2);
  const Tensor rows = from.contiguous();
  with_dtype(memory.dtype(), [&](auto zero) {
    using N = decltype(zero);
    const std::int64_t D = from.size(3);
    N* to = memory.mutable_data<N>();
    for (std::int64_t i = 0; i < from.size(0) * from.size(1); ++i) {
      std::copy_n(rows.data<N>() + i * T * D, T * D, to + (i * room + begin) * D);
    }
  });
}

}  // namespace

Var append(Growing& growing, const Var& x) {
  const std::int64_t P = growing.length, T = x.rank() == 4 ? x.size(2) : 0;
  const Tensor& old = growing.memory;
  const bool fits = !old.defined() || (x.dtype() == old.dtype() && x.size(0) == old.size(0) &&
                                       x.size(1) == old.size(1) && x.size(3) == old.size(3));
  if (x.rank() != 4 || !fits) {
    throw Error("append: expected [B, H, T, D]" +
                (old.defined() ? " to continue " + to_string(growing.view().shape()) + " of " +
                                     std::string(dtype_name(old.dtype()))
                               : "") +
                ", got " + to_string(x.shape()) + " of " + std::string(dtype_name(x.dtype())));
  }
  if (!old.defined() || P + T > old.size(2)) {
    constexpr std::int64_t kLeastRoom = 64;
    const std::int64_t room = std::max({kLeastRoom, P + T, 2 * P});
    Tensor larger = Tensor::empty({x.size(0), x.size(1), room, x.size(3)}, x.dtype());
    if (P > 0) write_at(larger, 0, growing.view());
    growing.memory = larger;
  }
  write_at(growing.memory, P, x.value());
  growing.length = P + T;
  return x.tape().record("append", {x}, growing.view(), [&](Record& op) {
    op.formula = std::to_string(P) + " before, continued by {0}";
    op.explain = [P](const Var& y, Index index) {
      if (index[2] < P) {
        const double number = y.value().at(index);
        return Calculation{{}, format_number(number) + " (from an earlier step)", number};
      }
      index[2] -= P;
      return moved_from(operand(y.input(0), index));
    };
  });
}

}  // namespace clearhead
