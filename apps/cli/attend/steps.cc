#include "apps/cli/attend/steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/cli/help.h"
#include "apps/cli/numbers.h"
#include "apps/cli/table.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMostRows = 20;      // a matrix with more shows
constexpr std::int64_t kCornerRows = 12;    // as many,
constexpr std::int64_t kMostColumns = 64;   // and never more columns, however wide the terminal
constexpr std::int64_t kMostMatrices = 16;  // heads × batches; of more,
constexpr std::int64_t kSomeMatrices = 4;   // so many are shown

struct AxisText {
  std::string one;
  std::string several;
};

AxisText text_of(Axis axis, const AttendInputs& in) {
  if (axis == Axis::kv_head && in.kv_heads == in.heads) axis = Axis::head;
  switch (axis) {
    case Axis::batch:
      return {"batch", "batches"};
    case Axis::head:
      return {"head", "heads"};
    case Axis::kv_head:
      return {"kv head", "kv heads"};
    case Axis::query:
      return {"query", "queries"};
    case Axis::key:
      return {"key", "keys"};
    case Axis::token:
      return {"token", "tokens"};
    case Axis::past:
      return {"past key", "past keys"};
    case Axis::component:
      return {"dim", "dims"};
    case Axis::in:
      return {"in", "in"};
    case Axis::out:
      return {"out", "out"};
    case Axis::one:
      break;
  }
  return {"", ""};
}

const std::vector<std::string>& labels_of(Axis axis, const AttendInputs& in) {
  static const std::vector<std::string> none;
  if (axis == Axis::query || axis == Axis::token) return in.query_labels;
  return axis == Axis::key ? in.key_labels : none;
}

// "2 heads × 3 queries × 3 keys"
std::string extent(const std::vector<Axis>& axes, const Shape& shape, const AttendInputs& in) {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const bool matters = i + 2 >= axes.size() || shape[i] != 1;
    if (!matters || axes[i] == Axis::one) continue;
    const AxisText words = text_of(axes[i], in);
    text += (text.empty() ? "" : " × ") + with_commas(shape[i]) + " " +
            (shape[i] == 1 ? words.one : words.several);
  }
  return text;
}

// A matrix of a value: what is shown of it, and its title.
struct PlacedMatrix {
  std::string title;
  MatrixCorner view;
};

// The matrix at `place` along the axes before the last two.
PlacedMatrix matrix_at(const Step& step, const Var& var, const Index& place,
                       const AttendInputs& in) {
  const std::vector<Axis> axes = axes_of(step, var);
  const Shape& shape = var.shape();
  const std::size_t rank = shape.size();
  const Axis row = rank < 2 ? Axis::one : axes[rank - 2];
  const Axis column = rank < 1 ? Axis::one : axes[rank - 1];
  PlacedMatrix matrix;
  MatrixCorner& view = matrix.view;
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
  view.row_title = text_of(row, in).one;
  view.column_title = text_of(column, in).one;
  const auto take_labels = [&](Axis axis, std::int64_t count, std::vector<std::string>& to) {
    const std::vector<std::string>& labels = labels_of(axis, in);
    if (std::ssize(labels) == count) to = labels;
  };
  take_labels(row, view.rows, view.row_labels);
  take_labels(column, view.columns, view.column_labels);
  if (column == Axis::one) view.column_labels = {step.name.substr(step.name.find('_') + 1)};
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (shape[i] == 1) continue;
    matrix.title += (matrix.title.empty() ? "" : ", ") +
                    fmt::format("{} {}", text_of(axes[i], in).one, place[i]);
  }
  return matrix;
}

std::string print_matrices(const Step& step, const Var& var, const AttendInputs& in, int width) {
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
  const NumberFormat format(numbers);
  std::vector<Block> blocks;
  for (const PlacedMatrix& matrix : matrices) {
    Block block = matrix_lines(matrix.view, format, width - kIndent);
    if (!matrix.title.empty()) block.insert(block.begin(), matrix.title);
    blocks.push_back(std::move(block));
  }
  std::string text = side_by_side(blocks, width, kIndent);
  if (shown < count) {
    text += fmt::format("\n  … {} more of these tables\n", with_commas(count - shown));
  }
  return text;
}

}  // namespace

