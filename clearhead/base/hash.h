// A hash of bytes that is the same everywhere and for ever: files and seeds depend on it.
#ifndef CLEARHEAD_BASE_HASH_H_
#define CLEARHEAD_BASE_HASH_H_

#include <cstdint>
#include <string_view>

namespace clearhead {

/// FNV-1a of 64 bits (Fowler, Noll and Vo; draft-eastlake-fnv). Tells texts apart that differ by
/// accident, not by intent.
constexpr std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_HASH_H_
