// Feeds any bytes to the reader of the index of shards, beside which two shards lie. What it
// accepts has the tensors of those shards, as they are there.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/tensor/shards.h"
#include "fuzz/same.h"

namespace clearhead {
namespace {

NamedTensors one_tensor(const std::string& name, const Shape& shape) {
  return {.tensors = {{name, Tensor(shape)}}, .metadata = {}};
}

// A folder with a.safetensors, which has a tensor a, and b.safetensors; removed at the end.
struct Folder {
  Folder() {
    std::filesystem::create_directory(path);
    write_safetensors(path / "a.safetensors", a);
    write_safetensors(path / "b.safetensors", b);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("shards_fuzz-" + std::to_string(::getpid()));
  NamedTensors a = one_tensor("a", {2, 3});
  NamedTensors b = one_tensor("b", {4});
};

}  // namespace
}  // namespace clearhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  static const Folder folder;
  const std::filesystem::path index = folder.path / "model.safetensors.index.json";
  std::ofstream(index, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  NamedTensors named;
  try {
    named = open_shards(index).read_all();
  } catch (const Error&) {
    return 0;
  }
  for (const auto& [name, tensor] : named.tensors) {
    require_same(tensor, (name == "a" ? folder.a : folder.b).at(name));
  }
  return 0;
}
