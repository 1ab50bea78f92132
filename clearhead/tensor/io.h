// Reads and writes tensors in files of any known kind; the ending of the name chooses.
#ifndef CLEARHEAD_TENSOR_IO_H_
#define CLEARHEAD_TENSOR_IO_H_

#include <filesystem>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// Opens a .npy, .npz, .safetensors or .gguf file, the index of .safetensors in shards (.json), or
/// a table: .csv, .tsv or .txt. The ending may be in capitals. The only tensor of a .npy file or a
/// table has the name of the file, without folder and ending, and is read at once; labels of a
/// table are left out (csv.h gives them). Throws Error if the file is malformed or has another
/// ending.
TensorFile open_tensors(const std::filesystem::path& path);

/// Whether this is the name of a table, which `read_csv` reads.
bool is_table(const std::filesystem::path& path);

/// All of its tensors.
NamedTensors read_tensors(const std::filesystem::path& path);

/// Writes all tensors to a .npy, .npz, .safetensors or .csv file. Throws Error if that kind of file
/// cannot hold them (.npy and .csv hold one tensor, only .safetensors holds metadata), or if it has
/// another ending.
void write_tensors(const std::filesystem::path& path, const NamedTensors& named);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_IO_H_
