#include "apps/cli/attend/arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/io.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

bool is_csv_name(const std::string& file) {
  std::string ending = fs::path(file).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".csv";
}

std::string names_in(const NamedTensors& named) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, named.tensors.size()); ++i) {
    text += (i == 0 ? "" : ", ") + named.tensors[i].first;
  }
  return named.tensors.size() > kShown ? text + ", …" : text;
}

}  // namespace

std::string Array::described() const { return title + " is " + to_string(tensor.shape()); }

std::string contents(const std::string& path) {
  constexpr std::size_t kShown = 30;
  const NamedTensors named = read_tensors(path);
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, named.tensors.size()); ++i) {
    const auto& [name, tensor] = named.tensors[i];
    text +=
        fmt::format("\n  {} {} {}", name, dtype_name(tensor.dtype()), to_string(tensor.shape()));
  }
  if (named.tensors.size() > kShown)
    text += fmt::format("\n  … {} more", named.tensors.size() - kShown);
  return text;
}

ArrayReader::ArrayReader(std::string from) : from_(std::move(from)) {
  if (!from_.empty()) named_ = read_tensors(from_);
}

Array ArrayReader::read(const std::string& name, const std::string& value) {
  Array array;
  if (value.empty()) return array;
  array.title = fmt::format("{} ({})", name, value);
  array.source = value;
  if (!from_.empty()) {
    if (const Tensor* tensor = named_.find(value)) {
      array.tensor = *tensor;
      return array;
    }
    if (!fs::exists(value)) {
      try {
        named_.at(value);
      } catch (const Error& e) {
        throw Error(fmt::format("--{}: {}: {}", name, from_, e.what()));
      }
    }
  }
  if (is_csv_name(value)) {
    Table table = read_csv(value);
    array.tensor = table.values;
    array.row_labels = std::move(table.row_labels);
    array.is_csv = true;
    return array;
  }
  const NamedTensors named = read_tensors(value);
  if (named.tensors.size() != 1) {
    throw Error(fmt::format(
        "--{0} {1}: the file holds {2} tensors; choose one: --from {1} --{0} NAME. It has {3}",
        name, value, named.tensors.size(), names_in(named)));
  }
  array.tensor = named.tensors.front().second;
  return array;
}

}  // namespace clearhead
