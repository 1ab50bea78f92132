// The table of kinds of files, with how each is read and written.
#include "clearhead/tensor/io.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/gguf.h"
#include "clearhead/tensor/npy.h"
#include "clearhead/tensor/npz.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/tensor/shards.h"

namespace clearhead {
namespace {

using std::filesystem::path;

// A file that holds one tensor without a name.
TensorFile named_after(const path& file, const Tensor& tensor) {
  return as_file({.tensors = {{file.stem().string(), tensor}}, .metadata = {}}, file.string());
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

TensorFile open_table(const path& file) { return named_after(file, read_csv(file).values); }

struct Format {
  std::string_view ending;
  TensorFile (*open)(const path&);
  void (*write)(const path&, const NamedTensors&);  // null: such files are only read
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
    {".csv", open_table,
     [](const path& file, const NamedTensors& named) {
       write_csv(file,
                 Table{.values = only_tensor(file, named), .row_labels = {}, .column_labels = {}});
     }},
    {".tsv", open_table, nullptr},
    {".txt", open_table, nullptr},
    {".gguf", [](const path& file) { return open_gguf(file).tensors; }, nullptr},
    {".json", open_shards, nullptr},
};

// Other kinds of files that people have, and how one of the above is made of them.
struct Advice {
  std::string_view ending, text;
};

constexpr std::string_view kSaveSheet = "save the sheet as .csv";
constexpr std::string_view kSaveTensors = "save its tensors with safetensors.torch.save_file";
constexpr Advice kAdvice[] = {
    {".gz", "unpack it with gunzip"},
    {".zip", "unpack it with unzip"},
    {".xlsx", kSaveSheet},
    {".xls", kSaveSheet},
    {".ods", kSaveSheet},
    {".pt", kSaveTensors},
    {".pth", kSaveTensors},
    {".bin", kSaveTensors},
    {".pkl", "save the array with numpy.save"},
};

const Format* find_format(const path& file) {
  const auto found = std::find_if(
      std::begin(kFormats), std::end(kFormats),
      [ending = ending_of(file)](const Format& format) { return format.ending == ending; });
  return found == std::end(kFormats) ? nullptr : found;
}

[[noreturn]] void refuse_ending(const path& file, bool for_writing) {
  std::string known;
  for (const Format& format : kFormats) {
    if (for_writing && format.write == nullptr) continue;
    known += (known.empty() ? "" : ", ") + std::string(format.ending);
  }
  std::string fault = file.string() + ": the ending must say what kind of file it is: " + known;
  for (const Advice& advice : kAdvice) {
    if (!for_writing && ending_of(file) == advice.ending) fault += "; " + std::string(advice.text);
  }
  throw Error(fault);
}

}  // namespace

bool is_table(const path& file) {
  const Format* const format = find_format(file);
  return format != nullptr && format->open == open_table;
}

TensorFile open_tensors(const path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw Error(file.string() + ": expected a file of numbers, got a folder");
  }
  const Format* const format = find_format(file);
  if (format == nullptr) refuse_ending(file, /*for_writing=*/false);
  return format->open(file);
}

NamedTensors read_tensors(const path& file) { return open_tensors(file).read_all(); }

void write_tensors(const path& file, const NamedTensors& named) {
  const Format* const format = find_format(file);
  if (format == nullptr || format->write == nullptr) refuse_ending(file, /*for_writing=*/true);
  format->write(file, named);
}

}  // namespace clearhead
