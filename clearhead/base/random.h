// Counter-based random numbers: value i of a stream is a function of (seed, stream, i) alone, so
// the order in which numbers are drawn, and by how many threads, does not matter.
//
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): Philox 4x32 with
// 10 rounds.
#ifndef CLEARHEAD_BASE_RANDOM_H_
#define CLEARHEAD_BASE_RANDOM_H_

#include <array>
#include <cstdint>

namespace clearhead {

/// Four random 32-bit words for a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// A stream of random numbers. Copies continue independently from the same place.
class Random {
 public:
  /// The stream of this number for this seed, from its beginning.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// 32 random bits.
  std::uint32_t bits();
  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  /// Standard normal (Box and Muller, 1958).
  double normal();
  /// Uniform among 0 … n − 1; n > 0.
  std::int64_t below(std::int64_t n);

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t next_block_ = 0;  // counter of the next block of four words
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already handed out
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_RANDOM_H_
