#include "apps/cli/train/summary_text.h"

#include <fmt/format.h>

#include "apps/cli/numbers.h"
#include "apps/cli/table.h"

namespace clearhead {
namespace {

std::vector<std::string> cells(const std::string& name, const std::string& shape,
                               std::int64_t count) {
  return {name, shape, with_commas(count), bytes_text(4 * count), bytes_text(2 * count)};
}

std::string shape_text(const SummaryRow& row) {
  return row.copies == 1 ? to_string(row.shape)
                         : fmt::format("{} × {}", row.copies, to_string(row.shape));
}

}  // namespace

std::string summary_text(const ModelSummary& summary) {
  TextTable table{.columns = {{"part", true}, {"shape", true}, {"numbers"}, {"f32"}, {"bf16"}},
                  .rows = {}};
  for (const SummaryRow& row : summary.rows) {
    table.rows.push_back(cells(row.name, shape_text(row), row.count()));
  }
  table.rows.push_back(cells("total", "", summary.count));
  std::string text;
  for (const std::string& line : table.lines()) text += line + "\n";
  return text + fmt::format(
                    "\ntraining takes {} besides activations: weights {}, gradients {},\n"
                    "two moments of AdamW {}, all f32\n",
                    bytes_text(summary.training_bytes()), bytes_text(summary.bytes(DType::f32)),
                    bytes_text(4 * summary.learned), bytes_text(8 * summary.learned));
}

}  // namespace clearhead
