// A step of an optimiser over all parameters, on all threads.
#include "clearhead/compute/optimizer.h"

#include <algorithm>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/adamw.h"
#include "clearhead/kernels/rows/norm.h"

namespace clearhead::compute {
namespace {

// Numbers that one thread takes at a time: many enough that it is not started for little, few
// enough for the second-level cache with their gradient and moments.
constexpr std::int64_t kNumbers = 1 << 16;

struct Piece {
  std::size_t tensor;
  std::int64_t begin, count;
};

// The pieces of tensors 0, 1, …, of which tensor(i) is one.
template <typename F>
std::vector<Piece> pieces_of(std::size_t tensors, const F& tensor) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::int64_t count = tensor(i).count();
    for (std::int64_t begin = 0; begin < count; begin += kNumbers) {
      pieces.push_back({i, begin, std::min(kNumbers, count - begin)});
    }
  }
  return pieces;
}

// Calls f(zero, piece, i) for piece i of all, on all threads; `zero` has the type of its numbers.
template <typename Tensors, typename F>
void for_each_piece_of(std::size_t tensors, const Tensors& tensor, const F& f) {
  const std::vector<Piece> pieces = pieces_of(tensors, tensor);
  parallel_for(static_cast<std::int64_t>(pieces.size()), [&](std::int64_t i) {
    const Piece& piece = pieces[static_cast<std::size_t>(i)];
    if (tensor(piece.tensor).dtype() == DType::f32) {
      f(float{}, piece, static_cast<std::size_t>(i));
    } else {
      f(double{}, piece, static_cast<std::size_t>(i));
    }
  });
}

// Calls f(n, d_x, parameter, begin) for pieces of all parameters, d_x already scaled.
template <typename F>
void for_each_part(std::span<ParameterStep> parameters, double scale, const F& f) {
  for_each_piece_of(
      parameters.size(), [&](std::size_t i) -> const Tensor& { return parameters[i].d_x; },
      [&](auto zero, const Piece& piece, std::size_t) {
        using T = decltype(zero);
        ParameterStep& parameter = parameters[piece.tensor];
        T* d_x = parameter.d_x.mutable_data<T>() + piece.begin;
        if (scale != 1) {
          for (std::int64_t j = 0; j < piece.count; ++j) d_x[j] *= static_cast<T>(scale);
        }
        f(piece.count, d_x, parameter, piece.begin);
      });
}

}  // namespace

double sum_of_squares(std::span<const Tensor> tensors) {
  const auto tensor = [&](std::size_t i) -> const Tensor& { return tensors[i]; };
  // Of each piece, summed in order, whatever thread made them.
  std::vector<double> squares(pieces_of(tensors.size(), tensor).size());
  for_each_piece_of(tensors.size(), tensor, [&](auto zero, const Piece& piece, std::size_t i) {
    using T = decltype(zero);
    squares[i] =
        kernels::sum_of_squares(piece.count, tensors[piece.tensor].data<T>() + piece.begin);
  });
  double sum = 0;
  for (const double square : squares) sum += square;
  return sum;
}

void adamw(std::span<ParameterStep> parameters, const AdamwStep& step) {
  for_each_part(
      parameters, step.scale,
      [&]<typename T>(std::int64_t n, T* d_x, ParameterStep& parameter, std::int64_t begin) {
        kernels::adamw({.learning_rate = step.learning_rate,
                        .beta1 = step.beta1,
                        .beta2 = step.beta2,
                        .epsilon = step.epsilon,
                        .weight_decay = parameter.weight_decay,
                        .step = step.step},
                       n, d_x, parameter.m.mutable_data<T>() + begin,
                       parameter.v.mutable_data<T>() + begin,
                       parameter.x.mutable_data<T>() + begin);
      });
}

void sgd(std::span<ParameterStep> parameters, const SgdStep& step) {
  for_each_part(
      parameters, step.scale,
      [&]<typename T>(std::int64_t n, T* d_x, ParameterStep& parameter, std::int64_t begin) {
        T* const m = parameter.m.mutable_data<T>() + begin;
        T* const x = parameter.x.mutable_data<T>() + begin;
        const T learning_rate = static_cast<T>(step.learning_rate);
        const T momentum = static_cast<T>(step.momentum);
        const T weight_decay = static_cast<T>(parameter.weight_decay);
        for (std::int64_t i = 0; i < n; ++i) {
          m[i] = momentum * m[i] + d_x[i];
          x[i] -= learning_rate * (m[i] + weight_decay * x[i]);
        }
      });
}

void move_towards(Tensor& mean, const Tensor& x, double memory) {
  float* to = mean.mutable_data<float>();
  const float* from = x.data<float>();
  const auto share = static_cast<float>(1 - memory);
  for_each_piece(mean.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] += share * (from[i] - to[i]);
  });
}

void multiply(Tensor& x, double factor) {
  float* to = x.mutable_data<float>();
  for_each_piece(x.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] *= static_cast<float>(factor);
  });
}

}  // namespace clearhead::compute
