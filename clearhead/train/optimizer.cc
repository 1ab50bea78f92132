#include "clearhead/train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/adamw.h"
#include "clearhead/kernels/rows/norm.h"

namespace clearhead {
namespace {

// Numbers of one piece of work: large enough that a thread is not started for little, small enough
// for the second level cache with its gradient and moments.
constexpr std::int64_t kPiece = 1 << 16;

struct Piece {
  std::size_t tensor;
  std::int64_t begin, count;
};

std::vector<Piece> pieces_of(const std::vector<Tensor>& tensors) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (std::int64_t begin = 0; begin < tensors[i].count(); begin += kPiece) {
      pieces.push_back({i, begin, std::min(kPiece, tensors[i].count() - begin)});
    }
  }
  return pieces;
}

// f(zero, piece) for every piece of every tensor, on all threads; `zero` has the type of its
// numbers.
template <typename F>
void for_each_piece(const std::vector<Tensor>& tensors, const std::vector<Piece>& pieces, F&& f) {
  parallel_for(static_cast<std::int64_t>(pieces.size()), [&](std::int64_t i) {
    const Piece& piece = pieces[static_cast<std::size_t>(i)];
    if (tensors[piece.tensor].dtype() == DType::f32) {
      f(float{}, piece, static_cast<std::size_t>(i));
    } else {
      f(double{}, piece, static_cast<std::size_t>(i));
    }
  });
}

// m = momentum·m + d_x;  x = x − learning_rate·(m + weight_decay·x)
template <typename T>
void sgd(std::int64_t n, T learning_rate, T momentum, T weight_decay, const T* d_x, T* m, T* x) {
  for (std::int64_t i = 0; i < n; ++i) {
    m[i] = momentum * m[i] + d_x[i];
    x[i] -= learning_rate * (m[i] + weight_decay * x[i]);
  }
}

}  // namespace

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
  const std::vector<Piece> pieces = pieces_of(tensors);
  std::vector<double> squares(pieces.size());  // summed in order, whatever thread made them
  for_each_piece(tensors, pieces, [&](auto zero, const Piece& piece, std::size_t i) {
    using T = decltype(zero);
    squares[i] =
        kernels::sum_of_squares(piece.count, tensors[piece.tensor].data<T>() + piece.begin);
  });
  double sum = 0;
  for (const double square : squares) sum += square;
  return std::sqrt(sum);
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
  for_each_piece(gradients, pieces_of(gradients), [&](auto zero, const Piece& piece, std::size_t) {
    using T = decltype(zero);
    const std::size_t i = piece.tensor;
    T* d_x = gradients[i].mutable_data<T>() + piece.begin;
    if (factor != 1) {
      for (std::int64_t j = 0; j < piece.count; ++j) d_x[j] *= static_cast<T>(factor);
    }
    T* x = learned_[i]->value.template mutable_data<T>() + piece.begin;
    T* m = moments_[0].values[i].template mutable_data<T>() + piece.begin;
    const double weight_decay = learned_[i]->value.rank() >= 2 ? config_.weight_decay : 0;
    if (config_.kind == OptimizerKind::sgd) {
      sgd(piece.count, static_cast<T>(learning_rate), static_cast<T>(config_.momentum),
          static_cast<T>(weight_decay), d_x, m, x);
    } else {
      T* v = moments_[1].values[i].template mutable_data<T>() + piece.begin;
      kernels::adamw({.learning_rate = learning_rate,
                      .beta1 = config_.beta1,
                      .beta2 = config_.beta2,
                      .epsilon = config_.epsilon,
                      .weight_decay = weight_decay,
                      .step = steps_},
                     piece.count, d_x, m, v, x);
    }
  });
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
