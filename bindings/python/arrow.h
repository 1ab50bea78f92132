// Tables of Apache Arrow, in and out, through its C data interface: no copy of what is read, and no
// library of Arrow's. https://arrow.apache.org/docs/format/CDataInterface.html
#ifndef CLEARHEAD_BINDINGS_PYTHON_ARROW_H_
#define CLEARHEAD_BINDINGS_PYTHON_ARROW_H_

#include <nanobind/nanobind.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearhead::python {

namespace nb = nanobind;

/// A column of a table to give: all its values, of which some may be missing.
struct Column {
  using Texts = std::vector<std::optional<std::string>>;
  using Numbers = std::vector<std::optional<double>>;
  using Integers = std::vector<std::optional<std::int64_t>>;

  std::string name;                               ///< in the table
  std::variant<Texts, Numbers, Integers> values;  ///< utf8, float64 or int64
};

/// A table to give; its columns are of one length.
struct Table {
  std::vector<Column> columns;

  std::int64_t rows() const;
};

/// Calls `take` with each text of the column `name` of a table, in its order; none where it is
/// missing. The text is where Arrow has it, and stays there during the call, in which this thread
/// does not hold Python's lock. `table` is whatever has `__arrow_c_stream__`: of pyarrow, pandas,
/// polars, …. Throws Error if it does not, if there is no such column, or if it is of another type
/// than utf8, large_utf8 or utf8_view.
void read_texts(nb::handle table, const std::string& name,
                const std::function<void(std::optional<std::string_view>)>& take);

/// Adds the class Table.
void add_arrow(nb::module_& m);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_ARROW_H_
