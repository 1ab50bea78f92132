// Whole models against central differences, in f64: each family, and each published choice within
// it.
#include <cmath>

#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/models/recurrent_encoder_decoder.h"
#include "tests/models/model_testing.h"

namespace clearhead {
namespace {

const Tensor kSource = ids({{1, 2, 3, 4}, {5, 6, 0, 0}});
const Tensor kSourceLengths = lengths({4, 2});
const Tensor kTarget = ids({{1, 6, 3}, {2, 2, 5}});

// ReLU bends at 0, where a difference quotient means nothing: shakes the weights until no number
// before an activation is as near to it as the steps below could carry it.
void shake_off_bends(Parameters& parameters, const Function& run) {
  const NamedTensors begin = parameters.named_tensors();
  for (std::uint64_t seed = 1;; ++seed) {
    parameters.load(begin);
    shake(parameters, seed);
    Tape tape;
    run(tape, {});
    double nearest = 1;
    for (const Var& var : tape.vars()) {
      if (!var.name().ends_with("hook_pre")) continue;
      const Tensor pre = var.value().contiguous();
      for (std::int64_t i = 0; i < pre.count(); ++i) {
        nearest = std::min(nearest, std::abs(pre.data<double>()[i]));
      }
    }
    if (nearest > 0.005) return;
  }
}

// Each parameter is moved along a random direction of length 1, in which the gradient's part must
// be the difference quotient: a wrong number anywhere in it changes that part. The tolerance is
// 1e-5 of the gradient's length, or of 1e-3 where that is less (the gradient of b_K is 0); the
// quotient of fourth order with step 1e-4 errs by rounding alone, 1e-16·|result|/1e-4, less than
// 1e-10.
void check_model_gradients(Parameters& parameters, const Function& run) {
  constexpr double kStep = 1e-4;
  shake_off_bends(parameters, run);
  Tape tape(Keep::for_backward);
  const Var y = run(tape, {});
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  std::uint64_t stream = 2'000'000;
  for (Parameter& parameter : parameters) {
    const Var used = tape.find_shared(parameter.value());
    ASSERT_TRUE(used.defined()) << parameter.name << " takes no part";
    const Tensor gradient = used.grad();
    const Tensor before = parameter.value().clone();
    const Tensor direction = random_tensor(before.shape(), stream++);
    const std::int64_t n = before.count();
    const double* u = direction.data<double>();
    const double* g = gradient.data<double>();
    double length = 0, part = 0, gradient_length = 0;
    for (std::int64_t i = 0; i < n; ++i) length += u[i] * u[i];
    length = std::sqrt(length);
    for (std::int64_t i = 0; i < n; ++i) {
      part += g[i] * u[i] / length;
      gradient_length += g[i] * g[i];
    }
    gradient_length = std::sqrt(gradient_length);
    double* x = parameter.mutable_value().mutable_data<double>();
    const auto at_offset = [&](double offset) {
      for (std::int64_t i = 0; i < n; ++i) {
        x[i] = before.data<double>()[i] + offset * u[i] / length;
      }
      return weighted_result(run, {});
    };
    const double difference = (8 * (at_offset(kStep) - at_offset(-kStep)) -
                               (at_offset(2 * kStep) - at_offset(-2 * kStep))) /
                              (12 * kStep);
    at_offset(0);
    EXPECT_NEAR(part, difference, 1e-5 * std::max(gradient_length, 1e-3)) << parameter.name;
  }
}

TEST(Gradients, OfDecoders) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    Decoder model(config, 1, DType::f64);
    check_model_gradients(model.parameters(), [&](Tape& tape, const std::vector<Var>&) {
      return model.forward(tape.input("tokens", kTarget), {});
    });
  }
}

TEST(Gradients, OfEncoders) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    Encoder model(config, 1, DType::f64);
    check_model_gradients(model.parameters(), [&](Tape& tape, const std::vector<Var>&) {
      return model.forward(tape.input("tokens", kSource), kSourceLengths, {});
    });
  }
}

TEST(Gradients, OfEncoderDecoders) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    EncoderDecoder model(config, 1, DType::f64);
    check_model_gradients(model.parameters(), [&](Tape& tape, const std::vector<Var>&) {
      const Memory memory = model.encode(tape.input("source", kSource), kSourceLengths, {});
      return model.decode(memory, tape.input("target", kTarget), {});
    });
  }
}

TEST(Gradients, OfRecurrentLanguageModels) {
  for (const auto& [name, config] : recurrent_configs()) {
    SCOPED_TRACE(name);
    RecurrentModelConfig forward = config;
    forward.bidirectional = false;
    RecurrentLanguageModel model(forward, 1, DType::f64);
    check_model_gradients(model.parameters(), [&](Tape& tape, const std::vector<Var>&) {
      return model.forward(tape.input("tokens", kTarget), {});
    });
  }
}

TEST(Gradients, OfRecurrentEncoderDecoders) {
  for (const auto& [name, config] : recurrent_configs()) {
    SCOPED_TRACE(name);
    RecurrentEncoderDecoder model(config, 1, DType::f64);
    check_model_gradients(model.parameters(), [&](Tape& tape, const std::vector<Var>&) {
      const Memory memory = model.encode(tape.input("source", kSource), kSourceLengths, {});
      return model.decode(memory, tape.input("target", kTarget), {});
    });
  }
}

}  // namespace
}  // namespace clearhead
