// Asks processor and system whether AMX tiles can be used.
#include "clearhead/kernels/targets/amx.h"

#include <initializer_list>

#if defined(CLEARHEAD_HAVE_AMX) && defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace clearhead::kernels {
namespace {

#if defined(CLEARHEAD_HAVE_AMX) && defined(__linux__) && defined(__x86_64__)
// Linux hands out the 8 KiB of tile state only to processes that ask for it.
constexpr long kArchRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr long kTileData = 18;                   // XFEATURE_XTILEDATA

constexpr bool has(unsigned bits, int bit) { return (bits >> bit & 1U) != 0; }

bool processor_has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  if (!has(c, 27) || !has(c, 12)) return false;  // OSXSAVE, FMA
  unsigned state = 0, state_high = 0;            // what the system saves: XGETBV 0
  __asm__ volatile("xgetbv" : "=a"(state), "=d"(state_high) : "c"(0));
  // SSE, AVX, the three parts of AVX-512, the two of AMX.
  for (const int bit : {1, 2, 5, 6, 7, 17, 18}) {
    if (!has(state, bit)) return false;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  // AVX2, BMI2, AVX-512 F, DQ, BW, VL; VBMI; AMX-BF16, AMX-TILE.
  for (const int bit : {5, 8, 16, 17, 30, 31}) {
    if (!has(b, bit)) return false;
  }
  if (!has(c, 1) || !has(d, 22) || !has(d, 24)) return false;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) == 0) return false;
  return has(a, 5);  // AVX512_BF16
}

bool ask_for_tiles() {
  return processor_has_amx() && syscall(SYS_arch_prctl, kArchRequestPermission, kTileData) == 0;
}
#else
bool ask_for_tiles() { return false; }
#endif

}  // namespace

bool amx_available() {
  static const bool available = ask_for_tiles();
  return available;
}

}  // namespace clearhead::kernels
