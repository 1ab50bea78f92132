// All instructions that the files *_tiles.cc use, once each: what they give on the processor, and
// in the model of tests/tiles/immintrin.h.
#ifndef CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_H_
#define CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_H_

#include <cstdint>

namespace clearhead::kernels::testing {

/// What instructions read. Vectors of a, b and c lie one after the other, so that a tile does, too.
struct alignas(64) Operands {
  std::uint8_t a[1024], b[1024], c[1024];
  std::uint64_t mask;
};

struct alignas(64) Outcome {
  std::uint8_t bytes[64];
  const char* name;
  bool of_floats;  // in which one NaN is as good as another
};
inline constexpr int kMostOutcomes = 256;

/// Write what each instruction gives, and return how many outcomes that are. With `amx`, those of
/// tiles, too.
int outcomes_on_processor(const Operands& operands, bool amx, Outcome* outcomes);
int outcomes_of_model(const Operands& operands, bool amx, Outcome* outcomes);

}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_H_
