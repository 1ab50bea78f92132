// Division of whole numbers, rounded up: how many pieces make a whole.
#ifndef CLEARHEAD_BASE_CEIL_DIV_H_
#define CLEARHEAD_BASE_CEIL_DIV_H_

#include <type_traits>

namespace clearhead {

// Always inlined: a file that is compiled for instructions which not every processor has must leave
// no copy that other files could be linked to (kernels/targets/tiles-inl.h).

/// ⌈n / by⌉ for n ≥ 0 and by > 0.
template <typename Integer>
[[gnu::always_inline]] constexpr Integer ceil_div(Integer n, std::type_identity_t<Integer> by) {
  return (n + by - 1) / by;
}

/// The smallest multiple of `of` that is not below n, for n ≥ 0 and of > 0.
template <typename Integer>
[[gnu::always_inline]] constexpr Integer round_up(Integer n, std::type_identity_t<Integer> of) {
  return ceil_div(n, of) * of;
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_CEIL_DIV_H_
