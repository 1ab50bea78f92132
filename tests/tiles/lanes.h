// The vectors of the model of instructions (immintrin.h), and what the instructions are made of.
#ifndef CLEARHEAD_TESTS_TILES_LANES_H_
#define CLEARHEAD_TESTS_TILES_LANES_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

typedef float __m512 __attribute__((vector_size(64), may_alias));
typedef double __m512d __attribute__((vector_size(64), may_alias));
typedef long long __m512i __attribute__((vector_size(64), may_alias));
typedef short __m512bh __attribute__((vector_size(64), may_alias));
typedef float __m256 __attribute__((vector_size(32), may_alias));
typedef long long __m256i __attribute__((vector_size(32), may_alias));
typedef signed char __m128i __attribute__((vector_size(16), may_alias));
typedef std::uint16_t __mmask16;
typedef std::uint64_t __mmask64;

// The numbers that the manual gives to kinds of comparison, rounding and prefetching.
enum { _CMP_EQ_OQ = 0, _CMP_NEQ_UQ = 4, _CMP_LT_OQ = 17, _CMP_LE_OQ = 18, _CMP_NLE_UQ = 22 };
enum { _CMP_GE_OQ = 29, _CMP_GT_OQ = 30 };
enum { _MM_FROUND_TO_POS_INF = 2, _MM_MANT_NORM_1_2 = 0, _MM_MANT_SIGN_src = 0 };
enum { _MM_HINT_T0, _MM_HINT_T1 };

namespace {
namespace model {

using U8 = std::uint8_t __attribute__((vector_size(64)));
using I16 = std::int16_t __attribute__((vector_size(64)));
using U16 = std::uint16_t __attribute__((vector_size(64)));
using I32 = std::int32_t __attribute__((vector_size(64)));
using U32 = std::uint32_t __attribute__((vector_size(64)));

[[noreturn]] inline void refuse(const char* what) {
  std::fprintf(stderr, "model of tiles: %s\n", what);
  std::abort();
}

// The same bits as another type.
template <typename To, typename From>
To as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// A vector whose number i is f(i).
template <typename V, typename F>
V each(const F& f) {
  V v;
  constexpr int kLanes = sizeof v / sizeof v[0];
  for (int i = 0; i < kLanes; ++i) v[i] = f(i);
  return v;
}

inline bool has(std::uint64_t mask, int lane) { return (mask >> lane & 1) != 0; }

// `x` where the mask has a bit, else `otherwise`.
inline __m512 blend(__mmask16 mask, __m512 x, __m512 otherwise) {
  return each<__m512>([&](int i) { return has(mask, i) ? x[i] : otherwise[i]; });
}

// A mask of the lanes for which f(lane) holds.
template <typename F>
__mmask16 mask_of(const F& f) {
  unsigned mask = 0;
  for (int i = 0; i < 16; ++i) mask |= static_cast<unsigned>(f(i)) << i;
  return static_cast<__mmask16>(mask);
}

template <typename V>
V load(const void* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <typename V>
V load_aligned(const void* from) {
  if (reinterpret_cast<std::uintptr_t>(from) % sizeof(V) != 0) refuse("a load is not aligned");
  return load<V>(from);
}

template <typename V>
void store(void* to, const V& v) {
  std::memcpy(to, &v, sizeof v);
}

template <typename V>
void store_aligned(void* to, const V& v) {
  if (reinterpret_cast<std::uintptr_t>(to) % sizeof(V) != 0) refuse("a store is not aligned");
  store(to, v);
}

// In each 16 bytes the numbers of a and b take turns: those of the lower 8 bytes, or of the upper.
template <typename V>
V unpack(const V& a, const V& b, bool upper) {
  constexpr int kOfLane = 16 / sizeof a[0];
  return each<V>([&](int i) {
    const int from = i / kOfLane * kOfLane + i % kOfLane / 2 + (upper ? kOfLane / 2 : 0);
    return i % 2 == 0 ? a[from] : b[from];
  });
}

// Upper half with lower half, until one number is left.
template <typename V, typename F>
auto reduce(V v, const F& f) {
  for (int n = sizeof v / sizeof v[0] / 2; n > 0; n /= 2) {
    for (int i = 0; i < n; ++i) v[i] = f(v[i + n], v[i]);
  }
  return v[0];
}

}  // namespace model
}  // namespace

#endif  // CLEARHEAD_TESTS_TILES_LANES_H_
