#include "clearhead/tensor/io.h"

#include <string>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/npy.h"
#include "clearhead/tensor/npz.h"
#include "clearhead/tensor/safetensors.h"

namespace clearhead {
namespace {

using std::filesystem::path;

// A file that holds one tensor without a name.
NamedTensors named_after(const path& file, Tensor tensor) {
  return {.tensors = {{file.stem().string(), std::move(tensor)}}, .metadata = {}};
}

const Tensor& only_tensor(const path& file, const NamedTensors& named) {
  if (named.tensors.size() != 1 || !named.metadata.empty()) {
    throw Error(file.string() + ": " + file.extension().string() +
                " holds one tensor and no metadata, got " + std::to_string(named.tensors.size()) +
                " tensors and " + std::to_string(named.metadata.size()) +
                " entries of metadata; write .safetensors");
  }
  return named.tensors[0].second;
}

struct Format {
  std::string_view ending;
  NamedTensors (*read)(const path&);
  void (*write)(const path&, const NamedTensors&);
};

constexpr Format kFormats[] = {
    {".npy", [](const path& file) { return named_after(file, read_npy(file)); },
     [](const path& file, const NamedTensors& named) {
       write_npy(file, only_tensor(file, named));
     }},
    {".npz", read_npz, [](const path& file, const NamedTensors& named) { write_npz(file, named); }},
    {".safetensors", read_safetensors,
     [](const path& file, const NamedTensors& named) { write_safetensors(file, named); }},
    {".csv", [](const path& file) { return named_after(file, read_csv(file).values); },
     [](const path& file, const NamedTensors& named) {
       write_csv(file,
                 Table{.values = only_tensor(file, named), .row_labels = {}, .column_labels = {}});
     }},
};

const Format& format_of(const path& file) {
  std::string known;
  for (const Format& format : kFormats) {
    if (file.extension() == format.ending) return format;
    known += (known.empty() ? "" : ", ") + std::string(format.ending);
  }
  throw Error(file.string() + ": the ending must say what kind of file it is: " + known);
}

}  // namespace

NamedTensors read_tensors(const path& file) { return format_of(file).read(file); }

void write_tensors(const path& file, const NamedTensors& named) {
  format_of(file).write(file, named);
}

}  // namespace clearhead
