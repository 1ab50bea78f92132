// Dropout of arrays, on all threads.
#ifndef CLEARHEAD_COMPUTE_DROPOUT_H_
#define CLEARHEAD_COMPUTE_DROPOUT_H_

#include <cstdint>
#include <vector>

namespace clearhead::compute {

/// One bit for each of n numbers, lowest first: whether it is kept, which has the probability 1 −
/// dropped/65536. Draw i of the stream decides on number i. The bits are the same on every
/// processor.
class KeptBits {
 public:
  KeptBits() = default;
  /// Draws the bits of n numbers.
  KeptBits(std::int64_t n, std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped);

  /// Whether number i is kept.
  bool operator[](std::int64_t i) const {
    return (bits_[static_cast<std::size_t>(i / 8)] >> (i % 8) & 1) != 0;
  }
  /// From number i on, a multiple of 8.
  const std::uint8_t* from(std::int64_t i) const { return bits_.data() + i / 8; }

 private:
  std::vector<std::uint8_t> bits_;
};

/// y = x·scale where a number is kept; else 0, even if x is NaN or infinite. For n numbers, float
/// or double.
template <typename T>
void dropout(std::int64_t n, const T* x, const KeptBits& kept, T scale, T* y);

/// y = a + dropout(x), with the same bits as `dropout` and then a sum.
template <typename T>
void dropout_add(std::int64_t n, const T* a, const T* x, const KeptBits& kept, T scale, T* y);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_DROPOUT_H_
