// `.npz`: named arrays, a zip archive with a `.npy` file for each, as NumPy stores them.
#ifndef CLEARHEAD_TENSOR_NPZ_H_
#define CLEARHEAD_TENSOR_NPZ_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// Opens an archive whose entries are stored or deflated (np.savez, np.savez_compressed). Its
/// tensors are the entries NAME.npy (npy.h says what these may hold); other entries (folders,
/// notes, what macOS adds) are ignored. A tensor is unpacked when it is read. Throws Error naming
/// file, entry and fault.
TensorFile open_npz(const std::filesystem::path& path);

/// The same from memory, which must outlive the TensorFile; if `owner` is given, the TensorFile
/// keeps it alive. `name` stands for the file in messages.
TensorFile open_npz(std::span<const std::byte> bytes, const std::string& name,
                    std::shared_ptr<const void> owner = nullptr);

/// Writes the tensors in their order, not deflated; the same tensors give the same bytes. The
/// archive is built in memory. Throws Error for metadata, which .npz cannot hold, for bf16, which
/// NumPy does not have, and if a name occurs twice.
void write_npz(const std::filesystem::path& path, const NamedTensors& named);

/// The same to a stream. `name` stands for the file in messages.
void write_npz(std::ostream& to, const NamedTensors& named, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_NPZ_H_