const std::vector<Step>& all_steps() {
  using enum Axis;
  static const std::vector<Step> all = {
      {"x", "the tokens", {batch, head, token, component}},
      {"x_q", "the tokens that queries are made of", {batch, head, query, component}},
      {"x_k", "the tokens that keys are made of", {batch, head, key, component}},
      {"x_v", "the tokens that values are made of", {batch, head, key, component}},
      {"W_Q", "weights that make queries of tokens", {head, Axis::in, out}},
      {"W_K", "weights that make keys of tokens", {kv_head, Axis::in, out}},
      {"W_V", "weights that make values of tokens", {kv_head, Axis::in, out}},
      {"hook_q", "what each token looks for", {batch, head, query, component}},
      {"hook_rot_q", "what each token looks for", {batch, head, query, component}},
      {"past_key", "keys of the cache", {batch, kv_head, past, component}},
      {"new_key", "keys that continue the cache", {batch, kv_head, token, component}},
      {"hook_k", "what each token can be found by", {batch, kv_head, key, component}},
      {"hook_rot_k", "what each token can be found by", {batch, kv_head, key, component}},
      {"past_value", "values of the cache", {batch, kv_head, past, component}},
      {"new_value", "values that continue the cache", {batch, kv_head, token, component}},
      {"hook_v", "what each token has to say", {batch, kv_head, key, component}},
      {"hook_raw_scores", "how well each key fits each query", {batch, head, query, key}},
      {"hook_scaled_scores", "the same, kept small by the scale", {batch, head, query, key}},
      {"hook_capped_scores", "squeezed into ±softcap", {batch, head, query, key}},
      {"attn_mask", "the mask that was given", {batch, head, query, key}},
      {"hook_mask", "−∞ where a query does not see a key", {batch, head, query, key}},
      {"hook_attn_scores", "the scores that count, after the mask", {batch, head, query, key}},
      {"hook_row_max", "the largest score of each query", {batch, head, query, one}},
      {"hook_row_sum", "what makes the weights of a query sum to 1", {batch, head, query, one}},
      {"hook_pattern",
       "how much a query looks at each key; rows sum to 1",
       {batch, head, query, key}},
      {"hook_z",
       "the mean of the values under each query's weights",
       {batch, head, query, component}},
      {"W_O", "weights that make the result of the heads", {head, Axis::in, out}},
      {"hook_result", "what each head adds to each token", {batch, head, token, component}},
      {"hook_attn_out", "the sum over the heads", {batch, token, component}},
  };
  return all;
}

std::vector<Step> steps_on(const Tape& tape) {
  std::vector<Step> found;
  for (const Step& step : all_steps()) {
    if (tape.contains(step.name)) found.push_back(step);
  }
  return found;
}

std::vector<Axis> axes_of(const Step& step, const Var& var) {
  const std::ptrdiff_t rank = static_cast<std::ptrdiff_t>(var.rank());
  return {step.axes.end() - std::min<std::ptrdiff_t>(rank, std::ssize(step.axes)), step.axes.end()};
}

std::string axis_name(Axis axis) { return axis == Axis::one ? "place" : text_of(axis, {}).one; }

std::string print_steps(const Tape& tape, const AttendInputs& in, int width, bool bold) {
  std::string text;
  for (const Step& step : steps_on(tape)) {
    const Var var = tape[step.name];
    const std::string name = bold ? "\033[1m" + step.name + "\033[0m" : step.name;
    if (var.name() != step.name) {  // nothing came in between
      text += fmt::format("{} is the same: no key is hidden\n\n", name);
      continue;
    }
    text += name + (var.kind() == "input" ? " (" + in.origin + ")" : " = " + var.formula());
    const std::string about = step.meaning + ": " + extent(axes_of(step, var), var.shape(), in);
    text += "\n" + wrapped(about, width, 0) + "\n\n";
    text += print_matrices(step, var, in, width) + "\n";
  }
  return text;
}

}  // namespace clearhead
