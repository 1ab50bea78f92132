// RNN, LSTM, GRU: the definition step by step, directions, padding, gradients, explanations,
// errors.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "clearhead/ops/gru.h"
#include "clearhead/ops/lstm.h"
#include "clearhead/ops/rnn.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

constexpr std::int64_t kB = 2, kT = 4, kH = 3;

// The three of them behind one form: gates, R, h0, then c0 and peepholes, or the candidate's bias.
using Inputs = std::vector<Var>;
struct Kind {
  const char* name;
  std::int64_t gates;
  std::vector<Shape> extra;
  std::function<Var(const Inputs&, const RecurrenceOptions&)> run;
};
const Kind kKinds[] = {
    {"rnn",
     1,
     {{kB, kH}},
     [](const Inputs& x, const RecurrenceOptions& options) {
       return rnn(x[0], x[1], x[2], options);
     }},
    {"lstm h",
     4,
     {{kB, kH}, {kB, kH}, {3 * kH}},
     [](const Inputs& x, const RecurrenceOptions& options) {
       return lstm({x[0], x[1], x[2], x[3], x[4]}, options).h;
     }},
    {"lstm c",
     4,
     {{kB, kH}, {kB, kH}, {3 * kH}},
     [](const Inputs& x, const RecurrenceOptions& options) {
       return lstm({x[0], x[1], x[2], x[3], x[4]}, options).c;
     }},
    {"gru",
     3,
     {{kB, kH}, {kH}},
     [](const Inputs& x, const RecurrenceOptions& options) {
       return gru({.gates = x[0], .R = x[1], .bias = x[3], .initial_h = x[2]}, options);
     }},
};

std::vector<Tensor> random_inputs(const Kind& kind, DType dtype = DType::f64) {
  std::vector<Tensor> inputs = {random_tensor({kB, kT, kind.gates * kH}, 1, dtype),
                                random_tensor({kind.gates * kH, kH}, 2, dtype)};
  for (const Shape& shape : kind.extra) {
    inputs.push_back(random_tensor(shape, 10 + inputs.size(), dtype));
  }
  return inputs;
}

Inputs on_tape(Tape& tape, const std::vector<Tensor>& tensors) {
  Inputs vars;
  const char* names[] = {"gates", "R", "h0", "c0", "P"};
  for (std::size_t i = 0; i < tensors.size(); ++i) vars.push_back(tape.input(names[i], tensors[i]));
  return vars;
}

// One step of the definitions for sequence b at step t, from the states before.
void step(const std::string& name, const std::vector<Tensor>& in, std::int64_t b, std::int64_t t,
          std::vector<double>& h, std::vector<double>& c) {
  const auto recurrent = [&](std::int64_t row) {
    double sum = 0;
    for (std::int64_t k = 0; k < kH; ++k)
      sum += in[1].at({row, k}) * h[static_cast<std::size_t>(k)];
    return sum;
  };
  const auto gate = [&](std::int64_t which, std::int64_t j) {
    return in[0].at({b, t, which * kH + j}) + recurrent(which * kH + j);
  };
  std::vector<double> new_h(kH);
  for (std::int64_t j = 0; j < kH; ++j) {
    const auto at = static_cast<std::size_t>(j);
    if (name == "rnn") {
      new_h[at] = std::tanh(gate(0, j));
    } else if (name == "gru") {
      const double z = sigmoid_of(gate(0, j)), r = sigmoid_of(gate(1, j));
      const double q = recurrent(2 * kH + j) + in[3].at({j});
      const double n = std::tanh(in[0].at({b, t, 2 * kH + j}) + r * q);
      new_h[at] = (1 - z) * n + z * h[at];
    } else {
      const Tensor& P = in[4];
      const double i = sigmoid_of(gate(0, j) + P.at({j}) * c[at]);
      const double f = sigmoid_of(gate(2, j) + P.at({2 * kH + j}) * c[at]);
      c[at] = f * c[at] + i * std::tanh(gate(3, j));
      new_h[at] = sigmoid_of(gate(1, j) + P.at({kH + j}) * c[at]) * std::tanh(c[at]);
    }
  }
  h = new_h;
}

