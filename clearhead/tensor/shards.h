// Tensors that lie in several `.safetensors` files: the shards of a large model, and the index that
// says which of them each tensor is in, as Hugging Face lays them out.
//
// Source: https://huggingface.co/docs/safetensors/metadata_parsing
#ifndef CLEARHEAD_TENSOR_SHARDS_H_
#define CLEARHEAD_TENSOR_SHARDS_H_

#include <cstddef>
#include <filesystem>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// Opens `model.safetensors.index.json`, {"weight_map": {"NAME": "SHARD.safetensors", …}}, and all
/// shards that it names, which lie beside it, as one file. Throws Error, naming tensor and shard,
/// if a shard is missing, if it does not have a tensor that the index says it has, or if two have
/// the same.
TensorFile open_shards(const std::filesystem::path& index);

/// Writes the tensors into `folder`, one by one as they are read: into model.safetensors, or, if
/// they take more than `most` bytes, into shards of at most that (a tensor that alone takes more
/// has its own), with an index that `open_shards` opens. Throws Error if one cannot be read or
/// written.
void write_shards(const std::filesystem::path& folder, const TensorFile& tensors, std::size_t most);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_SHARDS_H_
