// The order of steps in both directions, sequences that end early, and explanations of gates.
#include "clearhead/ops/recurrence_steps_internal.h"

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

std::vector<std::int64_t> read_lengths(const char* operation, const Tensor& lengths, std::int64_t B,
                                       std::int64_t T) {
  if (!lengths.defined()) return {};
  if (lengths.dtype() != DType::i64 || lengths.shape() != Shape{B}) {
    throw Error(std::string(operation) + ": lengths: expected i64 [" + std::to_string(B) +
                "], got " + std::string(dtype_name(lengths.dtype())) + " " +
                to_string(lengths.shape()));
  }
  std::vector<std::int64_t> numbers;
  for (std::int64_t b = 0; b < B; ++b) {
    numbers.push_back(static_cast<std::int64_t>(lengths.at({b})));
    if (numbers.back() < 0 || numbers.back() > T) {
      throw Error(std::string(operation) + ": lengths[" + std::to_string(b) + "] is " +
                  std::to_string(numbers.back()) + "; expected 0 to the " + std::to_string(T) +
                  " steps there are");
    }
  }
  return numbers;
}

}  // namespace

Steps::Steps(const char* operation, std::int64_t count, const Var& gates, const Var& R,
             std::initializer_list<Var> initial, const RecurrenceOptions& options)
    : reverse_(options.reverse), precision_(options.precision) {
  require_same_float(operation, {gates, R});
  const bool fits = gates.rank() == 3 && R.rank() == 2 && R.size(0) == count * R.size(1) &&
                    gates.size(2) == R.size(0) && R.size(1) > 0;
  if (!fits) {
    throw Error(std::string(operation) + ": expected gates [B, T, " + std::to_string(count) +
                "·H] and R [" + std::to_string(count) + "·H, H], got " + to_string(gates.shape()) +
                " and " + to_string(R.shape()));
  }
  B = gates.size(0), T = gates.size(1), H = R.size(1);
  for (const Var& state : initial) {
    if (!state.defined()) continue;
    require_same_float(operation, {gates, state});
    if (state.shape() != Shape{B, H}) {
      throw Error(std::string(operation) + ": expected an initial state " + to_string(Shape{B, H}) +
                  ", got " + to_string(state.shape()));
    }
  }
  lengths_ = read_lengths(operation, options.lengths, B, T);
}

Tensor initial_state(const Var& state, const Steps& steps, DType dtype) {
  return state.defined() ? state.value().contiguous() : Tensor({steps.B, steps.H}, dtype);
}

double previous_state(Calculation& c, const Var& initial, const Var& states, const Index& leading,
                      const Steps& steps, std::int64_t b, std::int64_t t, std::int64_t j) {
  const std::int64_t s = steps.before(t);
  if (s < 0) {
    if (!initial.defined()) return 0;
    c.operands.push_back(operand(initial, {b, j}));
  } else {
    Index index = leading;
    index.insert(index.end(), {b, s, j});
    c.operands.push_back(operand(states, index));
  }
  return c.operands.back().value;
}

Calculation explain_gate(const Var& gates, const Var& R, const Var& initial, const Var& states,
                         const Index& leading, const Steps& steps, std::int64_t b, std::int64_t t,
                         std::int64_t row) {
  Calculation c;
  c.operands.push_back(operand(gates, {b, t, row}));
  const double input = c.operands.back().value;
  double sum = 0;
  for (std::int64_t k = 0; k < steps.H; ++k) {
    const double state = previous_state(c, initial, states, leading, steps, b, t, k);
    if (steps.before(t) < 0 && !initial.defined()) continue;
    c.operands.push_back(operand(R, {row, k}));
    sum += state * c.operands.back().value;
  }
  c.value = input + sum;
  c.text = format_number(input) + " + " + format_number(sum, true);
  return c;
}

}  // namespace clearhead
