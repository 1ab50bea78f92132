// Tensors from and to files of any known kind: the ending of the name chooses.
#ifndef CLEARHEAD_TENSOR_IO_H_
#define CLEARHEAD_TENSOR_IO_H_

#include <filesystem>

#include "clearhead/tensor/named_tensors.h"

namespace clearhead {

/// Reads all tensors of a .npy, .npz, .safetensors or .csv file. The only one of a .npy or .csv
/// file is called as the file is, without folder and ending; labels of a .csv are left out (csv.h
/// gives them). Throws Error if the file is not sound or its ending is none of these.
NamedTensors read_tensors(const std::filesystem::path& path);

/// Writes all tensors to a .npy, .npz, .safetensors or .csv file. Throws Error if that kind of file
/// cannot hold them (.npy and .csv hold one, only .safetensors metadata), or its ending is none of
/// these.
void write_tensors(const std::filesystem::path& path, const NamedTensors& named);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_IO_H_
