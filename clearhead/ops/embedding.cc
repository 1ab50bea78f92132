// y_r = E[t_r]
//
//     t [R]: tokens, all axes as one; E [V, C]; y [R, C]
//     ∂L/∂E[v] = Σ ∂L/∂y_r over the places r where t_r = v
#include "clearhead/ops/embedding.h"

#include "clearhead/base/error.h"
#include "clearhead/compute/embedding.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

void check(const Var& tokens, const Tensor& numbers, const Var& table) {
  if (table.dtype() != DType::bf16) require_same_float("embedding", {table});
  if (tokens.dtype() != DType::i64 || table.rank() != 2) {
    throw Error("embedding: expected tokens of i64 and a table [V, C], got " +
                std::string(dtype_name(tokens.dtype())) + " and " + to_string(table.shape()));
  }
  const std::int64_t V = table.size(0);
  for (std::int64_t r = 0; r < numbers.count(); ++r) {
    const std::int64_t token = numbers.data<std::int64_t>()[r];
    if (token < 0 || token >= V) {
      throw Error("embedding: token " + std::to_string(token) + " at " +
                  to_string(unflatten(r, tokens.shape())) + " is none of the " + std::to_string(V) +
                  " of the table; a model has no vector for tokens that were added to its "
                  "tokenizer without resizing it");
    }
  }
}

// y_r = E[t_r]
template <typename T>
void forward(const Tensor& tokens, const Tensor& table, Tensor& y) {
  compute::embedding(tokens.count(), table.size(1), tokens.data<std::int64_t>(), table.data<T>(),
                     y.mutable_data<T>());
}

// y_r = E[t_r], so dE[t_r] += dy_r
template <typename T>
void backward(const Tensor& tokens, const Tensor& d_y, Tensor& d_table) {
  compute::embedding_backward(tokens.count(), d_table.size(1), tokens.data<std::int64_t>(),
                              d_y.data<T>(), d_table.mutable_data<T>());
}

}  // namespace

Var embedding(const Var& tokens, const Var& table) {
  const Tensor numbers = tokens.value().contiguous();
  check(tokens, numbers, table);
  if (table.dtype() == DType::bf16 && table.needs_grad()) {
    return embedding(tokens, cast(table, DType::f32));
  }
  const Tensor rows = table.value().contiguous();
  Shape shape = tokens.shape();
  shape.push_back(table.size(1));
  Tensor y_value = Tensor::empty(shape, table.dtype());
  if (table.dtype() == DType::bf16) {
    forward<bf16>(numbers, rows, y_value);
    y_value = y_value.to(DType::f32);
  } else {
    with_float(table.dtype(), [&](auto zero) { forward<decltype(zero)>(numbers, rows, y_value); });
  }
  return table.tape().record("embedding", {tokens, table}, y_value, [&](Record& op) {
    op.formula = "{1}[{0}]";
    op.backward = [numbers](const Tensor& d_y, Gradients& gradients) {
      with_float(d_y.dtype(),
                 [&](auto zero) { backward<decltype(zero)>(numbers, d_y, gradients.of(1)); });
    };
    op.explain = [](const Var& y, const Index& index) {
      const Operand token = operand(y.input(0), Index(index.begin(), index.end() - 1));
      const Operand from =
          operand(y.input(1), {static_cast<std::int64_t>(token.value), index.back()});
      return Calculation{{from, token},
                         "row " + format_number(token.value) + ": " + format_number(from.value),
                         from.value};
    };
  });
}

}  // namespace clearhead
