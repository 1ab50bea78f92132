// How settings lie in a `.gguf`. Not for use outside this folder.
#ifndef CLEARHEAD_TENSOR_GGUF_VALUES_INTERNAL_H_
#define CLEARHEAD_TENSOR_GGUF_VALUES_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace clearhead {

/// The types of settings, as the file numbers them.
enum GgufValueType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kText,
  kArray,
  kU64,
  kI64,
  kF64
};

/// A number that lies there, aligned or not.
template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_GGUF_VALUES_INTERNAL_H_
