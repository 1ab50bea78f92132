// RNN and LSTM of ONNX: directions, layouts and biases of their own around one direction each.
#include <fmt/format.h>

#include "apps/conformance/inputs.h"
#include "apps/conformance/network_operators.h"
#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/lstm.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rnn.h"

namespace clearhead::conformance {
namespace {

// What is the same for both; x is [B, T, I] whatever the layout.
struct Recurrence {
  Var x;
  std::int64_t directions = 1;
  bool reverse = false;      // of the first direction
  bool batch_first = false;  // ONNX layout 1
  std::int64_t hidden = 0;
  Tensor lengths;
};

Recurrence read(Tape& tape, Case& c) {
  Recurrence r;
  const std::string direction = c.attributes.text("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    throw Error("attribute direction: expected forward, reverse or bidirectional, got " +
                direction);
  }
  r.directions = direction == "bidirectional" ? 2 : 1;
  r.reverse = direction == "reverse";
  r.batch_first = c.attributes.integer("layout", 0) != 0;
  r.hidden = c.attributes.integer("hidden_size", 0);
  c.attributes.require_all_known();
  const Var x = on_tape(tape, c, 0);
  r.x = r.batch_first ? x : transpose(x, 0, 1);
  r.lengths = input(c, 4);
  if (input(c, 1).size(0) != r.directions) throw Error("W does not fit to the direction");
  return r;
}

// Input i of a direction, without that axis; undefined if it is left out.
Var of_direction(Tape& tape, const Case& c, std::size_t i, std::int64_t direction) {
  const Var all = on_tape(tape, c, i);
  if (!all.defined()) return {};
  const Shape shape(all.shape().begin() + 1, all.shape().end());
  return reshape(slice(all, 0, direction, direction + 1), shape);
}

// An initial state of a direction, [B, H].
Var initial(Tape& tape, const Case& c, std::size_t i, std::int64_t direction, const Recurrence& r) {
  const Var all = on_tape(tape, c, i);  // [directions, B, H], or [B, directions, H]
  if (!all.defined()) return {};
  const Var turned = r.batch_first ? transpose(all, 0, 1) : all;
  return reshape(slice(turned, 0, direction, direction + 1), {turned.size(1), turned.size(2)});
}

// x·Wᵀ + both biases, [B, T, gates·H]
Var gates(Tape& tape, const Case& c, std::int64_t direction, const Recurrence& r) {
  const Var W = of_direction(tape, c, 1, direction), both = of_direction(tape, c, 3, direction);
  if (W.size(0) % r.hidden != 0) throw Error("W does not fit to hidden_size");
  if (!both.defined()) return linear(r.x, W);
  const std::int64_t n = W.size(0);
  return linear(r.x, W, add(slice(both, 0, 0, n), slice(both, 0, n, 2 * n)));
}

// [directions] states [B, T, H] → Y of the layout
Tensor all_steps(const std::vector<Var>& states, const Recurrence& r) {
  Var y;  // [B, T, directions, H]
  for (const Var& state : states) {
    const Var one = reshape(state, {state.size(0), state.size(1), 1, state.size(2)});
    y = y.defined() ? concat(y, one, 2) : one;
  }
  return (r.batch_first ? y : permute(y, {1, 2, 0, 3})).value();
}

// [directions] states [B, T, H] → what each ends with, of the layout
Tensor last_step(const std::vector<Var>& states, const Recurrence& r) {
  Var y;  // [B, directions, H]
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::int64_t t = r.reverse || i == 1 ? 0 : states[i].size(1) - 1;
    const Var one = slice(states[i], 1, t, t + 1);
    y = y.defined() ? concat(y, one, 1) : one;
  }
  return (r.batch_first ? y : transpose(y, 0, 1)).value();
}

RecurrenceOptions options(const Recurrence& r, std::int64_t direction) {
  return {.reverse = r.reverse || direction == 1, .lengths = r.lengths};
}

}  // namespace

std::vector<Tensor> run_rnn(Case& c) {
  require_inputs(c, 3, 6);
  Tape tape(Keep::nothing);
  const Recurrence r = read(tape, c);
  std::vector<Var> h;
  for (std::int64_t d = 0; d < r.directions; ++d) {
    h.push_back(rnn(gates(tape, c, d, r), of_direction(tape, c, 2, d), initial(tape, c, 5, d, r),
                    options(r, d)));
  }
  return {all_steps(h, r), last_step(h, r)};
}

std::vector<Tensor> run_lstm(Case& c) {
  require_inputs(c, 3, 8);
  Tape tape(Keep::nothing);
  const Recurrence r = read(tape, c);
  std::vector<Var> h, cells;
  for (std::int64_t d = 0; d < r.directions; ++d) {
    const LstmOutput out = lstm({.gates = gates(tape, c, d, r),
                                 .R = of_direction(tape, c, 2, d),
                                 .initial_h = initial(tape, c, 5, d, r),
                                 .initial_c = initial(tape, c, 6, d, r),
                                 .peephole = of_direction(tape, c, 7, d)},
                                options(r, d));
    h.push_back(out.h);
    cells.push_back(out.c);
  }
  return {all_steps(h, r), last_step(h, r), last_step(cells, r)};
}

}  // namespace clearhead::conformance
