#include "clearhead/train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/compute/optimizer.h"

namespace clearhead {
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

double global_norm(const std::vector<Tensor>& tensors) {
  return std::sqrt(compute::sum_of_squares(tensors));
}

Optimizer::Optimizer(Parameters& parameters, const OptimizerConfig& config) : config_(config) {
  for (Parameter& parameter : parameters) {
    if (!parameter.learned) continue;
    if (parameter.value.dtype() != DType::f32 && parameter.value.dtype() != DType::f64) {
      throw Error("optimizer: " + parameter.name + ": expected f32 or f64, got " +
                  std::string(dtype_name(parameter.value.dtype())));
    }
    learned_.push_back(&parameter);
  }
  if (config_.kind == OptimizerKind::adamw) {
    moments_ = {{"adamw.m", {}}, {"adamw.v", {}}};
  } else {
    moments_ = {{"sgd.m", {}}};
  }
  for (Moment& moment : moments_) {
    for (const Parameter* parameter : learned_) {
      moment.values.emplace_back(parameter->value.shape(), parameter->value.dtype());
    }
  }
}

double Optimizer::step(std::vector<Tensor>& gradients, double learning_rate) {
  const double norm = global_norm(gradients);
  if (!std::isfinite(norm)) {
    throw Error(
        "training: the gradient is not finite; take a lower learning rate, a longer warm-up or "
        "clip "
        "it");
  }
  ++steps_;
  const double factor = config_.clip > 0 && norm > config_.clip ? config_.clip / norm : 1;
  std::vector<compute::ParameterStep> all;
  for (std::size_t i = 0; i < learned_.size(); ++i) {
    const Tensor& x = learned_[i]->value;
    all.push_back({x, gradients[i], moments_[0].values[i],
                   moments_.size() > 1 ? moments_[1].values[i] : Tensor(),
                   x.rank() >= 2 ? config_.weight_decay : 0});
  }
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
  for (const Moment& moment : moments_) {
    for (std::size_t i = 0; i < learned_.size(); ++i) {
      state.tensors.emplace_back(moment.name + "." + learned_[i]->name, moment.values[i]);
    }
  }
  state.tensors.emplace_back("optimizer.steps",
                             Tensor::scalar(static_cast<double>(steps_), DType::i64));
  return state;
}

void Optimizer::load(const NamedTensors& state) {
  std::vector<Moment> moments = moments_;
  for (Moment& moment : moments) {
    for (std::size_t i = 0; i < learned_.size(); ++i) {
      const std::string name = moment.name + "." + learned_[i]->name;
      const Tensor& value = state.at(name);
      if (value.shape() != moment.values[i].shape() || value.dtype() != moment.values[i].dtype()) {
        throw Error("optimizer: " + name + ": expected " + to_string(moment.values[i].shape()) +
                    ", got " + to_string(value.shape()));
      }
      moment.values[i] = value.clone();
    }
  }
  steps_ = static_cast<std::int64_t>(state.at("optimizer.steps").item());
  moments_ = std::move(moments);
}

}  // namespace clearhead
