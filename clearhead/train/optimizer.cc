// Keeps the moments of each parameter, clips the gradient and takes a step (compute/optimizer.h).
#include "clearhead/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/compute/optimizer.h"

namespace clearhead {

ParameterGradients gradients_on(const Tape& tape, const Parameters& parameters) {
  ParameterGradients gradients;
  for (const Parameter& parameter : parameters) {
    if (!parameter.learned) continue;
    const Tensor& x = parameter.value();
    const Var used = tape.find_shared(x);
    gradients[&parameter] =
        used.defined() ? used.grad().contiguous() : Tensor(x.shape(), x.dtype());
  }
  return gradients;
}

void describe(Fields& fields, OptimizerConfig& config) {
  fields.choice("kind", config.kind, {{"adamw", OptimizerKind::adamw}, {"sgd", OptimizerKind::sgd}},
                "the rule");
  fields.number("beta1", config.beta1, {0, 0.999999}, "adamw: memory of the mean gradient");
  fields.number("beta2", config.beta2, {0, 0.999999}, "adamw: memory of the mean squared gradient");
  fields.number("epsilon", config.epsilon, {1e-30, 1}, "adamw: added to the root of the latter");
  fields.number("momentum", config.momentum, {0, 0.999999}, "sgd: memory of the gradient");
  fields.number("weight_decay", config.weight_decay, {0, 100},
                "how fast matrices shrink, times the learning rate");
  fields.number("clip", config.clip, {0, 1e9},
                "longest gradient, all parameters taken as one vector; 0: any");
}

Optimizer::Optimizer(Parameters& parameters, const OptimizerConfig& config) : config_(config) {
  for (Parameter& parameter : parameters) {
    if (!parameter.learned) continue;
    if (parameter.dtype() != DType::f32 && parameter.dtype() != DType::f64) {
      throw Error("optimizer: " + parameter.name + ": expected f32 or f64, got " +
                  std::string(dtype_name(parameter.dtype())));
    }
    Learned& learned = learned_.emplace_back(Learned{.parameter = &parameter, .m = {}, .v = {}});
    for (const Moment& moment : moments()) {
      learned.*moment.of = Tensor(parameter.shape(), parameter.dtype());
    }
  }
}

std::vector<Optimizer::Moment> Optimizer::moments() const {
  if (config_.kind == OptimizerKind::sgd) return {{"sgd.m", &Learned::m}};
  return {{"adamw.m", &Learned::m}, {"adamw.v", &Learned::v}};
}

double Optimizer::step(ParameterGradients& gradients, double learning_rate) {
  std::vector<Tensor> in_order;  // of parameters, which the sum's rounding depends on
  std::vector<compute::ParameterStep> all;
  for (const Learned& learned : learned_) {
    const auto gradient = gradients.find(learned.parameter);
    if (gradient == gradients.end()) {
      throw Error("optimizer: " + learned.parameter->name + ": expected a gradient, got none");
    }
    const Tensor& x = learned.parameter->mutable_value();
    in_order.push_back(gradient->second);
    all.push_back(
        {x, gradient->second, learned.m, learned.v, x.rank() >= 2 ? config_.weight_decay : 0});
  }
  const double norm = std::sqrt(compute::sum_of_squares(in_order));
  if (!std::isfinite(norm)) {
    throw Error(
        "training: the gradient is not finite; take a lower learning rate, a longer warm-up or "
        "clip "
        "it");
  }
  ++steps_;
  const double factor = config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1;
  if (config_.kind == OptimizerKind::sgd) {
    compute::sgd(all, {learning_rate, config_.momentum, factor});
  } else {
    compute::adamw(all, {.learning_rate = learning_rate,
                         .beta1 = config_.beta1,
                         .beta2 = config_.beta2,
                         .epsilon = config_.epsilon,
                         .step = steps_,
                         .scale = factor});
  }
  return norm;
}

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (const Moment& moment : moments()) {
    for (const Learned& learned : learned_) {
      state.tensors.emplace_back(std::string(moment.name) + "." + learned.parameter->name,
                                 learned.*moment.of);
    }
  }
  state.tensors.emplace_back("optimizer.steps",
                             Tensor::scalar(static_cast<double>(steps_), DType::i64));
  return state;
}

void Optimizer::load(const NamedTensors& state) {
  std::vector<Learned> all = learned_;
  for (const Moment& moment : moments()) {
    for (Learned& learned : all) {
      const std::string name = std::string(moment.name) + "." + learned.parameter->name;
      const Tensor& value = state.at(name);
      Tensor& own = learned.*moment.of;
      if (value.shape() != own.shape() || value.dtype() != own.dtype()) {
        throw Error("optimizer: " + name + ": expected " + to_string(own.shape()) + ", got " +
                    to_string(value.shape()));
      }
      own = value.clone();
    }
  }
  steps_ = static_cast<std::int64_t>(state.at("optimizer.steps").item());
  learned_ = std::move(all);
}

}  // namespace clearhead
