#include "clearhead/ops/matrix_product.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/matmul.h"
#include "clearhead/kernels/matmul_bf16.h"
#include "clearhead/kernels/matmul_packed.h"

namespace clearhead {
namespace {

// The part of c that one thread takes at a time. A panel of b is packed once for its rows: 128 of
// them make that cost small.
constexpr std::int64_t kTileRows = 128;
constexpr std::int64_t kTileColumns = 256;

struct NonFinite {
  std::int64_t row;
  std::int64_t column;
};

template <typename T>
T at(const MatrixOperand<T>& m, std::int64_t row, std::int64_t column) {
  return m.transposed ? m.data[column * m.row_stride + row] : m.data[row * m.row_stride + column];
}

template <typename T>
std::vector<NonFinite> find_non_finite(const MatrixOperand<T>& m, std::int64_t rows,
                                       std::int64_t columns) {
  std::vector<NonFinite> found;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      if (!std::isfinite(at(m, i, j))) found.push_back({i, j});
    }
  }
  return found;
}

}  // namespace

namespace {

kernels::StoredMatrix stored(const MatrixOperand<float>& m, std::int64_t row, std::int64_t column) {
  const std::int64_t row_stride = m.transposed ? 1 : m.row_stride;
  const std::int64_t column_stride = m.transposed ? m.row_stride : 1;
  return {m.data + row * row_stride + column * column_stride, row_stride, column_stride};
}

std::int64_t rounded_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Few rows (a token, a small batch): op(a) is packed once, and each piece packs columns of op(b) and
// uses them at once, while they are near.
void multiply_few_rows(std::int64_t M, std::int64_t N, std::int64_t K,
                       const MatrixOperand<float>& a, const MatrixOperand<float>& b, float* c,
                       std::int64_t ldc, bool accumulate) {
  const kernels::MatmulTiling tiling = kernels::matmul_tiling();
  const std::int64_t rows = rounded_up(M, tiling.panel_rows);
  const Workspace<float> packed_a(rows * K);
  for (std::int64_t k = 0; k < K; k += kernels::kMatmulDepth) {
    const std::int64_t depth = std::min(kernels::kMatmulDepth, K - k);
    kernels::pack_rows(M, depth, stored(a, 0, k), packed_a.get() + rows * k);
  }
  // 16 pieces or more where there is enough to divide.
  const std::int64_t width = std::clamp(rounded_up(N / 16, tiling.panel_columns),
                                        std::min<std::int64_t>(128, N), tiling.block_columns);
  parallel_for((N + width - 1) / width, [&](std::int64_t piece) {
    const std::int64_t j = piece * width;
    const std::int64_t columns = std::min(width, N - j);
    const Workspace<float> packed_b(kernels::kMatmulDepth *
                                    rounded_up(columns, tiling.panel_columns));
    for (std::int64_t k = 0; k < K; k += kernels::kMatmulDepth) {
      const std::int64_t depth = std::min(kernels::kMatmulDepth, K - k);
      kernels::pack_columns(depth, columns, stored(b, k, j), packed_b.get());
      kernels::multiply_packed(M, columns, depth, packed_a.get() + rows * k, packed_b.get(), c + j,
                               ldc, accumulate || k > 0);
    }
  });
}

// For each block of steps: pack all of it, on all threads; then multiply, piece by piece of c.
void multiply_blocks(std::int64_t M, std::int64_t N, std::int64_t K, const MatrixOperand<float>& a,
                     const MatrixOperand<float>& b, float* c, std::int64_t ldc, bool accumulate) {
  const kernels::MatmulTiling tiling = kernels::matmul_tiling();
  const std::int64_t deepest = std::min(kernels::kMatmulDepth, K);
  const Workspace<float> packed_a(deepest * rounded_up(M, tiling.panel_rows));
  const Workspace<float> packed_b(deepest * rounded_up(N, tiling.panel_columns));
  const std::int64_t down = (M + tiling.block_rows - 1) / tiling.block_rows;
  const std::int64_t across = (N + tiling.block_columns - 1) / tiling.block_columns;
  for (std::int64_t k = 0; k < K; k += kernels::kMatmulDepth) {
    const std::int64_t depth = std::min(kernels::kMatmulDepth, K - k);
    parallel_for(down + across, [&](std::int64_t piece) {
      if (piece < down) {
        const std::int64_t i = piece * tiling.block_rows;
        kernels::pack_rows(std::min(tiling.block_rows, M - i), depth, stored(a, i, k),
                           packed_a.get() + i * depth);
      } else {
        const std::int64_t j = (piece - down) * tiling.block_columns;
        kernels::pack_columns(depth, std::min(tiling.block_columns, N - j), stored(b, k, j),
                              packed_b.get() + j * depth);
      }
    });
    parallel_for(down * across, [&](std::int64_t piece) {
      const std::int64_t i = piece % down * tiling.block_rows;
      const std::int64_t j = piece / down * tiling.block_columns;
      kernels::multiply_packed(std::min(tiling.block_rows, M - i),
                               std::min(tiling.block_columns, N - j), depth,
                               packed_a.get() + i * depth, packed_b.get() + j * depth,
                               c + i * ldc + j, ldc, accumulate || k > 0);
    });
  }
}

// With products of bf16: pack all of both factors, then multiply, piece by piece of c.
void multiply_bf16(const kernels::MatmulProblem& problem) {
  const Workspace<char> factors(kernels::packed_factors_bytes(problem));
  parallel_for(kernels::factor_pieces(problem), [&](std::int64_t piece) {
    kernels::pack_factor_piece(problem, piece, factors.get());
  });
  parallel_for(kernels::product_blocks(problem), [&](std::int64_t piece) {
    const Workspace<float> sums(kernels::product_workspace(problem));
    kernels::multiply_block(problem, piece, factors.get(), sums.get());
  });
}

void multiply(std::int64_t M, std::int64_t N, std::int64_t K, const MatrixOperand<float>& a,
              const MatrixOperand<float>& b, float* c, std::int64_t ldc, bool accumulate,
              Precision precision) {
  const kernels::MatmulProblem problem = {
      M, N,   K,          a.data,   a.row_stride, a.transposed, b.data, b.row_stride, b.transposed,
      c, ldc, accumulate, precision};
  if (kernels::matmul_takes_bf16(problem)) {
    multiply_bf16(problem);
  } else if (K == 0) {
    for (std::int64_t i = 0; i < M && !accumulate; ++i) std::fill_n(c + i * ldc, N, 0.0F);
  } else if (M <= kernels::matmul_tiling().block_rows) {
    multiply_few_rows(M, N, K, a, b, c, ldc, accumulate);
  } else {
    multiply_blocks(M, N, K, a, b, c, ldc, accumulate);
  }
}

// In f64 by the reference.
void multiply(std::int64_t M, std::int64_t N, std::int64_t K, const MatrixOperand<double>& a,
              const MatrixOperand<double>& b, double* c, std::int64_t ldc, bool accumulate,
              Precision /*always the highest*/) {
  const std::int64_t down = (M + kTileRows - 1) / kTileRows;
  const std::int64_t across = (N + kTileColumns - 1) / kTileColumns;
  parallel_for(down * across, [&](std::int64_t tile) {
    const std::int64_t i = tile / across * kTileRows;
    const std::int64_t j = tile % across * kTileColumns;
    kernels::matmul(std::min(kTileRows, M - i), std::min(kTileColumns, N - j), K,
                    a.data + i * (a.transposed ? 1 : a.row_stride), a.row_stride,
                    b.data + j * (b.transposed ? b.row_stride : 1), b.row_stride, c + i * ldc + j,
                    ldc, a.transposed, b.transposed, accumulate);
  });
}

}  // namespace

