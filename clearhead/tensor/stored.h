// How array files store numbers: the types of `.npy` and `.safetensors`, and conversion between
// stored bytes and Tensors.
#ifndef CLEARHEAD_TENSOR_STORED_H_
#define CLEARHEAD_TENSOR_STORED_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A type that files store elements as. All integers are read as i64, and written as i64 again.
struct StoredType {
  std::string_view npy;          ///< type code without the byte order; empty: `.npy` has none
  std::string_view safetensors;  ///< name
  std::size_t size;              ///< bytes of one element
  DType dtype;                   ///< of the tensor that it becomes
  /// Throws Error, which starts with `where`, if an element is not a value of `dtype`; null if all
  /// bytes are.
  void (*check)(std::span<const std::byte> bytes, bool swapped, const std::string& where);
  /// Narrower integers only: converts `count` elements, whose bytes are reversed if `swapped`.
  void (*widen)(const std::byte* from, std::int64_t count, bool swapped, std::int64_t* to);
};

/// All of them, by kind and then by size. The first with a given `dtype` is the one it is written
/// as.
std::span<const StoredType> stored_types();

/// The type that a tensor is written as.
const StoredType& stored_type(DType dtype);

/// What a tensor of this type becomes; none without a type, of what cannot be read.
std::optional<DType> dtype_if_known(const StoredType* type);

/// The name of a type in small letters: "q4_1" of "Q4_1".
std::string in_small_letters(std::string_view name);

/// "f32", "u8", "bool", …
std::string type_name(const StoredType& type);

/// The types that a format has, by the name that it gives them, for messages: "f8, f4, f2".
std::string stored_type_names(std::string_view StoredType::*format);

/// The bytes that a tensor of this shape takes. Throws Error, which starts with `where`, if there
/// are more than 64 axes (as many as NumPy has), a size is negative or the bytes cannot be counted
/// in 63 bits.
std::size_t stored_bytes(std::span<const std::int64_t> shape, const StoredType& type,
                         const std::string& where);

/// The row-major tensor of this shape stored in `bytes`, whose number is `stored_bytes`. It is a
/// view of them that keeps `owner` alive, if there is an owner and the bytes are as the tensor
/// needs them (aligned, not swapped, no narrower integers); else a copy. Throws Error, which starts
/// with `where`, if a bool is neither 0 nor 1, or an unsigned integer is too large for i64.
Tensor decode(std::span<const std::byte> bytes, Shape shape, const StoredType& type, bool swapped,
              std::shared_ptr<const void> owner, const std::string& where);

/// The memory of a contiguous tensor.
std::span<const std::byte> raw_bytes(const Tensor& tensor);

/// Writes a tensor's elements in row-major order.
void encode(std::ostream& to, const Tensor& tensor);

/// Throws Error unless there is a tensor to write; `where` starts the message.
void require_defined(const Tensor& tensor, const std::string& where);

/// Text from a file, for a message: in quotes, shortened, with control characters and bytes that
/// are not ASCII as \xNN.
std::string in_quotes(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_STORED_H_
