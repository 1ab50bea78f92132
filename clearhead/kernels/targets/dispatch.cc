// Chooses the instruction set that the kernels use.
#include "clearhead/kernels/targets/dispatch.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/kernels/targets/dispatch-inl.h"
#include "clearhead/kernels/targets/processor.h"

namespace clearhead::kernels {
namespace {

struct NamedTarget {
  Target target;
  std::string_view name;
  std::int64_t highway;  // the bit of the Highway target that it is compiled as; 0: none of its own
};

constexpr NamedTarget kTargets[] = {
    {Target::baseline, "baseline", 0},       {Target::sse4, "sse4", HWY_SSE4},
    {Target::avx2, "avx2", HWY_AVX2},        {Target::avx512, "avx512", HWY_AVX3},
    {Target::avx512_bf16, "avx512_bf16", 0}, {Target::amx, "amx", 0},
    {Target::neon, "neon", HWY_NEON},        {Target::wasm, "wasm", HWY_WASM},
};

bool has_tiles(Target target) { return target == Target::avx512_bf16 || target == Target::amx; }

bool is_available(const NamedTarget& t) {
  if (t.target == Target::baseline) return true;
  if (t.target == Target::avx512_bf16) return avx512_bf16_available();
  if (t.target == Target::amx) return amx_available();
#if HWY_TARGETS == HWY_STATIC_TARGET  // nothing to choose: the program runs on no other processor
  return (HWY_TARGETS & t.highway) != 0;
#else
  return (hwy::SupportedTargets() & HWY_TARGETS & t.highway) != 0;
#endif
}

Target choose() {
  if (const char* forced = std::getenv("CLEARHEAD_FORCE_TARGET"); forced && *forced != '\0') {
    try {
      return parse_target(forced);
    } catch (const Error& error) {
      throw Error(std::string("CLEARHEAD_FORCE_TARGET: ") + error.what());
    }
  }
  const Target best = available_targets().back();
  return best == Target::avx512_bf16 && !avx512_bf16_gains() ? Target::avx512 : best;
}

std::atomic<Target>& chosen() {
  static std::atomic<Target> target = choose();  // runs again if it throws
  return target;
}

}  // namespace

std::string_view target_name(Target target) {
  for (const NamedTarget& t : kTargets) {
    if (t.target == target) return t.name;
  }
  return "";
}

const std::vector<Target>& available_targets() {
  static const std::vector<Target> available = [] {
    std::vector<Target> found;
    for (const NamedTarget& t : kTargets) {
      if (is_available(t)) found.push_back(t.target);
    }
    return found;
  }();
  return available;
}

Target current_target() { return chosen().load(std::memory_order_relaxed); }

Target vectors_in_use() {
  static const Target beside_tiles = [] {
    Target best = Target::baseline;
    for (const Target target : available_targets()) {
      if (!has_tiles(target)) best = target;
    }
    return best;
  }();
  const Target target = current_target();
  return has_tiles(target) ? beside_tiles : target;
}

void set_target(Target target) {
  chosen().store(parse_target(target_name(target)), std::memory_order_relaxed);
}

Target parse_target(std::string_view name) {
  std::string names;
  for (const Target target : available_targets()) {
    if (name == target_name(target)) return target;
    names += (names.empty() ? "" : ", ") + std::string(target_name(target));
  }
  throw Error("target \"" + std::string(name) + "\" is not available; this processor can run " +
              names);
}

}  // namespace clearhead::kernels
