// The element types of a Tensor: their names and sizes.
#include "clearhead/tensor/dtype.h"

namespace clearhead {

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::f16:
      return "f16";
    case DType::bf16:
      return "bf16";
    case DType::i64:
      return "i64";
    case DType::boolean:
      break;
  }
  return "bool";
}

std::size_t dtype_size(DType dtype) {
  return with_dtype(dtype, [](auto zero) { return sizeof(zero); });
}

bool is_floating(DType dtype) { return dtype != DType::i64 && dtype != DType::boolean; }

}  // namespace clearhead
