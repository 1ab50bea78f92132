// Rows of the table: element by element, products, reductions, moves.
#include <cmath>
#include <utility>

#include "clearhead/ops/add.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/dropout.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/replace.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rounded_softmax.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/sigmoid.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/tanh.h"
#include "tests/ops/operations_rows.h"

namespace clearhead {
namespace {

// Pairs of shapes that broadcast: equal, scalars, sizes of 1 and 0, missing axes, on either side.
const std::vector<Operands> kPairs = {
    {{2, 3}, {3}},    {{}, {}},         {{3}, {3}},
    {{2, 3}, {2, 3}}, {{3}, {2, 3}},    {{2, 1}, {3}},
    {{2, 3}, {}},     {{1, 3}, {2, 1}}, {{0, 3}, {3}},
    {{2, 0}, {1, 0}}, {{1}, {0}},       {{2, 1, 4}, {3, 1}},
    {{1, 1}, {2, 3}}, {{4, 1}, {4, 1}}, {{2, 1, 3, 1}, {2, 1, 4}}};
const std::vector<Operands> kSingles = {{{2, 3}}, {{}},     {{1}},    {{5}},
                                        {{0}},    {{3, 1}}, {{0, 4}}, {{2, 3, 4}}};
const std::vector<Operands> kRows = {{{2, 3}}, {{5}},    {{1}},      {{3, 1}},
                                     {{2, 0}}, {{0, 2}}, {{2, 3, 4}}};

Operation elementwise(std::string_view header, std::string_view name, Function call,
                      std::string_view held_for, std::string_view formula,
                      std::vector<WrongCall> wrong = {}) {
  return {header, name, std::move(call), kSingles, kLarge, {held_for}, formula, std::move(wrong)};
}

}  // namespace

Rows elementwise_rows() {
  Rows rows = {
      row("add.h", "add", [](Tape&, const Vars& x) { return add(x[0], x[1]); }, kPairs,
          {{200, 300}, {300}}, {"", ""}, "a + b",
          {{{{2, 3}, {4, 5}}, {"add: ", "[2, 3]", "[4, 5]"}},
           {kLarge,
            {"add: expected all f32 or all f64, got f32, f64; convert with cast()"},
            [](Tape&, const Vars& x) { return add(x[0], cast(x[0], DType::f64)); }}}),
      row(
          "add.h", "add, of one to itself", [](Tape&, const Vars& x) { return add(x[0], x[0]); },
          {{{2, 3}}}, kLarge, {""}, "a + a"),
      row("multiply.h", "multiply", [](Tape&, const Vars& x) { return multiply(x[0], x[1]); },
          kPairs, {{200, 300}, {200, 1}}, {"1", "0"}, "a ⊙ b",
          {{{{2, 3}, {4, 5}}, {"multiply: ", "[2, 3]", "[4, 5]"}}}),
      row(
          "multiply.h", "multiply, of one with itself",
          [](Tape&, const Vars& x) { return multiply(x[0], x[0]); }, {{{2, 3}}}, kLarge, {"0"},
          "a ⊙ a"),
      row("dropout.h", "dropout_add",
          [](Tape&, const Vars& x) { return dropout_add(x[0], x[1], 0.4, {.seed = 3}); },
          {{{3, 7}, {3, 7}}, {{}, {}}, {{0}, {0}}}, {{300, 201}, {300, 201}}, {"", ""},
          "a + dropout(b)", {{{{5}, {1}}, {"dropout_add: ", "one shape, got [5] and [1]"}}}),
      row("mask.h", "mask", [](Tape&, const Vars& x) { return mask(x[0], x[1]); }, kMasked,
          {{2, 200, 100}, {100}}, {"", "01"}, {},
          {{{{2, 3}, {4, 5}}, {"mask: ", "[2, 3]", "[4, 5]"}},
           {{{3}, {2, 3}}, {"mask: ", "scores [3]", "[2, 3]"}}}),
  };
  rows.push_back(elementwise(
      "scale.h", "scale", [](Tape&, const Vars& x) { return scale(x[0], -0.7); }, "",
      "a · (-0.7)"));
  std::vector<WrongCall> caps;
  for (const double cap : {0.0, -1.0, std::nan(""), kInfinity}) {
    caps.push_back({kLarge, {"softcap: ", "finite cap above 0"}, [=](Tape&, const Vars& x) {
                      return softcap(x[0], cap);
                    }});
  }
  rows.push_back(elementwise(
      "softcap.h", "softcap", [](Tape&, const Vars& x) { return softcap(x[0], 1.5); }, "",
      "1.5 · tanh(a/1.5)", caps));
  for (const bool approximation : {false, true}) {
    rows.push_back(elementwise(
        "gelu.h", approximation ? "gelu, by tanh" : "gelu",
        [=](Tape&, const Vars& x) { return gelu(x[0], approximation); }, "0",
        approximation ? "" : "gelu(a)"));
  }
  rows.push_back(elementwise(
      "relu.h", "relu", [](Tape&, const Vars& x) { return relu(x[0]); }, "", "max(a, 0)"));
  rows.push_back(
      elementwise("silu.h", "silu", [](Tape&, const Vars& x) { return silu(x[0]); }, "0", {}));
  rows.push_back(
      elementwise("tanh.h", "tanh", [](Tape&, const Vars& x) { return tanh(x[0]); }, "", {}));
  rows.push_back(elementwise("sigmoid.h", "sigmoid",
                             [](Tape&, const Vars& x) { return sigmoid(x[0]); }, "", {}));
  std::vector<WrongCall> rates;
  for (const double rate : {-0.1, 1.0, std::nan("")}) {
    rates.push_back({kLarge,
                     {"dropout: ", "rate of at least 0 and below 1"},
                     [=](Tape&, const Vars& x) { return dropout(x[0], rate, {}); }});
    rates.push_back({{{2}, {2}},
                     {"dropout_add: ", "rate of at least 0 and below 1"},
                     [=](Tape&, const Vars& x) { return dropout_add(x[0], x[1], rate, {}); }});
  }
  rows.push_back(elementwise(
      "dropout.h", "dropout", [](Tape&, const Vars& x) { return dropout(x[0], 0.4, {.seed = 3}); },
      "", "dropout(a)", rates));
  return rows;
}

namespace {

// [batch…, M, K]·[batch…, K, N], either of them transposed.
Operation matmul_row(bool transpose_a, bool transpose_b) {
  struct Sizes {
    Shape a_batch, b_batch;
    std::int64_t M, N, K;
  };
  const std::vector<Sizes> small = {
      {{}, {}, 2, 3, 4},      {{}, {}, 1, 1, 1},        {{}, {}, 5, 9, 3},
      {{2}, {2}, 3, 2, 4},    {{2}, {}, 3, 2, 4},       {{}, {2}, 3, 2, 4},
      {{2, 1}, {3}, 2, 2, 2}, {{1}, {2}, 2, 2, 3},      {{2, 3}, {2, 1}, 2, 1, 3},
      {{0}, {1}, 2, 2, 2},    {{}, {}, 0, 3, 2},        {{}, {}, 2, 0, 3},
      {{}, {}, 2, 3, 0},      {{2, 2}, {2, 2}, 1, 3, 2}};
  const auto shapes = [=](const Sizes& s) {
    Shape a = s.a_batch, b = s.b_batch;
    a.insert(a.end(), {transpose_a ? s.K : s.M, transpose_a ? s.M : s.K});
    b.insert(b.end(), {transpose_b ? s.N : s.K, transpose_b ? s.K : s.N});
    return Operands{a, b};
  };
  Operation row{"matmul.h",
                transpose_a   ? transpose_b ? "matmul, Aᵀ·Bᵀ" : "matmul, Aᵀ·B"
                : transpose_b ? "matmul, A·Bᵀ"
                              : "matmul, A·B",
                [=](Tape&, const Vars& x) {
                  return matmul(x[0], x[1],
                                {.transpose_a = transpose_a, .transpose_b = transpose_b});
                },
                {},
                transpose_a ? shapes({{6, 1}, {3}, 50, 40, 20}) : shapes({{}, {}, 300, 600, 70}),
                {"1", "0"},
                transpose_a   ? transpose_b ? "aᵀ·bᵀ" : "aᵀ·b"
                : transpose_b ? "a·bᵀ"
                              : "a·b"};
  for (const Sizes& s : small) row.small.push_back(shapes(s));
  return row;
}

}  // namespace

Rows product_rows() {
  Rows rows;
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true})
      rows.push_back(matmul_row(transpose_a, transpose_b));
  }
  rows[0].wrong = {{{{2, 3}, {4, 5}}, {"matmul: ", "[2, 3]", "[4, 5]"}},
                   {{{3}, {2, 3}}, {"matmul: ", "[3]", "[2, 3]"}},
                   {{{2, 3, 3}, {4, 3, 3}}, {"matmul: ", "[2, 3, 3]", "broadcast"}}};
  rows[1].wrong = {{{{2, 3}, {4, 5}}, {"matmul: ", "[2, 3] and", "[4, 5] transposed"}}};
  const std::vector<Operands> linear_shapes = {
      {{2, 3}, {4, 3}}, {{3}, {4, 3}},    {{2, 2, 3}, {1, 3}}, {{0, 3}, {4, 3}},
      {{2, 0}, {4, 0}}, {{2, 3}, {0, 3}}, {{1, 1, 1}, {1, 1}}};
  std::vector<Operands> with_bias = linear_shapes;
  for (Operands& shapes : with_bias) shapes.push_back({shapes[1][0]});
  const Rows others = {
      row(
          "matmul.h", "matmul, of one with itself",
          [](Tape&, const Vars& x) { return matmul(x[0], x[0]); }, {{{3, 3}}}, {{200, 200}}, {"0"},
          "a·a"),
      row("matmul.h", "matmul, of heads that lie strided",
          [](Tape&, const Vars& x) {
            return matmul(permute(x[0], {0, 2, 1, 3}), transpose(transpose(x[1], 1, 2), -1, -2));
          },
          {{{2, 3, 2, 4}, {2, 5, 2, 4}}}, {{2, 90, 4, 20}, {2, 70, 4, 20}}, {"1", ""}),
      row("linear.h", "linear", [](Tape&, const Vars& x) { return linear(x[0], x[1]); },
          linear_shapes, {{600, 40}, {300, 40}}, {"1", "0"}, "a·bᵀ",
          {{{{2, 3}, {4, 5}}, {"linear: ", "[2, 3]", "[4, 5]"}},
           {{{}, {4, 5}}, {"linear: ", "[]", "[4, 5]"}},
           {{{2, 3}, {1, 4, 3}}, {"linear: ", "[2, 3]", "[1, 4, 3]"}}}),
      row("linear.h", "linear, with a bias",
          [](Tape&, const Vars& x) { return linear(x[0], x[1], x[2]); }, with_bias,
          {{3, 200, 40}, {300, 40}, {300}}, {"1", "0", ""}, "a·bᵀ + c",
          {{{{2, 3}, {4, 3}, {3}}, {"linear: ", "bias [4]", "[3]"}}}),
      row("linear.h", "linears",
          [](Tape&, const Vars& x) {
            const LinearWeights all[] = {{x[1], {}}, {x[2], x[3]}};
            const std::vector<Var> y = linears(x[0], all);
            return concat(y[0], y[1], -1);
          },
          {{{2, 3}, {4, 3}, {5, 3}, {5}}, {{0, 3}, {4, 3}, {1, 3}, {1}}},
          {{600, 40}, {300, 40}, {200, 40}, {200}}, {"12", "0", "0", ""}),
  };
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

