// Dropout of arrays, on all threads.
#include "clearhead/compute/dropout.h"

#include "clearhead/base/caches.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/dropout.h"

namespace clearhead::compute {

static_assert(kernels::kDropoutBlock == 8, "bits are kept by the byte");
static_assert(kPiece % kernels::kDropoutBlock == 0, "a piece begins with a byte of bits");

KeptBits::KeptBits(std::int64_t n, std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped)
    : bits_(static_cast<std::size_t>(ceil_div(n, kernels::kDropoutBlock))) {
  for_each_piece(static_cast<std::int64_t>(bits_.size()), kPiece / kernels::kDropoutBlock,
                 [&](std::int64_t begin, std::int64_t end) {
                   kernels::dropout_bits(seed, stream, dropped, begin, end - begin,
                                         bits_.data() + begin);
                 });
}

template <typename T>
void dropout(std::int64_t n, const T* x, const KeptBits& kept, T scale, T* y) {
  for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
    kernels::dropout(end - begin, x + begin, kept.from(begin), scale, y + begin, is_large(n));
  });
}

template <typename T>
void dropout_add(std::int64_t n, const T* a, const T* x, const KeptBits& kept, T scale, T* y) {
  for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
    kernels::dropout_add(end - begin, a + begin, x + begin, kept.from(begin), scale, y + begin,
                         is_large(n));
  });
}

#define CLEARHEAD_INSTANTIATE(T)                                         \
  template void dropout(std::int64_t, const T*, const KeptBits&, T, T*); \
  template void dropout_add(std::int64_t, const T*, const T*, const KeptBits&, T, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::compute
