// Reads a column of texts where another library has it.
#include <cstring>

#include "bindings/python/arrow.h"
#include "bindings/python/arrow_abi.h"
#include "bindings/python/long_call.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"

namespace clearhead::python {
namespace {

// Given back to whose it is at the end.
template <typename T>
struct Held : T {
  Held() : T{} {}
  ~Held() {
    if (this->release != nullptr) this->release(this);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
};

void check(int code, ArrowArrayStream& stream) {
  if (code == 0) return;
  const char* const said = stream.get_last_error(&stream);
  throw Error("the table cannot be read: " +
              std::string(said != nullptr ? said : "no reason given"));
}

// The place of a column among those of a table.
std::int64_t find_column(const ArrowSchema& schema, const std::string& name) {
  std::string names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i]->name == name) return i;
    names += (names.empty() ? "" : ", ") + std::string(schema.children[i]->name);
  }
  throw Error("the table has no column " + name + "; it has " + (names.empty() ? "none" : names));
}

bool is_there(const ArrowArray& array, std::int64_t row) {
  if (array.n_buffers == 0 || array.buffers[0] == nullptr) return true;
  return (static_cast<const std::uint8_t*>(array.buffers[0])[row / 8] >> (row % 8) & 1) != 0;
}

template <typename Offset>
std::string_view text_by_offsets(const ArrowArray& array, std::int64_t row) {
  const auto* const offsets = static_cast<const Offset*>(array.buffers[1]) + row;
  const auto* const bytes = static_cast<const char*>(array.buffers[2]);
  return {bytes + offsets[0], static_cast<std::size_t>(offsets[1] - offsets[0])};
}

// A view is its length, and up to 12 bytes themselves or else four of them, the number of a buffer
// and a place in it.
std::string_view text_by_view(const ArrowArray& array, std::int64_t row) {
  const char* const view = static_cast<const char*>(array.buffers[1]) + 16 * row;
  std::int32_t length, buffer, offset;
  std::memcpy(&length, view, 4);
  if (length <= 12) return {view + 4, static_cast<std::size_t>(length)};
  std::memcpy(&buffer, view + 8, 4);
  std::memcpy(&offset, view + 12, 4);
  return {static_cast<const char*>(array.buffers[2 + buffer]) + offset,
          static_cast<std::size_t>(length)};
}

using TextAt = std::string_view (*)(const ArrowArray& array, std::int64_t row);

TextAt reader_of(const ArrowSchema& column) {
  const std::string_view format = column.format;
  if (column.dictionary == nullptr) {
    if (format == "u") return text_by_offsets<std::int32_t>;
    if (format == "U") return text_by_offsets<std::int64_t>;
    if (format == "vu") return text_by_view;
  }
  throw Error("column " + std::string(column.name) +
              " of the table: expected texts (utf8, large_utf8 or utf8_view), got Arrow's type \"" +
              std::string(format) + "\"" +
              (column.dictionary != nullptr ? " of a dictionary" : ""));
}

}  // namespace

void read_texts(nb::handle table, const std::string& name,
                const std::function<void(std::optional<std::string_view>)>& take) {
  if (!nb::hasattr(table, "__arrow_c_stream__")) {
    throw Error(
        "expected a table of pyarrow, pandas, polars or another that has "
        "__arrow_c_stream__");
  }
  const nb::object capsule = table.attr("__arrow_c_stream__")();
  auto* const stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw nb::python_error();
  const LongCall call;  // whoever gives the table takes Python's lock where it needs it
  Held<ArrowSchema> schema;
  check(stream->get_schema(stream, &schema), *stream);
  const std::int64_t place = find_column(schema, name);
  const TextAt text_at = reader_of(*schema.children[place]);
  while (true) {
    Held<ArrowArray> batch;
    check(stream->get_next(stream, &batch), *stream);
    if (batch.release == nullptr) return;
    const ArrowArray& column = *batch.children[place];
    for (std::int64_t i = 0; i < batch.length; ++i) {
      check_interrupt();
      const std::int64_t row = batch.offset + column.offset + i;
      if (is_there(batch, batch.offset + i) && is_there(column, row)) {
        take(text_at(column, row));
      } else {
        take(std::nullopt);
      }
    }
  }
}

}  // namespace clearhead::python
