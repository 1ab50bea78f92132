// The standalone build refuses .csv: the C++ library of Debian's Emscripten (libc++ 13) neither
// reads nor writes numbers to their last digit (std::from_chars, std::to_chars).
#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"

namespace clearhead {
namespace {

[[noreturn]] void refuse(const std::string& name) {
  throw Error(name + ": this build of clearhead has no .csv; use .npy or .safetensors");
}

}  // namespace

Table read_csv(const std::filesystem::path& path) { refuse(path.string()); }

Table parse_csv(std::span<const std::byte>, const std::string& name) { refuse(name); }

void write_csv(const std::filesystem::path& path, const Table&) { refuse(path.string()); }

void write_csv(std::ostream&, const Table&, const std::string& name) { refuse(name); }

}  // namespace clearhead
