// The writer of .csv: labels always in quotes, so that none is taken for a number.
#include <array>
#include <charconv>
#include <string>
#include <type_traits>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

std::string label_text(const std::string& label, const std::string& file) {
  if (find_invalid_utf8(label) != std::string::npos || label.find('\0') != std::string::npos) {
    throw Error(file + ": label " + in_quotes(label) + " is not UTF-8");
  }
  std::string text = "\"";
  for (const char c : label) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

template <typename T>
void write_number(std::ostream& to, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    to << (value ? '1' : '0');
  } else if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    write_number(to, static_cast<float>(value));
  } else {
    std::array<char, 32> text;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    to.write(text.data(), end - text.data());
  }
}

void require_writable(const Table& table, const std::string& file) {
  require_defined(table.values, file);
  const Shape& shape = table.values.shape();
  if (shape.size() != 2 || table.values.count() == 0) {
    throw Error(file + ": .csv holds a matrix of at least one number, got shape " +
                to_string(shape) + "; reshape it, or write .npy");
  }
  const auto require_labels = [&](std::int64_t wanted, const std::vector<std::string>& labels,
                                  const std::string& which) {
    if (!labels.empty() && static_cast<std::int64_t>(labels.size()) != wanted) {
      throw Error(file + ": expected " + std::to_string(wanted) + " " + which +
                  " labels or none, got " + std::to_string(labels.size()));
    }
  };
  require_labels(shape[0], table.row_labels, "row");
  require_labels(shape[1], table.column_labels, "column");
}

}  // namespace

void write_csv(const std::filesystem::path& path, const Table& table) {
  write_file(path, [&](std::ostream& to) { write_csv(to, table, path.string()); });
}

void write_csv(std::ostream& to, const Table& table, const std::string& name) {
  require_writable(table, name);
  if (!table.column_labels.empty()) {
    std::string header;
    for (const std::string& label : table.column_labels) {
      if (!header.empty() || !table.row_labels.empty()) header += ',';
      header += label_text(label, name);
    }
    to << header << '\n';
  }
  const Tensor values = table.values.contiguous();
  with_dtype(values.dtype(), [&](auto zero) {
    const auto* value = values.data<decltype(zero)>();
    for (std::int64_t i = 0; i < values.size(0); ++i) {
      if (!table.row_labels.empty()) {
        to << label_text(table.row_labels[static_cast<std::size_t>(i)], name) << ',';
      }
      for (std::int64_t j = 0; j < values.size(1); ++j) {
        if (j > 0) to << ',';
        write_number(to, *value++);
      }
      to << '\n';
    }
  });
}

}  // namespace clearhead
