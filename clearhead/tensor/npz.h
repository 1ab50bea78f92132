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

/// Opens an archive whose entries are stored or deflated (np.savez, np.savez_compressed); what each
/// may hold is in npy.h. Its tensors are the entries called NAME.npy; others (folders, notes, what
/// macOS adds) are passed over. A tensor is unpacked when it is read. Throws Error naming file,
/// entry and fault.
TensorFile open_npz(const std::filesystem::path& path);

/// The same from memory, which must last as long as the TensorFile, or as `owner`, which that keeps
/// alive. `name` stands for the file in messages.
TensorFile open_npz(std::span<const std::byte> bytes, const std::string& name,
                    std::shared_ptr<const void> owner = nullptr);

/// All of its tensors, which are read-only.
NamedTensors read_npz(const std::filesystem::path& path);

/// Writes the tensors, not deflated, in their order; the same tensors give the same bytes. The
/// archive is put together in memory. Throws Error for metadata, which .npz has no place for, for
/// bf16, which NumPy does not have, and if a name stands twice.
void write_npz(const std::filesystem::path& path, const NamedTensors& named);

/// The same to a stream. `name` stands for the file in messages.
void write_npz(std::ostream& to, const NamedTensors& named, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_NPZ_H_
