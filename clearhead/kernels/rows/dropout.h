// Dropout: bits that say which numbers are kept, and arrays with the others set to 0.
#ifndef CLEARHEAD_KERNELS_ROWS_DROPOUT_H_
#define CLEARHEAD_KERNELS_ROWS_DROPOUT_H_

#include <cstdint>

namespace clearhead::kernels {

/// How many numbers one block of random words decides on: 4 words of 32 bits, 16 bits for each
/// number.
inline constexpr std::int64_t kDropoutBlock = 8;

/// Bit j of bits[i] says whether number j of block `first` + i is kept: 1 if the j-th half word
/// (low halves first) of philox4x32 (base/random.h), with counter (block, stream) and key `seed`,
/// is at least `dropped`. So the probability is 1 − dropped/65536. The bits are the same on every
/// target.
void dropout_bits(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                  std::int64_t first, std::int64_t blocks, std::uint8_t* bits);

/// y = x·scale where the bit is 1; else 0, even if x is NaN or infinite. For n numbers; y may be x.
/// `past_caches`: all of y is large (base/caches.h); f64 ignores it.
void dropout(std::int64_t n, const float* x, const std::uint8_t* bits, float scale, float* y,
             bool past_caches = false);
void dropout(std::int64_t n, const double* x, const std::uint8_t* bits, double scale, double* y,
             bool past_caches = false);

/// y = a + dropout(x), the same to the last bit.
void dropout_add(std::int64_t n, const float* a, const float* x, const std::uint8_t* bits,
                 float scale, float* y, bool past_caches = false);
void dropout_add(std::int64_t n, const double* a, const double* x, const std::uint8_t* bits,
                 double scale, double* y, bool past_caches = false);

/// The reference: the same as plain loops.
namespace scalar {
void dropout_bits(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                  std::int64_t first, std::int64_t blocks, std::uint8_t* bits);
template <typename T>
void dropout(std::int64_t n, const T* x, const std::uint8_t* bits, T scale, T* y);
template <typename T>
void dropout_add(std::int64_t n, const T* a, const T* x, const std::uint8_t* bits, T scale, T* y);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_DROPOUT_H_
