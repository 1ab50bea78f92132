// Arrays at any misalignment, between guards that show what writes beyond them.
#ifndef CLEARHEAD_TESTS_KERNELS_ARRAYS_H_
#define CLEARHEAD_TESTS_KERNELS_ARRAYS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/base/workspace.h"

namespace clearhead::testing {

/// The lanes of the widest vector, AVX-512's; sizes to 2·kLanes + 1 and shifts below kLanes reach
/// every path of a loop over vectors.
inline constexpr std::int64_t kLanes = 16;

/// `values`, from `shift` numbers after a multiple of 64 bytes on.
class Misaligned {
 public:
  Misaligned(const std::vector<float>& values, std::int64_t shift)
      : n_(static_cast<std::int64_t>(values.size())), shift_(shift), memory_(shift + n_ + kLanes) {
    std::fill_n(memory_.get(), shift + n_ + kLanes, kGuard);
    std::copy(values.begin(), values.end(), data());
  }

  float* data() { return memory_.get() + shift_; }
  std::vector<float> values() { return {data(), data() + n_}; }

  void expect_guards() {
    for (std::int64_t i = 0; i < shift_ + n_ + kLanes; ++i) {
      if (i == shift_) i += n_;
      ASSERT_EQ(memory_.get()[i], kGuard) << "place " << i - shift_ << " of " << n_;
    }
  }

 private:
  static constexpr float kGuard = 12345;
  std::int64_t n_;
  std::int64_t shift_;
  Workspace<float> memory_;
};

inline std::vector<float> random_floats(std::int64_t n, std::uint64_t stream, double size = 1) {
  Random random(17, stream);
  std::vector<float> numbers(static_cast<std::size_t>(n));
  for (float& x : numbers) x = static_cast<float>(size * random.normal());
  return numbers;
}

inline std::vector<double> in_f64(const std::vector<float>& x) { return {x.begin(), x.end()}; }

/// Calls f(n, shift) for every size up to twice the widest vector and one, at some shift, and for
/// every misalignment.
template <typename F>
void for_each_size_and_shift(const F& f) {
  for (std::int64_t n = 0; n <= 2 * kLanes + 1; ++n) f(n, n * 5 % kLanes);
  for (std::int64_t shift = 0; shift < kLanes; ++shift) f(4 * kLanes + 7, shift);
}

}  // namespace clearhead::testing

#endif  // CLEARHEAD_TESTS_KERNELS_ARRAYS_H_
