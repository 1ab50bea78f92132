// The standalone build has no libzip, so it refuses .npz.
#include "clearhead/base/error.h"
#include "clearhead/tensor/npz.h"

namespace clearhead {
namespace {

[[noreturn]] void refuse(const std::string& name) {
  throw Error(name + ": this build of clearhead has no .npz; use .safetensors");
}

}  // namespace

TensorFile open_npz(const std::filesystem::path& path) { refuse(path.string()); }

TensorFile open_npz(std::span<const std::byte>, const std::string& name,
                    std::shared_ptr<const void>) {
  refuse(name);
}

void write_npz(const std::filesystem::path& path, const NamedTensors&) { refuse(path.string()); }

void write_npz(std::ostream&, const NamedTensors&, const std::string& name) { refuse(name); }

}  // namespace clearhead
