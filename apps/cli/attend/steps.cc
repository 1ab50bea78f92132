// Prints each recorded step of attention as matrices with labelled rows and columns.
#include "apps/cli/attend/steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/console/numbers.h"
#include "apps/console/table.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kMostRows = 20;      // a matrix with more shows
constexpr std::int64_t kCornerRows = 12;    // as many,
constexpr std::int64_t kMostColumns = 64;   // and never more columns, however wide the terminal
constexpr std::int64_t kMostMatrices = 16;  // heads × batches; of more,
constexpr std::int64_t kSomeMatrices = 4;   // so many are shown

// Heads of keys and values are plain heads if there are as many.
AxisWords words_of(StepAxis axis, const AttendInputs& in) {
  const bool is_plain = axis == StepAxis::kv_head && in.kv_heads == in.heads;
  return axis_words(is_plain ? StepAxis::head : axis);
}

const std::vector<std::string>& labels_of(StepAxis axis, const AttendInputs& in) {
  static const std::vector<std::string> none;
  if (axis == StepAxis::query || axis == StepAxis::token) return in.query_labels;
  return axis == StepAxis::key ? in.key_labels : none;
}

// "2 heads × 3 queries × 3 keys"
std::string extent(const std::vector<StepAxis>& axes, const Shape& shape, const AttendInputs& in) {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const bool matters = i + 2 >= axes.size() || shape[i] != 1;
    if (!matters || axes[i] == StepAxis::one) continue;
    const AxisWords words = words_of(axes[i], in);
    text += (text.empty() ? "" : " × ") + console::with_commas(shape[i]) + " " +
            (shape[i] == 1 ? words.one : words.several);
  }
  return text;
}

// A matrix of a value: what is shown of it, and its title.
struct PlacedMatrix {
  std::string title;
  console::MatrixCorner view;
};

// The matrix at `place` along the axes before the last two.
PlacedMatrix matrix_at(const AttentionStep& step, const Var& var, const Index& place,
                       const AttendInputs& in) {
  const std::vector<StepAxis> axes = step.axes_of(var);
  const Shape& shape = var.shape();
  const std::size_t rank = shape.size();
  const StepAxis row = rank < 2 ? StepAxis::one : axes[rank - 2];
  const StepAxis column = rank < 1 ? StepAxis::one : axes[rank - 1];
  PlacedMatrix matrix;
  console::MatrixCorner& view = matrix.view;
  view.rows = rank < 2 ? 1 : shape[rank - 2];
  view.columns = rank < 1 ? 1 : shape[rank - 1];
  const std::int64_t R = view.rows <= kMostRows ? view.rows : kCornerRows;
  const std::int64_t C = std::min(view.columns, kMostColumns);
  Index begin = place;
  Index end = place;
  for (std::int64_t& i : end) ++i;
  if (rank >= 2) begin.push_back(0), end.push_back(R);
  if (rank >= 1) begin.push_back(0), end.push_back(C);
  view.corner = var.tile(begin, end).to(DType::f64).reshape({R, C}).contiguous();
  view.row_title = words_of(row, in).one;
  view.column_title = words_of(column, in).one;
  const auto take_labels = [&](StepAxis axis, std::int64_t count, std::vector<std::string>& to) {
    const std::vector<std::string>& labels = labels_of(axis, in);
    if (std::ssize(labels) == count) to = labels;
  };
  take_labels(row, view.rows, view.row_labels);
  take_labels(column, view.columns, view.column_labels);
  if (column == StepAxis::one) view.column_labels = {step.name.substr(step.name.find('_') + 1)};
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (shape[i] == 1) continue;
    matrix.title += (matrix.title.empty() ? "" : ", ") +
                    fmt::format("{} {}", words_of(axes[i], in).one, place[i]);
  }
  return matrix;
}

std::string print_matrices(const AttentionStep& step, const Var& var, const AttendInputs& in,
                           int width) {
  constexpr int kIndent = 2;
  const Shape& shape = var.shape();
  if (element_count(shape) == 0) return "  (no numbers)\n";
  const Shape outer(shape.begin(), shape.end() - std::min<std::ptrdiff_t>(2, std::ssize(shape)));
  const std::int64_t count = element_count(outer);
  const std::int64_t shown = count <= kMostMatrices ? count : kSomeMatrices;
  std::vector<PlacedMatrix> matrices;
  std::vector<double> numbers;  // of all of them, so that they are written alike
  for (std::int64_t i = 0; i < shown; ++i) {
    matrices.push_back(matrix_at(step, var, unflatten(i, outer), in));
    const Tensor& corner = matrices.back().view.corner;
    numbers.insert(numbers.end(), corner.data<double>(), corner.data<double>() + corner.count());
  }
  const console::NumberFormat format(numbers);
  std::vector<console::Block> blocks;
  for (const PlacedMatrix& matrix : matrices) {
    console::Block block = console::matrix_lines(matrix.view, format, width - kIndent);
    if (!matrix.title.empty()) block.insert(block.begin(), matrix.title);
    blocks.push_back(std::move(block));
  }
  std::string text = console::side_by_side(blocks, width, kIndent);
  if (shown < count) {
    text += fmt::format("\n  … {} more of these tables\n", console::with_commas(count - shown));
  }
  return text;
}

std::string emphasized(const std::string& name, bool bold) {
  return bold ? "\033[1m" + name + "\033[0m" : name;
}

}  // namespace

std::vector<AttentionStep> steps_on(const Tape& tape) {
  std::vector<AttentionStep> found;
  for (const AttentionStep& step : attention_steps()) {
    if (tape.contains(step.name)) found.push_back(step);
  }
  return found;
}

std::string print_step(const AttentionStep& step, const std::string& from, const Var& value,
                       const AttendInputs& in, int width, bool bold) {
  const std::string about = step.meaning + ": " + extent(step.axes_of(value), value.shape(), in);
  return emphasized(step.name, bold) + from + "\n" + console::wrapped(about, width, 0) + "\n\n" +
         print_matrices(step, value, in, width) + "\n";
}

std::string print_steps(const Tape& tape, const AttendInputs& in, int width, bool bold) {
  std::string text;
  for (const AttentionStep& step : steps_on(tape)) {
    const Var var = tape[step.name];
    if (var.name() != step.name) {  // nothing came in between
      text += fmt::format("{} is the same: no key is hidden\n\n", emphasized(step.name, bold));
      continue;
    }
    const std::string from = var.kind() == "input" ? " (" + in.origin + ")" : " = " + var.formula();
    text += print_step(step, from, var, in, width, bold);
  }
  return text;
}

}  // namespace clearhead::cli
