// `.safetensors`: named tensors and a map of strings, as Hugging Face defines it: 8 bytes of header
// length, a JSON header, then the elements of all tensors, row-major and little-endian.
//
// Source: https://huggingface.co/docs/safetensors
#ifndef CLEARHEAD_TENSOR_SAFETENSORS_H_
#define CLEARHEAD_TENSOR_SAFETENSORS_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// Opens a file. F16, BF16, F32, F64, I64 and BOOL can be read, and I8, U8, I16, U16, I32, U32, U64
/// as i64. Tensors are read-only views of the mapped file, and copies only if it has them
/// misaligned or narrower. Tensors of other types are listed, but reading one is an Error. Throws
/// Error naming file, tensor or byte, and fault.
TensorFile open_safetensors(const std::filesystem::path& path);

/// The same from memory, which must outlive the TensorFile. `name` stands for the file in messages.
/// Tensors may view `bytes` and then keep `owner` alive; without an owner they are copies.
TensorFile open_safetensors(std::span<const std::byte> bytes, const std::string& name,
                            std::shared_ptr<const void> owner = nullptr);

/// All of its tensors.
NamedTensors read_safetensors(const std::filesystem::path& path);

/// Writes tensors and metadata as the reference implementation does: widest types first, then
/// sorted by name, with a header padded so that all are aligned. Throws Error if a name occurs
/// twice, is "__metadata__" or is not UTF-8.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& named);

/// The same to a stream. `name` stands for the file in messages.
void write_safetensors(std::ostream& to, const NamedTensors& named, const std::string& name);

/// The same of tensors that are read one by one, as they are written: memory holds one at a time.
/// Throws Error too if one cannot be read.
void write_safetensors(const std::filesystem::path& path, const TensorFile& tensors);
/// Likewise to a stream.
void write_safetensors(std::ostream& to, const TensorFile& tensors, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_SAFETENSORS_H_