TEST(Recurrence, IsTheDefinitionStepByStep) {
  const Tensor some = Tensor::of<std::int64_t>({kB}, {4, 2});
  for (const Kind& kind : kKinds) {
    for (const bool reverse : {false, true}) {
      for (const Tensor& lengths : {Tensor(), some}) {
        SCOPED_TRACE(kind.name);
        const std::vector<Tensor> in = random_inputs(kind);
        Tape tape(Keep::nothing);
        const Tensor y =
            kind.run(on_tape(tape, in), {.reverse = reverse, .lengths = lengths}).value();
        for (std::int64_t b = 0; b < kB; ++b) {
          std::vector<double> h, c(kH);
          for (std::int64_t j = 0; j < kH; ++j) h.push_back(in[2].at({b, j}));
          if (in.size() > 4) {
            for (std::int64_t j = 0; j < kH; ++j) c[static_cast<std::size_t>(j)] = in[3].at({b, j});
          }
          for (std::int64_t k = 0; k < kT; ++k) {
            const std::int64_t t = reverse ? kT - 1 - k : k;
            if (!lengths.defined() || t < lengths.at({b})) step(kind.name, in, b, t, h, c);
            const std::vector<double>& state = std::string(kind.name) == "lstm c" ? c : h;
            for (std::int64_t j = 0; j < kH; ++j) {
              ASSERT_NEAR(y.at({b, t, j}), state[static_cast<std::size_t>(j)], 1e-14)
                  << "step " << t << ", reverse " << reverse;
            }
          }
        }
      }
    }
  }
}

TEST(Recurrence, WhatIsLeftOutIsZero) {
  for (const Kind& kind : kKinds) {
    std::vector<Tensor> in = random_inputs(kind);
    for (std::size_t i = 2; i < in.size(); ++i) in[i] = Tensor(in[i].shape(), DType::f64);
    Tape tape(Keep::nothing);
    Inputs vars = on_tape(tape, in);
    const std::vector<double> zeros = numbers_of(kind.run(vars, {}));
    for (std::size_t i = 2; i < in.size(); ++i) vars[i] = Var();
    EXPECT_EQ(numbers_of(kind.run(vars, {})), zeros) << kind.name;
  }
}

TEST(Recurrence, Gradients) {
  const Tensor some = Tensor::of<std::int64_t>({kB}, {1, 4});
  for (const Kind& kind : kKinds) {
    for (const bool reverse : {false, true}) {
      for (const Tensor& lengths : {Tensor(), some}) {
        SCOPED_TRACE(kind.name);
        check_gradients(
            [&](Tape&, const Inputs& x) {
              return kind.run(x, {.reverse = reverse, .lengths = lengths});
            },
            random_inputs(kind));
      }
    }
  }
}

TEST(Recurrence, ExplainsItsNumbers) {
  const Tensor some = Tensor::of<std::int64_t>({kB}, {1, 4});
  for (const Kind& kind : kKinds) {
    for (const bool reverse : {false, true}) {
      Tape tape;
      const Inputs all = on_tape(tape, random_inputs(kind, DType::f32));
      expect_explained(kind.run(all, {.reverse = reverse, .lengths = some}));
      Inputs few = all;
      for (std::size_t i = 2; i < few.size(); ++i) few[i] = Var();
      expect_explained(kind.run(few, {.reverse = reverse}));
    }
  }
}

TEST(Recurrence, RefusesLengthsThatDoNotFit) {
  Tape tape;
  const Var gates = tape.input("gates", Tensor({2, 5, 12})), R = tape.input("R", Tensor({12, 3}));
  const auto with_lengths = [&](const Tensor& lengths) {
    return error_of([&] { lstm({gates, R}, {.lengths = lengths}); });
  };
  EXPECT_THAT(with_lengths(Tensor({2})), HasSubstr("expected i64 [2]"));
  EXPECT_THAT(with_lengths(Tensor::of<std::int64_t>({2}, {5, 6})), HasSubstr("lengths[1] is 6"));
}

}  // namespace
}  // namespace clearhead
