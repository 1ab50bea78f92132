// Feeds any bytes to the reader of `.csv`; what it accepts must survive being written and read.
#include <cmath>
#include <cstdint>
#include <sstream>

#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  Table table;
  try {
    table = parse_csv(std::as_bytes(std::span(data, size)), "input");
  } catch (const Error&) {
    return 0;
  }
  std::ostringstream written;
  write_csv(written, table, "output");
  const Table again = parse_csv(as_bytes(written.str()), "output");
  require(again.row_labels == table.row_labels, "same row labels");
  require(again.column_labels == table.column_labels, "same column labels");
  require(again.values.shape() == table.values.shape(), "same shape");
  const double* a = table.values.data<double>();
  const double* b = again.values.data<double>();
  for (std::int64_t i = 0; i < table.values.count(); ++i) {
    require(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])), "same numbers");
  }
  return 0;
}
