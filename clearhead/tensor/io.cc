// The table of kinds of files, with how each is read and written.
#include "clearhead/tensor/io.h"

#include <string>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/npy.h"
#include "clearhead/tensor/npz.h"
#include "clearhead/tensor/safetensors.h"

namespace clearhead {
namespace {

using std::filesystem::path;

// A file that holds one tensor without a name.
TensorFile named_after(const path& file, const Tensor& tensor) {
  return {.name = file.string(),
          .entries = {{.name = file.stem().string(),
                       .type = std::string(dtype_name(tensor.dtype())),
                       .shape = tensor.shape(),
                       .read = [tensor] { return tensor; }}}};
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
  TensorFile (*open)(const path&);
  void (*write)(const path&, const NamedTensors&);
};

constexpr Format kFormats[] = {
    {".npy", [](const path& file) { return named_after(file, read_npy(file)); },
     [](const path& file, const NamedTensors& named) {
       write_npy(file, only_tensor(file, named));
     }},
    {".npz", [](const path& file) { return open_npz(file); },
     [](const path& file, const NamedTensors& named) { write_npz(file, named); }},
    {".safetensors", [](const path& file) { return open_safetensors(file); },
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
    if (ending_of(file) == format.ending) return format;
    known += (known.empty() ? "" : ", ") + std::string(format.ending);
  }
  throw Error(file.string() + ": the ending must say what kind of file it is: " + known);
}

}  // namespace

TensorFile open_tensors(const path& file) { return format_of(file).open(file); }

NamedTensors read_tensors(const path& file) { return open_tensors(file).read_all(); }

void write_tensors(const path& file, const NamedTensors& named) {
  format_of(file).write(file, named);
}

}  // namespace clearhead
