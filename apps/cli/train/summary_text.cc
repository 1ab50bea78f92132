// A model's summary as text for the terminal.
#include "apps/cli/train/summary_text.h"

#include <fmt/format.h>

#include "apps/console/numbers.h"
#include "apps/console/table.h"

namespace clearhead::cli {
namespace {

std::vector<std::string> cells(const std::string& name, const std::string& shape,
                               std::int64_t count) {
  return {name, shape, console::with_commas(count), console::bytes_text(4 * count),
          console::bytes_text(2 * count)};
}

std::string shape_text(const SummaryRow& row) {
  return row.copies == 1 ? to_string(row.shape)
                         : fmt::format("{} × {}", row.copies, to_string(row.shape));
}

}  // namespace

std::string summary_text(const ModelSummary& summary) {
  plot::TextTable table{
      .columns = {{"part", true}, {"shape", true}, {"numbers"}, {"f32"}, {"bf16"}}, .rows = {}};
  for (const SummaryRow& row : summary.rows) {
    table.rows.push_back(cells(row.name, shape_text(row), row.count()));
  }
  table.rows.push_back(cells("total", "", summary.count));
  return table.text() + fmt::format(
                            "\ntraining takes {} besides activations: weights {}, gradients {},\n"
                            "two moments of AdamW {}, all f32\n",
                            console::bytes_text(summary.training_bytes()),
                            console::bytes_text(summary.bytes(DType::f32)),
                            console::bytes_text(4 * summary.learned),
                            console::bytes_text(8 * summary.learned));
}

}  // namespace clearhead::cli
