// Arrays that options name: files, or tensors in the file that --from names.
#include "apps/console/arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/io.h"

namespace clearhead::console {
namespace {

namespace fs = std::filesystem;

std::string names_in(const TensorFile& file) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, file.entries.size()); ++i) {
    text += (i == 0 ? "" : ", ") + file.entries[i].name;
  }
  return file.entries.size() > kShown ? text + ", …" : text;
}

}  // namespace

std::string Array::described() const { return title + " is " + to_string(tensor.shape()); }

std::string contents(const std::string& path) {
  constexpr std::size_t kShown = 30;
  const TensorFile file = open_tensors(path);
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, file.entries.size()); ++i) {
    const TensorFile::Entry& entry = file.entries[i];
    text += entry.type.empty()
                ? fmt::format("\n  {}, which cannot be read", entry.name)
                : fmt::format("\n  {} {} {}", entry.name, entry.type, to_string(entry.shape));
  }
  if (file.entries.size() > kShown) {
    text += fmt::format("\n  … {} more", file.entries.size() - kShown);
  }
  return text;
}

ArrayReader::ArrayReader(std::string from) : from_(std::move(from)) {
  if (!from_.empty()) file_ = open_tensors(from_);
}

Array ArrayReader::read(const std::string& name, const std::string& value) {
  Array array;
  if (value.empty()) return array;
  array.title = fmt::format("{} ({})", name, value);
  array.source = value;
  if (!from_.empty() && (file_.find(value) != nullptr || !fs::exists(value))) {
    try {
      array.tensor = file_.read(value);
    } catch (const Error& error) {
      throw Error(fmt::format("--{}: {}", name, error.what()));
    }
    return array;
  }
  if (is_table(value)) {
    Table table = read_csv(value);
    array.tensor = table.values;
    array.row_labels = std::move(table.row_labels);
    array.is_table = true;
    for (const std::string& note : table.notes) {
      const std::string of_file = value + ": " + note;
      const bool is_known = std::find(notes_.begin(), notes_.end(), of_file) != notes_.end();
      if (!is_known) notes_.push_back(of_file);  // one file may be q, k and v
    }
    return array;
  }
  if (from_.empty() && !fs::exists(value)) {
    throw Error(fmt::format(
        "--{} {}: there is no such file; if it is a tensor within one, give that with --from FILE",
        name, value));
  }
  const TensorFile file = open_tensors(value);
  if (file.entries.size() != 1) {
    throw Error(fmt::format(
        "--{0} {1}: the file holds {2} tensors; choose one: --from {1} --{0} NAME. It has {3}",
        name, value, file.entries.size(), names_in(file)));
  }
  array.tensor = file.entries.front().read();
  return array;
}

}  // namespace clearhead::console
