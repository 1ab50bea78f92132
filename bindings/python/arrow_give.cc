// The class Table: what is calculated, as any library of Arrow takes it.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "bindings/python/arrow.h"
#include "bindings/python/arrow_abi.h"
#include "clearhead/base/error.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// One batch of a table holds at most so many rows, so that 32-bit offsets into its texts do: those
// of claims are some kilobytes.
constexpr std::int64_t kBatchRows = 1 << 16;

std::int64_t length_of(const Column& column) {
  return std::visit([](const auto& values) { return std::ssize(values); }, column.values);
}

// ---- Schema ----

const char* format_of(const Column& column) {
  constexpr const char* formats[] = {"u", "g", "l"};  // as in the variant
  return formats[column.values.index()];
}

// What a schema or an array owns lives as long as its parent does, unless it is moved out of it: so
// each owns its parts itself, and a parent releases the children that it still has.
template <typename Child>
class Children {
 public:
  explicit Children(std::size_t count) : children_(count) {
    for (Child& child : children_) pointers_.push_back(&child);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children() {
    for (Child& child : children_) {
      if (child.release != nullptr) child.release(&child);
    }
  }

  Child& operator[](std::size_t i) { return children_[i]; }
  std::int64_t count() const { return std::ssize(children_); }
  Child** pointers() { return pointers_.data(); }

 private:
  std::vector<Child> children_;
  std::vector<Child*> pointers_;
};

// As `release` of a schema or an array whose private_data is a Parts of its own.
template <typename Parts, typename Owner>
void release(Owner* owner) {
  delete static_cast<Parts*>(owner->private_data);
  owner->release = nullptr;
}

using NamesOf = std::shared_ptr<const Table>;  // whose names are pointed at

void fill_schema(const NamesOf& table, ArrowSchema* out) {
  using Parts = Children<ArrowSchema>;
  constexpr std::int64_t kNullable = 2;
  auto parts = std::make_unique<Parts>(table->columns.size());
  for (std::size_t i = 0; i < table->columns.size(); ++i) {
    const Column& column = table->columns[i];
    (*parts)[i] = {.format = format_of(column),
                   .name = column.name.c_str(),
                   .metadata = nullptr,
                   .flags = kNullable,
                   .n_children = 0,
                   .children = nullptr,
                   .dictionary = nullptr,
                   .release = release<NamesOf, ArrowSchema>,
                   .private_data = new NamesOf(table)};
  }
  *out = {.format = "+s",
          .name = "",
          .metadata = nullptr,
          .flags = 0,
          .n_children = parts->count(),
          .children = parts->pointers(),
          .dictionary = nullptr,
          .release = release<Parts, ArrowSchema>,
          .private_data = parts.get()};
  static_cast<void>(parts.release());
}

// ---- Batches ----

struct ColumnParts {
  std::vector<std::uint8_t> valid;
  std::vector<std::int32_t> offsets;
  std::vector<char> bytes;  // texts, or numbers as they are
  std::vector<const void*> buffers;
};

struct BatchParts {
  explicit BatchParts(std::size_t count) : columns(count) {}

