// Loops that do one thing as fast as the processor can, for one thread; in f32 with the vectors of
// the target in use (kernels/targets/dispatch.h).
#ifndef CLEARHEAD_BENCH_LIMIT_LOOPS_H_
#define CLEARHEAD_BENCH_LIMIT_LOOPS_H_

#include <cstdint>

namespace clearhead::bench {

// Each returns a number that depends on all its work, so that the compiler can leave out nothing.

/// `steps` times the same number of independent f32 multiply-adds in each of the widest vectors.
float multiply_add_loop(std::int64_t steps);
/// The flop of one step, two for each multiply-add of each lane.
double multiply_add_step_flop();

/// Reads `count` floats, a multiple of 1024, front to back.
float read_loop(const float* data, std::int64_t count);

/// Whether the processor has AMX with bf16, and the system lets this process use it.
bool has_tile_products();
/// `steps` times six independent products of AMX tiles, 16×32 by 32×16 bf16 into 16×16 f32.
/// Demands has_tile_products().
float tile_product_loop(std::int64_t steps);
inline constexpr double kTileProductStepFlop = 6 * 2.0 * 16 * 16 * 32;

/// Whether the processor has AVX-512 with bf16.
bool has_pair_products();
/// `steps` times 24 independent products of pairs of bf16 in vectors of 16, each into a sum in f32
/// (VDPBF16PS). Demands has_pair_products().
float pair_product_loop(std::int64_t steps);
inline constexpr double kPairProductStepFlop = 24 * 2.0 * 16 * 2;

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_LIMIT_LOOPS_H_
