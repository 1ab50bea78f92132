// The types of tensors in `.gguf`, and how blocks of few bits become f32.
#ifndef CLEARHEAD_TENSOR_GGUF_TYPES_INTERNAL_H_
#define CLEARHEAD_TENSOR_GGUF_TYPES_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

// A type of tensors. Numbers lie in blocks along the last axis; a plain one is a block by itself.
struct GgufType {
  std::uint32_t number;   // in the file
  std::string_view name;  // as llama.cpp has it; a plain type's is that of .safetensors
  std::int64_t block;     // numbers in a block
  std::int64_t bytes;     // of a block
  void (*widen)(const std::uint8_t* block, float* to);  // null: the type is plain
};

// The type of this number; null if it cannot be read.
const GgufType* find_gguf_type(std::uint32_t number);

// Its name, also of types that cannot be read: "f32", "q4_1", "iq4_xs", "type 99".
std::string gguf_type_name(std::uint32_t number);

// The names of those that can be read, for messages: "f32, f16, q4_0, …".
std::string gguf_type_names();

// The bytes that a tensor takes. Throws Error, which starts with `where`, if they cannot be counted
// in 63 bits, or if the last axis has no whole number of blocks.
std::size_t gguf_bytes(const Shape& shape, const GgufType& type, const std::string& where);

// What the tensor becomes.
DType gguf_dtype(const GgufType& type);

// The tensor stored in `bytes`, whose number is `gguf_bytes`; of a plain type as `decode` has it
// (stored.h), else f32.
Tensor decode_gguf(std::span<const std::byte> bytes, const Shape& shape, const GgufType& type,
                   std::shared_ptr<const void> owner, const std::string& where);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_GGUF_TYPES_INTERNAL_H_
