// Y = A·B
//
//     A [..., M, K], B [..., K, N], Y [..., M, N]: y_mn = Σ_k a_mk·b_kn
//     ∂L/∂A = ∂L/∂Y·Bᵀ      ∂L/∂B = Aᵀ·∂L/∂Y
//     both summed over the batch axes along which A or B was repeated
//
// A transposed operand is stored with its last two axes exchanged; its gradient is the transpose of
// the one above: (∂L/∂Y·Bᵀ)ᵀ = B·(∂L/∂Y)ᵀ.
#include "clearhead/ops/matmul.h"

#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/products.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

using compute::MatrixBatch;

struct Sizes {
  std::int64_t M, N, K;
  Shape batch;  // of the result
};

// The matrices that are multiplied, for each place of the batch.
template <typename T>
MatrixBatch<const T> factors(const Tensor& x, const Shape& batch, bool transposed) {
  const MatrixBatch<const T> stored = compute::matrices_of<T>(x, batch);
  return transposed ? stored.transposed() : stored;
}

// Y = A·B
template <typename T>
void forward(const Shape& batch, const Tensor& a, const Tensor& b, MatmulOptions options,
             Tensor& y) {
  compute::matrix_products<T>(factors<T>(a, batch, options.transpose_a),
                              factors<T>(b, batch, options.transpose_b),
                              compute::mutable_matrices_of<T>(y, batch), options.precision);
}

// Y = A·B, so dA += dY·Bᵀ, or where A is stored transposed: dAᵀ += B·dYᵀ.
template <typename T>
void backward_a(const Shape& batch, const Tensor& d_y, const Tensor& b, MatmulOptions options,
                Tensor& d_a) {
  const auto dY = compute::matrices_of<T>(d_y, batch);
  const auto B = factors<T>(b, batch, options.transpose_b);
  const auto dA = compute::mutable_matrices_of<T>(d_a, batch);
  if (options.transpose_a) {
    compute::gradient_products<T>(dY.transposed(), B, /*d_is_right=*/true, dA, options.precision);
  } else {
    compute::gradient_products<T>(dY, B.transposed(), /*d_is_right=*/false, dA, options.precision);
  }
}

// Y = A·B, so dB += Aᵀ·dY, or where B is stored transposed: dBᵀ += dYᵀ·A.
template <typename T>
void backward_b(const Shape& batch, const Tensor& d_y, const Tensor& a, MatmulOptions options,
                Tensor& d_b) {
  const auto dY = compute::matrices_of<T>(d_y, batch);
  const auto A = factors<T>(a, batch, options.transpose_a);
  const auto dB = compute::mutable_matrices_of<T>(d_b, batch);
  if (options.transpose_b) {
    compute::gradient_products<T>(dY.transposed(), A, /*d_is_right=*/false, dB, options.precision);
  } else {
    compute::gradient_products<T>(dY, A.transposed(), /*d_is_right=*/true, dB, options.precision);
  }
}

Sizes sizes_of(const Var& a, const Var& b, MatmulOptions options) {
  require_same_float("matmul", {a, b});
  const auto fail = [&](const std::string& expected) {
    throw Error("matmul: " + expected + ", got " + to_string(a.shape()) +
                (options.transpose_a ? " transposed" : "") + " and " + to_string(b.shape()) +
                (options.transpose_b ? " transposed" : ""));
  };
  if (a.rank() < 2 || b.rank() < 2) fail("expected matrices [..., M, K] and [..., K, N]");
  Sizes sizes{a.size(options.transpose_a ? -1 : -2),
              b.size(options.transpose_b ? -2 : -1),
              a.size(options.transpose_a ? -2 : -1),
              {}};
  if (sizes.K != b.size(options.transpose_b ? -1 : -2)) {
    fail("expected as many rows of the second matrix as the first has columns");
  }
  try {
    sizes.batch = broadcast_shapes(batch_axes(a.shape()), batch_axes(b.shape()));
  } catch (const Error&) {
    fail("expected axes before the last two that broadcast (sizes equal or 1)");
  }
  return sizes;
}

