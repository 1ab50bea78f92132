// RNN, LSTM and GRU layers in one or two directions.
#include "clearhead/nn/recurrent.h"

#include "clearhead/base/error.h"
#include "clearhead/ops/gru.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/lstm.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rnn.h"

namespace clearhead {
namespace {

std::int64_t gate_count(RecurrentKind kind) {
  return kind == RecurrentKind::rnn ? 1 : kind == RecurrentKind::gru ? 3 : 4;
}

// The state after the last step, [B, H] of [B, T, H]: in padding it has stayed as it was.
Var last(const Var& states, bool reverse) {
  const std::int64_t t = reverse ? 0 : states.size(1) - 1;
  return reshape(slice(states, 1, t, t + 1), {states.size(0), states.size(2)});
}

}  // namespace

void RecurrentConfig::validate() const {
  if (input_dim >= 1 && hidden_dim >= 1 && layers >= 1) return;
  throw Error("recurrent layer: expected input_dim, hidden_dim and layers of at least 1, got " +
              std::to_string(input_dim) + ", " + std::to_string(hidden_dim) + " and " +
              std::to_string(layers));
}

Recurrent::Recurrent(Parameters& parameters, const RecurrentConfig& config) : config_(config) {
  config_.validate();
  const std::int64_t H = config_.hidden_dim;
  const std::int64_t gates = gate_count(config_.kind) * H;
  for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
    const std::int64_t in = layer == 0 ? config_.input_dim : config_.output_dim();
    for (const char* direction : {"", ".reverse"}) {
      if (*direction != '\0' && !config_.bidirectional) continue;
      const std::string name = std::to_string(layer) + direction;
      const auto scope = parameters.scope(name);
      Cell cell{name, parameters.matrix("W", gates, in), parameters.matrix("R", gates, H), nullptr,
                nullptr};
      if (config_.kind == RecurrentKind::lstm) {
        cell.b = parameters.values("b", {gates}, [&](std::int64_t i) {
          const bool forgets = i / H == 2;  // of input, output, forget, cell
          return forgets ? config_.forget_bias : 0;
        });
      } else {
        cell.b = parameters.zeros("b", {gates});
      }
      if (config_.kind == RecurrentKind::gru) cell.b_R = parameters.zeros("b_R", {H});
      cells_.push_back(cell);
    }
    dropouts_.emplace_back(parameters, std::to_string(layer) + ".dropout");
  }
}

Recurrent::States Recurrent::run(const Cell& cell, const Var& x, const Pass& pass,
                                 const States& initial, const Tensor& lengths, bool reverse) const {
  Tape tape = x.tape();
  const auto scope = tape.scope(cell.name);
  const RecurrenceOptions options{
      .reverse = reverse, .lengths = lengths, .precision = pass.precision};
  const Var gates =  // [B, T, gates·H]
      linear(x, on(tape, cell.W), on(tape, cell.b), pass.precision).named("hook_gates");
  const Var R = on(tape, cell.R);
  States states;
  switch (config_.kind) {
    case RecurrentKind::rnn:
      states.h = rnn(gates, R, initial.h, options);
      break;
    case RecurrentKind::gru:
      states.h = gru({gates, R, on(tape, cell.b_R), initial.h}, options);
      break;
    case RecurrentKind::lstm:
      const LstmOutput out = lstm({gates, R, initial.h, initial.c}, options);
      states = {out.h, out.c.named("hook_c")};
      break;
  }
  states.h = states.h.named("hook_h");
  return states;
}

RecurrentOutput Recurrent::forward(const Var& x, const Pass& pass, const RecurrentState& state,
                                   const Tensor& lengths) const {
  if (x.rank() != 3 || x.size(2) != config_.input_dim || x.size(1) == 0) {
    throw Error("recurrent layer: expected [batch, steps, " + std::to_string(config_.input_dim) +
                "] with at least one step, got " + to_string(x.shape()));
  }
  RecurrentOutput out{x, {}};
  const std::size_t directions = config_.bidirectional ? 2 : 1;
  for (std::size_t i = 0; i < cells_.size(); i += directions) {
    const Var in = i == 0 ? x : dropouts_[i / directions - 1].forward(out.y, pass);
    for (std::size_t direction = 0; direction < directions; ++direction) {
      const std::size_t at = i + direction;
      const States initial{at < state.h.size() ? state.h[at] : Var(),
                           at < state.c.size() ? state.c[at] : Var()};
      const bool reverse = direction == 1;
      const States states = run(cells_[at], in, pass, initial, lengths, reverse);
      out.y = reverse ? concat(out.y, states.h, 2) : states.h;
      out.state.h.push_back(last(states.h, reverse));
      if (states.c.defined()) out.state.c.push_back(last(states.c, reverse));
    }
  }
  return out;
}

}  // namespace clearhead