Rows reduction_rows() {
  Rows rows = {
      row("reduce.h", "sum", [](Tape&, const Vars& x) { return sum(x[0]); }, kSingles, kLarge, {""},
          "sum(a)",
          {{{{1}},
            {"sum: expected f32 or f64, got f16; convert with cast()"},
            [](Tape&, const Vars& x) { return sum(cast(x[0], DType::f16)); }},
           {{{2, 3}}, {"axis 2"}, [](Tape&, const Vars& x) { return sum(x[0], {2}); }},
           {{{2, 3}},
            {"sum: ", "different axes", "[0, -2]"},
            [](Tape&, const Vars& x) {
              return sum(x[0], {0, -2});
            }}}),
      row(
          "reduce.h", "mean", [](Tape&, const Vars& x) { return mean(x[0]); },
          {{{2, 3}}, {{}}, {{2, 3, 4}}}, kLarge, {""}, "mean(a)"),
  };
  struct Case {
    Shape shape;
    std::vector<std::int64_t> axes;
  };
  const std::vector<Case> cases = {{{4}, {0}},        {{2, 3}, {0}}, {{2, 3}, {1}},
                                   {{2, 3}, {-1, 0}}, {{2, 3}, {}},  {{2, 3, 4}, {0, 2}},
                                   {{2, 3, 4}, {1}},  {{2, 1}, {1}}, {{}, {}}};
  for (const bool keepdims : {false, true}) {
    for (const Case& c : cases) {
      Operands large;  // along the first, the last, several axes
      if (!keepdims && c.shape.size() > 1)
        large = {Shape(c.shape.size(), c.shape.size() > 2 ? 40 : 250)};
      std::vector<Operands> small = {{c.shape}};
      if (c.axes == std::vector<std::int64_t>{0}) small.push_back({{2, 0}});
      rows.push_back(row("reduce.h", "sum over axes",
                         [=](Tape&, const Vars& x) { return sum(x[0], c.axes, keepdims); }, small,
                         large, {""}));
      rows.push_back(row("reduce.h", "mean over axes",
                         [=](Tape&, const Vars& x) { return mean(x[0], c.axes, keepdims); }, small,
                         large, {""}));
    }
  }
  for (std::int64_t axis = -3; axis < 3; ++axis) {
    std::vector<Operands> small;
    for (const Operands& shapes : kRows) {
      const auto rank = static_cast<std::int64_t>(shapes[0].size());
      if (-rank <= axis && axis < rank) small.push_back(shapes);
    }
    rows.push_back(row(
        "softmax.h", "softmax along an axis",
        [=](Tape&, const Vars& x) { return softmax(x[0], axis); }, small, {{20, 30, 100}}, {""}, {},
        {{{{2, 3}}, {"axis -3"}, [](Tape&, const Vars& x) { return softmax(x[0], -3); }},
         {{{}}, {"softmax: ", "scalar"}}}));
  }
  const Rows steps = {
      row("softmax.h", "softmax_steps",
          [](Tape&, const Vars& x) { return softmax_steps(x[0]).pattern; }, kRows, kLarge, {""}, {},
          {{{{}}, {"softmax_steps: ", "scalar"}}}),
      row("rounded_softmax.h", "rounded_softmax_steps, to a type that rounds nothing",
          [](Tape&, const Vars& x) { return rounded_softmax_steps(x[0], DType::f64).pattern; },
          kRows, kLarge, {""}, {},
          {{{{}}, {"rounded_softmax: ", "axis"}},
           {{{2, 3}},
            {"rounded_softmax: ", "floating precision", "i64"},
            [](Tape&, const Vars& x) { return rounded_softmax_steps(x[0], DType::i64).pattern; }}}),
      row(
          "cross_entropy.h", "cross_entropy",
          [](Tape& tape, const Vars& x) {
            Tensor targets(Shape(x[0].shape().begin(), x[0].shape().end() - 1), DType::i64);
            for (std::int64_t i = 0; i < targets.count(); ++i) {
              targets.mutable_data<std::int64_t>()[i] = i * i % x[0].shape().back();
            }
            return cross_entropy(x[0], tape.input("t", targets),
                                 {.ignore_index = 1, .label_smoothing = 0.1})
                .loss;
          },
          {{{3, 4}}, {{2, 3, 5}}}, {{700, 60}}, {"0"}, "cross_entropy(a, t)"),
  };
  rows.insert(rows.end(), steps.begin(), steps.end());
  return rows;
}