template <typename T>
void matrix_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> a,
                    MatrixOperand<T> b, T* c, std::int64_t ldc, bool accumulate,
                    Precision precision) {
  if (M == 0 || N == 0) return;
  multiply(M, N, K, a, b, c, ldc, accumulate, precision);
}

template <typename T>
void gradient_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> d,
                      MatrixOperand<T> b, bool d_is_right, T* c, std::int64_t ldc,
                      Precision precision) {
  const std::int64_t rows = d_is_right ? M : K;  // of b
  const std::int64_t columns = d_is_right ? K : N;
  const std::vector<NonFinite> bad = find_non_finite(b, rows, columns);
  std::vector<T> cleaned;
  MatrixOperand<T> finite = b;
  if (!bad.empty()) {
    cleaned.resize(static_cast<std::size_t>(rows * columns));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        const T number = at(b, i, j);
        cleaned[static_cast<std::size_t>(i * columns + j)] = std::isfinite(number) ? number : T{0};
      }
    }
    finite = {cleaned.data(), columns};
  }
  if (d_is_right) {
    matrix_product(M, N, K, finite, d, c, ldc, /*accumulate=*/true, precision);
  } else {
    matrix_product(M, N, K, d, finite, c, ldc, /*accumulate=*/true, precision);
  }
  for (const NonFinite& place : bad) {
    const T number = at(b, place.row, place.column);
    if (d_is_right) {  // c[i, j] += b[i, k]·d[k, j]
      for (std::int64_t j = 0; j < N; ++j) {
        const T factor = at(d, place.column, j);
        if (factor != 0) c[place.row * ldc + j] += number * factor;
      }
    } else {  // c[i, j] += d[i, k]·b[k, j]
      for (std::int64_t i = 0; i < M; ++i) {
        const T factor = at(d, i, place.row);
        if (factor != 0) c[i * ldc + place.column] += factor * number;
      }
    }
  }
}

Tensor with_dense_rows(const Tensor& x) {
  const bool dense = x.size(-1) <= 1 || x.strides().back() == 1;
  return dense ? x : x.contiguous();
}

std::int64_t row_stride(const Tensor& x) { return x.strides()[x.strides().size() - 2]; }

Shape batch_axes(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

std::vector<std::int64_t> batch_offsets(const Tensor& x, const Shape& batch) {
  Shape shape = batch;
  shape.insert(shape.end(), {x.size(-2), x.size(-1)});
  const Tensor repeated = x.broadcast_to(shape);
  const std::vector<std::int64_t> strides(repeated.strides().begin(), repeated.strides().end() - 2);
  std::vector<std::int64_t> offsets;
  for_each_offset(batch, strides, [&](std::int64_t offset) { offsets.push_back(offset); });
  return offsets;
}

void for_each_by_target(const std::vector<std::int64_t>& targets,
                        const std::function<void(std::size_t)>& f) {
  std::map<std::int64_t, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < targets.size(); ++i) groups[targets[i]].push_back(i);
  std::vector<const std::vector<std::size_t>*> order;
  for (const auto& [target, members] : groups) order.push_back(&members);
  parallel_for(static_cast<std::int64_t>(order.size()), [&](std::int64_t group) {
    for (const std::size_t i : *order[static_cast<std::size_t>(group)]) f(i);
  });
}

template void matrix_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<float>,
                             MatrixOperand<float>, float*, std::int64_t, bool, Precision);
template void matrix_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<double>,
                             MatrixOperand<double>, double*, std::int64_t, bool, Precision);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<float>,
                               MatrixOperand<float>, bool, float*, std::int64_t, Precision);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<double>,
                               MatrixOperand<double>, bool, double*, std::int64_t, Precision);

}  // namespace clearhead
