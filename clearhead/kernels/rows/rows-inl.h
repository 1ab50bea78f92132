// Walking along a row of any length and alignment, and sums over it: what the elementwise and row
// kernels share. Part of their source files, compiled once for each target.
#if defined(CLEARHEAD_KERNELS_ROWS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLEARHEAD_KERNELS_ROWS_ROWS_INL_H_
#undef CLEARHEAD_KERNELS_ROWS_ROWS_INL_H_
#else
#define CLEARHEAD_KERNELS_ROWS_ROWS_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include "clearhead/kernels/targets/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

// A whole vector of a row.
struct Whole {
  static HWY_INLINE Vec load(const float* from) { return hn::LoadU(Floats(), from); }
  static HWY_INLINE void store(Vec x, float* to, bool past_caches = false) {
    past_caches ? hn::Stream(x, Floats(), to) : hn::StoreU(x, Floats(), to);
  }
  static HWY_INLINE Vec or_zero(Vec x) { return x; }
  static HWY_INLINE Vec or_else(Vec x, Vec) { return x; }
};

// The end of a row: the first `count` lanes. Neither reads nor writes past it; load gives 0 there.
struct Part {
  std::int64_t count;

  HWY_INLINE auto mask() const { return hn::FirstN(Floats(), static_cast<std::size_t>(count)); }
#if HWY_MEM_OPS_MIGHT_FAULT  // a masked load touches all of the memory
  HWY_INLINE Vec load(const float* from) const {
    HWY_ALIGN float lanes[kLanes] = {};
    std::copy_n(from, count, lanes);
    return hn::Load(Floats(), lanes);
  }
  HWY_INLINE void store(Vec x, float* to, bool /*past_caches*/ = false) const {
    HWY_ALIGN float lanes[kLanes];
    hn::Store(x, Floats(), lanes);
    std::copy_n(lanes, count, to);
  }
#else
  HWY_INLINE Vec load(const float* from) const { return hn::MaskedLoad(mask(), Floats(), from); }
  HWY_INLINE void store(Vec x, float* to, bool /*past_caches*/ = false) const {
    hn::BlendedStore(x, mask(), Floats(), to);
  }
#endif
  HWY_INLINE Vec or_zero(Vec x) const { return hn::IfThenElseZero(mask(), x); }
  HWY_INLINE Vec or_else(Vec x, Vec other) const { return hn::IfThenElse(mask(), x, other); }
};

// Whether whole vectors may be stored past the caches from y on, and after each row of C numbers.
HWY_INLINE bool can_stream(const float* y, std::int64_t C) {
  return reinterpret_cast<std::uintptr_t>(y) % HWY_MAX_BYTES == 0 && C % kLanes == 0;
}

// Calls f(i, Whole or Part) for the vectors of a row of n numbers.
template <typename F>
HWY_INLINE void for_each_vector(std::int64_t n, const F& f) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) f(i, Whole());
  if (i < n) f(i, Part{n - i});
}

// A sum in f64, so that a long row loses no digits.
#if HWY_HAVE_FLOAT64
class Sum {
 public:
  HWY_INLINE Sum() : lower_(hn::Zero(Doubles())), upper_(hn::Zero(Doubles())) {}

  HWY_INLINE void add(Vec x) {
    lower_ = hn::Add(lower_, hn::PromoteTo(Doubles(), hn::LowerHalf(x)));
    upper_ = hn::Add(upper_, hn::PromoteTo(Doubles(), hn::UpperHalf(Half(), x)));
  }
  // x², which as an f32 might overflow
  HWY_INLINE void add_square(Vec x) {
    const auto lower = hn::PromoteTo(Doubles(), hn::LowerHalf(x));
    const auto upper = hn::PromoteTo(Doubles(), hn::UpperHalf(Half(), x));
    lower_ = hn::MulAdd(lower, lower, lower_);
    upper_ = hn::MulAdd(upper, upper, upper_);
  }
  HWY_INLINE double total() const {
    return hn::GetLane(hn::SumOfLanes(Doubles(), hn::Add(lower_, upper_)));
  }

 private:
  using Doubles = hn::Repartition<double, Floats>;
  using Half = hn::Half<Floats>;

  hn::Vec<Doubles> lower_;
  hn::Vec<Doubles> upper_;
};
#else  // such as WebAssembly in Highway 1.0
class Sum {
 public:
  void add(Vec x) {
    HWY_ALIGN float lanes[kLanes];
    hn::Store(x, Floats(), lanes);
    for (const float lane : lanes) total_ += static_cast<double>(lane);
  }
  void add_square(Vec x) {
    HWY_ALIGN float lanes[kLanes];
    hn::Store(x, Floats(), lanes);
    for (const float lane : lanes) total_ += static_cast<double>(lane) * static_cast<double>(lane);
  }
  double total() const { return total_; }

 private:
  double total_ = 0;
};
#endif

// The largest of a row, −inf of an empty one; any number if there is a NaN.
HWY_INLINE float largest(std::int64_t n, const float* x) {
  const Floats d;
  const Vec lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  Vec max[4] = {lowest, lowest, lowest, lowest};  // a maximum takes 4 cycles, and 2 start in each
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (std::int64_t v = 0; v < 4; ++v) {
      max[v] = hn::Max(Whole::load(x + i + v * kLanes), max[v]);
    }
  }
  for_each_vector(n - i, [&](std::int64_t j, auto part) HWY_ATTR {
    max[0] = hn::Max(part.or_else(part.load(x + i + j), lowest), max[0]);
  });
  const Vec all = hn::Max(hn::Max(max[0], max[1]), hn::Max(max[2], max[3]));
  return hn::GetLane(hn::MaxOfLanes(d, all));
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CLEARHEAD_KERNELS_ROWS_ROWS_INL_H_
