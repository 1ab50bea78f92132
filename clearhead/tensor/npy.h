// `.npy`: one array with its shape and type, as NumPy stores it.
//
// Source: NumPy Enhancement Proposal 1, versions 1.0, 2.0 and 3.0 of the format.
#ifndef CLEARHEAD_TENSOR_NPY_H_
#define CLEARHEAD_TENSOR_NPY_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "clearhead/tensor/stored.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// Reads floats of 2, 4 and 8 bytes, bools, and integers (as i64), of either byte order, in C or
/// Fortran order. The tensor is row-major: a read-only view of the mapped file if the bytes there
/// are as a Tensor needs them, else a copy. Throws Error naming file, byte and fault.
Tensor read_npy(const std::filesystem::path& path);

/// The same from memory. `name` stands for the file in messages. The tensor may view `bytes` and
/// then keeps `owner` alive; without an owner it is a copy.
Tensor parse_npy(std::span<const std::byte> bytes, const std::string& name,
                 std::shared_ptr<const void> owner = nullptr);

/// The header of a `.npy` file: what it says about its array.
struct NpyHeader {
  std::string descr;                 ///< NumPy's name of the element type: "<f4", "<U5"
  const StoredType* type = nullptr;  ///< null if it cannot be read
  bool swapped = false;              ///< big-endian elements
  bool fortran_order = false;        ///< the first axis varies fastest
  Shape shape;                       ///< of the array
  std::size_t data_begin = 0;        ///< where the elements begin
};

/// Reads the header from the first `kNpyHeaderLimit` bytes of a file, or from all if there are
/// fewer. Throws Error if it is malformed.
NpyHeader parse_npy_header(std::span<const std::byte> start, const std::string& name);
/// The most bytes that a header takes.
inline constexpr std::size_t kNpyHeaderLimit = std::size_t{1} << 16;

/// The bytes of a whole file with this header. Throws Error if its elements cannot be read.
std::uint64_t npy_file_size(const NpyHeader& header, const std::string& name);

/// Writes version 1.0, row-major, little-endian. Throws Error for bf16, which NumPy does not have.
void write_npy(const std::filesystem::path& path, const Tensor& tensor);

/// The same to a stream. `name` stands for the file in messages.
void write_npy(std::ostream& to, const Tensor& tensor, const std::string& name);

/// The header of a `.npy` file of this tensor.
std::string npy_header(const Tensor& tensor, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_NPY_H_
