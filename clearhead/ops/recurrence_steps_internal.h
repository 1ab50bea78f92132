// Steps along a sequence of states, forward and backward. Not for use outside this folder.
#ifndef CLEARHEAD_OPS_RECURRENCE_STEPS_INTERNAL_H_
#define CLEARHEAD_OPS_RECURRENCE_STEPS_INTERNAL_H_

#include <cmath>
#include <string>
#include <vector>

#include "clearhead/compute/products.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/recurrence.h"

namespace clearhead {

/// A batch of sequences: B sequences of T steps whose state has H numbers.
class Steps {
 public:
  /// Throws Error unless gates is [B, T, count·H], R [count·H, H] and each initial state [B, H] or
  /// left out.
  Steps(const char* operation, std::int64_t count, const Var& gates, const Var& R,
        std::initializer_list<Var> initial, const RecurrenceOptions& options);

  std::int64_t B, T, H;  ///< sequences, steps, numbers of a state

  /// Calls f(t) for each step, in order or from the last to the first.
  template <typename F>
  void forward(F&& f) const {
    for (std::int64_t k = 0; k < T; ++k) f(reverse_ ? T - 1 - k : k);
  }
  /// The same in the other order.
  template <typename F>
  void backward(F&& f) const {
    for (std::int64_t k = T - 1; k >= 0; --k) f(reverse_ ? T - 1 - k : k);
  }
  /// Whether step t of sequence b is not padding.
  bool counts(std::int64_t b, std::int64_t t) const {
    return lengths_.empty() || t < lengths_[static_cast<std::size_t>(b)];
  }
  /// The step before t; −1 if t is the first.
  std::int64_t before(std::int64_t t) const {
    if (t == (reverse_ ? T - 1 : 0)) return -1;
    return reverse_ ? t + 1 : t - 1;
  }
  /// The state of sequence b before step t, of states [B, T, H] that began as `initial` [B, H].
  template <typename N>
  const N* previous(const N* states, const N* initial, std::int64_t b, std::int64_t t) const {
    const std::int64_t s = before(t);
    return s < 0 ? initial + b * H : states + (b * T + s) * H;
  }
  /// gates_t += state_{t−1}·Rᵀ, for gates [B, T, columns], R [columns, H].
  template <typename N>
  void add_recurrent(const N* states, const N* initial, const Tensor& R, std::int64_t t,
                     N* gates) const {
    const std::int64_t columns = R.size(0);
    const bool is_first = before(t) < 0;
    const MatrixView<const N> state(previous(states, initial, 0, t), B, H, is_first ? H : T * H);
    compute::matrix_product<N>(state, matrix<N>(R).transposed(),
                               {gates + t * columns, B, columns, T * columns},
                               /*accumulate=*/true, precision_);
  }
  /// d_state += d_gates_t·R, for d_gates [B, T, columns], d_state [B, H].
  template <typename N>
  void add_state_gradient(const N* d_gates, const Tensor& R, std::int64_t t, N* d_state) const {
    const std::int64_t columns = R.size(0);
    compute::matrix_product<N>({d_gates + t * columns, B, columns, T * columns}, matrix<N>(R),
                               {d_state, B, H}, /*accumulate=*/true, precision_);
  }
  /// d_R += Σ_t d_gates_tᵀ·state_{t−1}
  template <typename N>
  void add_weight_gradient(const N* d_gates, const N* states, const N* initial, N* d_R,
                           std::int64_t columns) const {
    Tensor before_each = Tensor::empty({B, T, H}, dtype_of<N>);
    N* rows = before_each.mutable_data<N>();
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t t = 0; t < T; ++t) {
        std::copy_n(previous(states, initial, b, t), H, rows + (b * T + t) * H);
      }
    }
    const MatrixView<const N> all_gates(d_gates, B * T, columns);
    compute::matrix_product<N>(all_gates.transposed(), {rows, B * T, H}, {d_R, columns, H},
                               /*accumulate=*/true, precision_);
  }
  /// Calls f(b) for each sequence, on all threads if there is enough to do.
  template <typename F>
  void for_each_sequence(F&& f) const {
    // Functions that take a few nanoseconds for each number: a thread takes a quarter as many as of
    // cheap ones.
    for_each_piece(B, std::max<std::int64_t>(1, kPiece / 4 / H),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t b = begin; b < end; ++b) f(b);
                   });
  }

 private:
  template <typename N>
  static MatrixView<const N> matrix(const Tensor& dense) {
    return {dense.data<N>(), dense.size(0), dense.size(1)};
  }

  bool reverse_;
  std::vector<std::int64_t> lengths_;
  Precision precision_;
};

/// The initial state's numbers, [B, H]; zeros if it is left out.
Tensor initial_state(const Var& state, const Steps& steps, DType dtype);

/// The calculation gates[b, t, row] + Σ_k R[row, k]·state_{t−1}[b, k]. `states` is the recorded
/// result, in which [leading…, b, t, k] is the state; `initial`, if given, is the state before the
/// first step.
Calculation explain_gate(const Var& gates, const Var& R, const Var& initial, const Var& states,
                         const Index& leading, const Steps& steps, std::int64_t b, std::int64_t t,
                         std::int64_t row);

/// The state of sequence b before step t as an operand of `c`; 0 where there is none.
double previous_state(Calculation& c, const Var& initial, const Var& states, const Index& leading,
                      const Steps& steps, std::int64_t b, std::int64_t t, std::int64_t j);

/// σ(x) = 1/(1 + exp(−x))
template <typename N>
N logistic(N x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RECURRENCE_STEPS_INTERNAL_H_
