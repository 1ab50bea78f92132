// `.npz`: named arrays, a zip archive with a `.npy` file for each, as NumPy stores them.
#ifndef CLEARHEAD_TENSOR_NPZ_H_
#define CLEARHEAD_TENSOR_NPZ_H_

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>

#include "clearhead/tensor/named_tensors.h"

namespace clearhead {

/// Reads archives whose entries are stored or deflated (np.savez, np.savez_compressed); what each
/// may hold is in npy.h. Tensors are read-only. Throws Error naming file, entry and fault.
NamedTensors read_npz(const std::filesystem::path& path);

/// The same from memory. `name` stands for the file in messages.
NamedTensors parse_npz(std::span<const std::byte> bytes, const std::string& name);

/// Writes the tensors, not deflated, in their order; the same tensors give the same bytes. The
/// archive is put together in memory. Throws Error for metadata, which .npz has no place for, for
/// bf16, which NumPy does not have, and if a name stands twice.
void write_npz(const std::filesystem::path& path, const NamedTensors& named);

/// The same to a stream. `name` stands for the file in messages.
void write_npz(std::ostream& to, const NamedTensors& named, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_NPZ_H_