Rows move_rows() {
  const auto move = [](std::string_view header, std::string_view name, Function call, Shape small,
                       Shape large, std::vector<WrongCall> wrong = {}) {
    return Operation{header,
                     name,
                     std::move(call),
                     {{std::move(small)}},
                     {std::move(large)},
                     {""},
                     {},
                     std::move(wrong),
                     Types::any};
  };
  const std::vector<std::string_view> none = {"", ""};
  const auto concat_at = [](std::int64_t axis) -> Function {
    return [=](Tape&, const Vars& x) { return concat(x[0], x[1], axis); };
  };
  return {
      move("reshape.h", "reshape",
           [](Tape&, const Vars& x) {
             return reshape(x[0], {3, -1});
           },
           {2, 3, 2}, {300, 200},
           {{{{2, 3}},
             {"reshape: ", "[2, 3]", "[4]"},
             [](Tape&, const Vars& x) { return reshape(x[0], {4}); }}}),
      move("reshape.h", "reshape to a scalar",
           [](Tape&, const Vars& x) { return reshape(x[0], {}); }, {1, 1}, {1}),
      move("reshape.h", "reshape of nothing",
           [](Tape&, const Vars& x) {
             return reshape(x[0], {0, 7});
           },
           {0, 3}, {0, 3}),
      move("reshape.h", "reshape of what lies strided",
           [](Tape&, const Vars& x) { return reshape(transpose(x[0], 0, 1), {-1}); }, {2, 3},
           {200, 300}),
      move("reshape.h", "permute",
           [](Tape&, const Vars& x) {
             return permute(x[0], {2, 0, -2});
           },
           {2, 3, 4}, {40, 50, 60},
           {{{{2, 3}},
             {"permute: ", "[0, 0]", "[2, 3]"},
             [](Tape&, const Vars& x) {
               return permute(x[0], {0, 0});
             }},
            {{{2, 3}},
             {"axis 9"},
             [](Tape&, const Vars& x) {
               return permute(x[0], {0, 9});
             }}}),
      move("reshape.h", "transpose", [](Tape&, const Vars& x) { return transpose(x[0], -1, 0); },
           {2, 3, 4}, {40, 50, 60},
           {{{{2, 3}}, {"axis 5"}, [](Tape&, const Vars& x) { return transpose(x[0], 0, 5); }}}),
      move("reshape.h", "slice", [](Tape&, const Vars& x) { return slice(x[0], 1, 1, 3); },
           {2, 4, 2}, {300, 4, 90},
           {{{{2, 3}},
             {"slice: ", "2 to 4", "[2, 3]"},
             [](Tape&, const Vars& x) { return slice(x[0], 1, 2, 4); }}}),
      move("reshape.h", "slice, of nothing",
           [](Tape&, const Vars& x) { return slice(x[0], -1, 2, 2); }, {2, 4}, {300, 200}),
      move("reshape.h", "slices that overlap",
           [](Tape&, const Vars& x) { return add(slice(x[0], 1, 0, 2), slice(x[0], 1, 1, 3)); },
           {2, 3}, {30'000, 3}),
      move("reshape.h", "broadcast_to",
           [](Tape&, const Vars& x) {
             return broadcast_to(x[0], {2, 3, 4});
           },
           {3, 1}, {3, 1},
           {{{{2, 3}},
             {"[2, 3]", "[3]"},
             [](Tape&, const Vars& x) { return broadcast_to(x[0], {3}); }}}),
      move("reshape.h", "broadcast_to many",
           [](Tape&, const Vars& x) {
             return broadcast_to(x[0], {200, 300});
           },
           {1}, {300}),
      move("reshape.h", "broadcast_to nothing",
           [](Tape&, const Vars& x) {
             return broadcast_to(x[0], {2, 0});
           },
           {1}, {1}),
      row("reshape.h", "concat, along axis 1", concat_at(1), {{{2, 3, 2}, {2, 1, 2}}},
          {{200, 100, 2}, {200, 50, 2}}, none, {},
          {{{{2, 3}, {4, 5}}, {"concat: ", "[2, 3]", "[4, 5]"}, concat_at(0)},
           {{{2, 3}, {2, 3, 1}}, {"concat: ", "[2, 3]", "[2, 3, 1]"}, concat_at(0)},
           {{{2, 3}, {2, 3}},
            {"concat: ", "f32", "f64"},
            [](Tape&, const Vars& x) { return concat(x[0], cast(x[1], DType::f64), 0); }},
           {{{2, 3}, {2, 3}}, {"axis 2"}, concat_at(2)}},
          Types::any),
      row("reshape.h", "concat, along the last axis", concat_at(-1),
          {{{2, 3}, {2, 1}}, {{2, 3}, {2, 0}}}, {{200, 300}, {200, 100}}, none, {}, {}, Types::any),
      move("reshape.h", "concat, of one with itself",
           [](Tape&, const Vars& x) { return concat(x[0], x[0], 0); }, {2, 3}, {200, 300}),
      move("cast.h", "cast, there and back",
           [](Tape&, const Vars& x) { return cast(cast(x[0], DType::f64), x[0].dtype()); }, {2, 3},
           {200, 300}),
      row("replace.h", "replace",
          [](Tape&, const Vars& x) {
            return replace(x[0], {{}, 1}, x[1]);
          },
          {{{2, 3, 4}, {2, 1, 4}}, {{2, 3}, {}}}, {{20, 30, 100}, {20, 1, 100}}, none, {},
          {{{{2}, {}}, {"replace: ", "more axes than shape [2]"}},
           {{{2, 1}, {}}, {"replace: ", "does not lie in shape [2, 1]"}},
           {{{2, 3}, {5}}, {"replace: ", "broadcast to [2, 1]"}}}),
  };
}

}  // namespace clearhead
