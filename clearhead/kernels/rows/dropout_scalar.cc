// Dropout of an array: the scalar reference.
#include "clearhead/base/random.h"
#include "clearhead/kernels/rows/dropout.h"

namespace clearhead::kernels::scalar {

void dropout_bits(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                  std::int64_t first, std::int64_t blocks, std::uint8_t* bits) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  for (std::int64_t i = 0; i < blocks; ++i) {
    const auto block = static_cast<std::uint64_t>(first + i);
    const auto words =
        philox4x32({low(block), high(block), low(stream), high(stream)}, {low(seed), high(seed)});
    std::uint32_t byte = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      byte |= static_cast<std::uint32_t>((words[j] & 0xffffu) >= dropped) << 2 * j;
      byte |= static_cast<std::uint32_t>((words[j] >> 16) >= dropped) << (2 * j + 1);
    }
    bits[i] = static_cast<std::uint8_t>(byte);
  }
}

template <typename T>
void dropout(std::int64_t n, const T* x, const std::uint8_t* bits, T scale, T* y) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = bits[i / kDropoutBlock] >> (i % kDropoutBlock) & 1 ? x[i] * scale : T{0};
  }
}

template <typename T>
void dropout_add(std::int64_t n, const T* a, const T* x, const std::uint8_t* bits, T scale, T* y) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = a[i] + (bits[i / kDropoutBlock] >> (i % kDropoutBlock) & 1 ? x[i] * scale : T{0});
  }
}

template void dropout(std::int64_t, const float*, const std::uint8_t*, float, float*);
template void dropout(std::int64_t, const double*, const std::uint8_t*, double, double*);
template void dropout_add(std::int64_t, const float*, const float*, const std::uint8_t*, float,
                          float*);
template void dropout_add(std::int64_t, const double*, const double*, const std::uint8_t*, double,
                          double*);

}  // namespace clearhead::kernels::scalar
