// Loops for one thread that do one thing as fast as the target in use can.
#include "bench/limit_loops.h"

#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/limit_loops.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace clearhead::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vec = hn::Vec<Floats>;

// 2 ports × 4 cycles of latency need 8 sums that do not wait for each other; 12 leave room for
// latencies of 5 and 6, and with the two factors still fit 16 registers.
constexpr int kSums = 12;

float MultiplyAddLoop(std::int64_t steps) {
  const Floats d;
  // x ← x·a + b has its rest at b/(1 − a) = 1: nothing grows, nothing becomes subnormal.
  const Vec a = hn::Set(d, 0.5F);
  const Vec b = hn::Set(d, 0.5F);
  Vec sums[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) {
    sums[i] = hn::Iota(d, static_cast<float>(i) * static_cast<float>(steps & 1));
  }
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], a, b);
  }
  Vec total = hn::Zero(d);
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = hn::Add(total, sums[i]);
  return hn::GetLane(hn::SumOfLanes(d, total));
}

double MultiplyAddStepFlop() { return 2.0 * kSums * static_cast<double>(hn::Lanes(Floats())); }

// Asks for memory 2 KiB ahead: about what a core reads in the 100 ns that memory takes, at 20 GB/s.
float ReadLoop(const float* data, std::int64_t count) {
  constexpr std::int64_t kBlock = 256;  // floats, a KiB
  constexpr std::int64_t kLine = 16;    // floats of a cache line
  constexpr std::int64_t kAhead = 512;
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Vec s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::int64_t block = 0; block < count; block += kBlock) {
    const float* HWY_RESTRICT from = data + block;
    for (std::int64_t i = 0; i < kBlock; i += kLine) hwy::Prefetch(from + kAhead + i);
    for (std::int64_t i = 0; i < kBlock; i += 4 * lanes) {
      s0 = hn::Add(s0, hn::LoadU(d, from + i));
      s1 = hn::Add(s1, hn::LoadU(d, from + i + lanes));
      s2 = hn::Add(s2, hn::LoadU(d, from + i + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(d, from + i + 3 * lanes));
    }
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

}  // namespace clearhead::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace clearhead::bench {

using kernels::Target;
using kernels::vectors_in_use;

float multiply_add_loop(std::int64_t steps) { return CLEARHEAD_CHOOSE(MultiplyAddLoop)(steps); }

double multiply_add_step_flop() { return CLEARHEAD_CHOOSE(MultiplyAddStepFlop)(); }

float read_loop(const float* data, std::int64_t count) {
  return CLEARHEAD_CHOOSE(ReadLoop)(data, count);
}

}  // namespace clearhead::bench
#endif  // HWY_ONCE