// The number of the gradient of factor i at `index`: Σ_n ∂L/∂y_mn·b_kn of a_mk, Σ_m ∂L/∂y_mn·a_mk
// of b_kn, for all matrices of the batch that it is repeated to.
Calculation explain_gradient(const Var& y, MatmulOptions options, std::size_t i, Index index) {
  const Var own = y.input(i), other = y.input(1 - i);
  const bool of_a = i == 0;
  if (of_a ? options.transpose_a : options.transpose_b) std::swap(index.back(), *(index.end() - 2));
  const std::int64_t row = *(index.end() - 2), column = index.back();  // m, k or k, n
  const Index batch(index.begin(), index.end() - 2);
  std::vector<Operand> pairs;
  for (const Index& place :
       broadcast_indices(batch, batch_axes(own.shape()), batch_axes(y.shape()))) {
    for (std::int64_t j = 0; j < y.size(of_a ? -1 : -2); ++j) {
      Index in_y = place, in_other = place;
      in_y.insert(in_y.end(), {of_a ? row : j, of_a ? j : column});
      in_other.insert(in_other.end(), {of_a ? column : j, of_a ? j : row});
      if (of_a ? options.transpose_b : options.transpose_a) {
        std::swap(in_other.back(), *(in_other.end() - 2));
      }
      pairs.push_back(gradient_operand(y, in_y));
      pairs.push_back(broadcast_operand(other, in_other));
    }
  }
  return sum_of_products(std::move(pairs));
}

// dA = dY·Bᵀ and dB = Aᵀ·dY, the transposes of these where a factor is stored transposed.
GradientRecord gradient_of_factor(MatmulOptions options, std::size_t i) {
  const auto [a, b, precision] = options;
  const char* formulas[] = {
      a ? (b ? "{1}ᵀ·{y}_gradᵀ" : "{1}·{y}_gradᵀ") : (b ? "{y}_grad·{1}" : "{y}_grad·{1}ᵀ"),
      b ? (a ? "{y}_gradᵀ·{0}ᵀ" : "{y}_gradᵀ·{0}") : (a ? "{0}·{y}_grad" : "{0}ᵀ·{y}_grad")};
  return {formulas[i], [options, i](const Var& y, const Index& index) {
            return explain_gradient(y, options, i, index);
          }};
}

// y_mn = Σ_k a_mk·b_kn
Calculation explain_product(const Var& y, MatmulOptions options, const Index& index) {
  const Var a = y.input(0), b = y.input(1);
  std::vector<Operand> pairs;
  for (std::int64_t k = 0; k < a.size(options.transpose_a ? -2 : -1); ++k) {
    Index in_a = index, in_b = index;
    in_a.back() = k;
    *(in_b.end() - 2) = k;
    if (options.transpose_a) std::swap(in_a.back(), *(in_a.end() - 2));
    if (options.transpose_b) std::swap(in_b.back(), *(in_b.end() - 2));
    pairs.push_back(operand(a, shared_index(in_a, y.shape(), a.shape())));
    pairs.push_back(operand(b, shared_index(in_b, y.shape(), b.shape())));
  }
  return sum_of_products(std::move(pairs));
}

}  // namespace

Index shared_index(const Index& index, const Shape& result, const Shape& shape) {
  const std::size_t added = result.size() - shape.size();
  Index own(index.begin() + static_cast<std::ptrdiff_t>(added), index.end());
  for (std::size_t k = 0; k + 2 < shape.size(); ++k) {
    own[k] = own[k] * shape[k] / result[added + k];
  }
  return own;
}

void describe_matmul(Record& op, MatmulOptions options) {
  op.formula = std::string(options.transpose_a ? "{0}ᵀ" : "{0}") + "·" +
               (options.transpose_b ? "{1}ᵀ" : "{1}");
  op.explain = [options](const Var& y, const Index& index) {
    return explain_product(y, options, index);
  };
}

Var matmul(const Var& a, const Var& b, MatmulOptions options) {
  const Sizes sizes = sizes_of(a, b, options);
  const Tensor a_value = with_dense_rows(a.value());
  const Tensor b_value = with_dense_rows(b.value());
  Shape shape = sizes.batch;  // [..., M, N]
  shape.insert(shape.end(), {sizes.M, sizes.N});
  Tensor y_value = Tensor::empty(shape, a.dtype());
  with_float(a.dtype(), [&](auto zero) {
    forward<decltype(zero)>(sizes.batch, a_value, b_value, options, y_value);
  });
  return a.tape().record("matmul", {a, b}, y_value, [&](Record& op) {
    describe_matmul(op, options);
    // Each factor is needed only for the other's gradient.
    op.backward = [batch = sizes.batch, options, a_value = b.needs_grad() ? a_value : Tensor(),
                   b_value = a.needs_grad() ? b_value : Tensor()](const Tensor& d_y,
                                                                  Gradients& gradients) {
      with_float(d_y.dtype(), [&](auto zero) {
        using T = decltype(zero);
        if (gradients.wanted(0)) backward_a<T>(batch, d_y, b_value, options, gradients.of(0));
        if (gradients.wanted(1)) backward_b<T>(batch, d_y, a_value, options, gradients.of(1));
      });
    };
    op.gradients = {gradient_of_factor(options, 0), gradient_of_factor(options, 1)};
  });
}

}  // namespace clearhead
