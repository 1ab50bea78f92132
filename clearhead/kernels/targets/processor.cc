// Asks processor and system which kinds of tiles can be used.
#include "clearhead/kernels/targets/processor.h"

#include <algorithm>
#include <initializer_list>

#if defined(CLEARHEAD_HAVE_TILES) && defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace clearhead::kernels {
namespace {

struct Processor {
  bool avx512_bf16 = false, amx = false, amd = false;
};

#if defined(CLEARHEAD_HAVE_TILES) && defined(__linux__) && defined(__x86_64__)
// Linux hands out the 8 KiB of tile state only to processes that ask for it.
constexpr long kArchRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr long kTileData = 18;                   // XFEATURE_XTILEDATA

constexpr bool has(unsigned bits, int bit) { return (bits >> bit & 1U) != 0; }

// What the system saves of a thread (XGETBV 0), and what the processor can do.
Processor ask_processor() {
  Processor processor;
  unsigned a = 0, b = 0, c = 0, d = 0;
  processor.amd = __get_cpuid(0, &a, &b, &c, &d) != 0 && b == signature_AMD_ebx;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return processor;
  if (!has(c, 27) || !has(c, 12)) return processor;  // OSXSAVE, FMA
  unsigned state = 0, state_high = 0;
  __asm__ volatile("xgetbv" : "=a"(state), "=d"(state_high) : "c"(0));
  const auto saves = [state](std::initializer_list<int> bits) {
    return std::all_of(bits.begin(), bits.end(), [state](int bit) { return has(state, bit); });
  };
  unsigned a1 = 0, b1 = 0, c1 = 0, d1 = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return processor;
  if (__get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) == 0) return processor;
  // SSE, AVX, the three parts of AVX-512; AVX2, BMI2, AVX-512 F, DQ, BW, VL; VBMI; AVX512_BF16.
  processor.avx512_bf16 = saves({1, 2, 5, 6, 7}) && has(b, 5) && has(b, 8) && has(b, 16) &&
                          has(b, 17) && has(b, 30) && has(b, 31) && has(c, 1) && has(a1, 5);
  // The two parts of AMX; AMX-BF16, AMX-TILE.
  processor.amx = processor.avx512_bf16 && saves({17, 18}) && has(d, 22) && has(d, 24);
  return processor;
}

bool ask_for_tiles() { return syscall(SYS_arch_prctl, kArchRequestPermission, kTileData) == 0; }
#else
Processor ask_processor() { return {}; }
bool ask_for_tiles() { return false; }
#endif

const Processor& processor() {
  static const Processor asked = ask_processor();
  return asked;
}

}  // namespace

bool avx512_bf16_available() { return processor().avx512_bf16; }

bool avx512_bf16_gains() { return avx512_bf16_available() && processor().amd; }

bool amx_available() {
  static const bool available = processor().amx && ask_for_tiles();
  return available;
}

}  // namespace clearhead::kernels