  Children<ArrowArray> columns;
  std::array<const void*, 1> buffers{nullptr};
};

void add_value(ColumnParts& parts, const std::string& text) {
  if (parts.bytes.size() + text.size() > std::numeric_limits<std::int32_t>::max()) {
    throw Error("the texts of " + std::to_string(kBatchRows) + " rows are more than 2 GB");
  }
  parts.bytes.insert(parts.bytes.end(), text.begin(), text.end());
}

template <typename Number>
void add_value(ColumnParts& parts, Number number) {
  const auto* const bytes = reinterpret_cast<const char*>(&number);
  parts.bytes.insert(parts.bytes.end(), bytes, bytes + sizeof number);
}

template <typename T>
ArrowArray array_of_rows(const std::vector<std::optional<T>>& values, std::int64_t begin,
                         std::int64_t end) {
  constexpr bool is_text = std::is_same_v<T, std::string>;
  auto held = std::make_unique<ColumnParts>();
  ColumnParts& parts = *held;
  parts.valid.assign(static_cast<std::size_t>((end - begin + 7) / 8), 0);
  std::int64_t missing = 0;
  if (is_text) parts.offsets.push_back(0);
  for (std::int64_t i = begin; i < end; ++i) {
    const std::optional<T>& value = values[static_cast<std::size_t>(i)];
    const auto row = static_cast<std::size_t>(i - begin);
    if (value) {
      parts.valid[row / 8] = static_cast<std::uint8_t>(parts.valid[row / 8] | 1u << (row % 8));
    } else {
      ++missing;
    }
    if (value || !is_text) add_value(parts, value.value_or(T{}));
    if (is_text) parts.offsets.push_back(static_cast<std::int32_t>(parts.bytes.size()));
  }
  if (parts.bytes.empty()) parts.bytes.reserve(1);  // Arrow wants an address
  parts.buffers = {parts.valid.data()};
  if (is_text) parts.buffers.push_back(parts.offsets.data());
  parts.buffers.push_back(parts.bytes.data());
  return {.length = end - begin,
          .null_count = missing,
          .offset = 0,
          .n_buffers = std::ssize(parts.buffers),
          .n_children = 0,
          .buffers = parts.buffers.data(),
          .children = nullptr,
          .dictionary = nullptr,
          .release = release<ColumnParts, ArrowArray>,
          .private_data = held.release()};
}

void fill_batch(const Table& table, std::int64_t begin, std::int64_t end, ArrowArray* out) {
  auto parts = std::make_unique<BatchParts>(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    parts->columns[i] =
        std::visit([&](const auto& values) { return array_of_rows(values, begin, end); },
                   table.columns[i].values);
  }
  *out = {.length = end - begin,
          .null_count = 0,
          .offset = 0,
          .n_buffers = 1,
          .n_children = parts->columns.count(),
          .buffers = parts->buffers.data(),
          .children = parts->columns.pointers(),
          .dictionary = nullptr,
          .release = release<BatchParts, ArrowArray>,
          .private_data = parts.get()};
  static_cast<void>(parts.release());
}

// ---- Stream ----

struct StreamParts {
  std::shared_ptr<const Table> table;
  std::int64_t next = 0;  // row
  std::string error;
};

StreamParts& parts_of(ArrowArrayStream* stream) {
  return *static_cast<StreamParts*>(stream->private_data);
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  fill_schema(parts_of(stream).table, out);
  return 0;
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  StreamParts& parts = parts_of(stream);
  const std::int64_t end = std::min(parts.table->rows(), parts.next + kBatchRows);
  *out = {};
  if (parts.next == end) return 0;
  try {
    fill_batch(*parts.table, parts.next, end, out);
  } catch (const std::exception& error) {
    parts.error = error.what();
    return 12;  // ENOMEM
  }
  parts.next = end;
  return 0;
}

const char* get_last_error(ArrowArrayStream* stream) {
  const std::string& error = parts_of(stream).error;
  return error.empty() ? nullptr : error.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  delete &parts_of(stream);
  stream->release = nullptr;
}

void delete_capsule(PyObject* capsule) {
  auto* const stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

nb::object stream_of(const std::shared_ptr<const Table>& table) {
  auto* const stream =
      new ArrowArrayStream{.get_schema = get_schema,
                           .get_next = get_next,
                           .get_last_error = get_last_error,
                           .release = release_stream,
                           .private_data = new StreamParts{.table = table, .next = 0, .error = {}}};
  return nb::steal(PyCapsule_New(stream, "arrow_array_stream", delete_capsule));
}

nb::object list_of(const Column& column) {
  return std::visit([](const auto& values) { return nb::cast(values); }, column.values);
}

}  // namespace

std::int64_t Table::rows() const { return columns.empty() ? 0 : length_of(columns.front()); }

void add_arrow(nb::module_& m) {
  nb::class_<Table>(
      m, "Table", R"(A table, which every library that speaks Arrow takes without a copy of its own:
``pyarrow.table(table)``, ``polars.DataFrame(table)``, and from pandas 3 on
``pandas.DataFrame.from_arrow(table)``.

``table["score"]`` is a column as a list, with None where a value is missing.)")
      .def(
          "__arrow_c_stream__",
          [](std::shared_ptr<Table> table, nb::object) { return stream_of(table); },
          "requested_schema"_a = nb::none())
      .def_prop_ro(
          "column_names",
          [](const Table& table) {
            std::vector<std::string> names;
            for (const Column& column : table.columns) names.push_back(column.name);
            return names;
          },
          "The names of the columns.")
      .def("__len__", &Table::rows)
      .def(
          "__getitem__",
          [](const Table& table, const std::string& name) {
            for (const Column& column : table.columns) {
              if (column.name == name) return list_of(column);
            }
            throw nb::key_error(name.c_str());
          },
          "name"_a)
      .def("__repr__", [](const Table& table) {
        std::string names;
        for (const Column& column : table.columns)
          names += (names.empty() ? "" : ", ") + column.name;
        return "<clearhead.Table of " + std::to_string(table.rows()) + " rows: " + names + ">";
      });
}

}  // namespace clearhead::python
