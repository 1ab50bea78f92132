// The element types of a Tensor.
#ifndef CLEARHEAD_TENSOR_DTYPE_H_
#define CLEARHEAD_TENSOR_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "clearhead/base/half.h"

namespace clearhead {

/// Floating-point numbers of 32, 64 and 16 bits, brain floating-point of 16, integers of 64 bits,
/// and truth values.
enum class DType { f32, f64, f16, bf16, i64, boolean };

/// "f32", "f64", "f16", "bf16", "i64" or "bool".
std::string_view dtype_name(DType dtype);

/// Bytes of one element.
std::size_t dtype_size(DType dtype);

/// f32, f64, f16, bf16: the types that can hold scores and gradients.
bool is_floating(DType dtype);

/// The DType of a C++ type: `dtype_of<float>` is DType::f32.
template <typename T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, f16>) return DType::f16;
  if constexpr (std::is_same_v<T, bf16>) return DType::bf16;
  if constexpr (std::is_same_v<T, std::int64_t>) return DType::i64;
  if constexpr (std::is_same_v<T, bool>) return DType::boolean;
}();

/// Calls `f` with a value of the C++ type of `dtype`; `decltype` of it is that type.
template <typename F>
auto with_dtype(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32:
      return f(float{});
    case DType::f64:
      return f(double{});
    case DType::f16:
      return f(f16{});
    case DType::bf16:
      return f(bf16{});
    case DType::i64:
      return f(std::int64_t{});
    case DType::boolean:
      break;
  }
  return f(bool{});
}

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_DTYPE_H_
