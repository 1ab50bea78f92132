#include "clearhead/ops/matrix_product.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/matmul.h"
#include "clearhead/kernels/products/matmul_bf16.h"
#include "clearhead/kernels/products/matmul_few.h"
#include "clearhead/kernels/products/matmul_packed.h"

namespace clearhead {
namespace {

// In f64, the part of c that one thread takes at a time. A panel of b is packed once for its rows: 128
// of them make that cost small.
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

// Whether a number of the block is infinite or NaN, which alone make 0·x other than 0: sums of zeros
// that the processor's vectors gather, where a branch for each number would take as long as a product.
template <typename T>
bool any_non_finite(const MatrixOperand<T>& m, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kSums = 16;
  T sums[kSums] = {};
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* row = m.data + i * m.row_stride;
    std::int64_t j = 0;
    for (; j + kSums <= columns; j += kSums) {
      for (std::int64_t lane = 0; lane < kSums; ++lane) sums[lane] += row[j + lane] * T{0};
    }
    for (; j < columns; ++j) sums[0] += row[j] * T{0};
  }
  return !std::all_of(sums, sums + kSums, [](T sum) { return sum == 0; });
}

template <typename T>
std::vector<NonFinite> find_non_finite(const MatrixOperand<T>& m, std::int64_t rows,
                                       std::int64_t columns) {
  std::vector<NonFinite> found;
  if (!has_non_finite(m, rows, columns)) return found;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      if (!std::isfinite(at(m, i, j))) found.push_back({i, j});
    }
  }
  return found;
}

kernels::StoredMatrix stored(const MatrixOperand<float>& m, std::int64_t row, std::int64_t column) {
  const std::int64_t row_stride = m.transposed ? 1 : m.row_stride;
  const std::int64_t column_stride = m.transposed ? m.row_stride : 1;
  return {m.data + row * row_stride + column * column_stride, row_stride, column_stride};
}

std::int64_t divided_up(std::int64_t n, std::int64_t by) { return (n + by - 1) / by; }

std::int64_t rounded_up(std::int64_t n, std::int64_t multiple) {
  return divided_up(n, multiple) * multiple;
}

// Parts of c: as few as keep all threads at work, since each packs its rows of a and its columns of b
// for itself. Which numbers meet, and in what order, does not depend on the division.
struct Division {
  std::int64_t rows, columns;  // of a part

  Division(std::int64_t M, std::int64_t N, std::int64_t K) {
    // A block of b must meet many rows before packing it costs little: 5 % of 500, 2.5 % of 1,000.
    constexpr std::int64_t kFewRows = 128, kManyRows = 1024;
    constexpr std::int64_t kFewColumns = 128;
    constexpr std::int64_t kLeastRows = 48, kLeastColumns = 64;
    constexpr std::int64_t kLeastWork = 1 << 18;  // multiply-adds; handing them over costs as much
    const kernels::MatmulBlock block = kernels::matmul_block();
    std::int64_t across = divided_up(N, M <= kFewRows ? kFewColumns : block.columns);
    std::int64_t down = divided_up(M, kManyRows);
    const std::int64_t wanted =
        std::min<std::int64_t>(thread_count(), divided_up(M * N * K, kLeastWork));
    const auto divide = [&](std::int64_t size, std::int64_t least, std::int64_t& parts) {
      const std::int64_t most = std::max<std::int64_t>(1, size / (parts * least));
      parts *= std::min(most, divided_up(wanted, across * down));
    };
    if (M >= N) divide(M, kLeastRows, down);
    divide(N, kLeastColumns, across);
    divide(M, kLeastRows, down);
    columns = rounded_up(divided_up(N, across), 32);
    rows = rounded_up(divided_up(M, down), block.rows);
  }
};

void multiply_f32(std::int64_t M, std::int64_t N, std::int64_t K, const MatrixOperand<float>& a,
                  const MatrixOperand<float>& b, float* c, std::int64_t ldc, bool accumulate) {
  const Division part(M, N, K);
  const std::int64_t down = divided_up(M, part.rows);
  parallel_for(down * divided_up(N, part.columns), [&](std::int64_t piece) {
    const std::int64_t i = piece % down * part.rows;
    const std::int64_t j = piece / down * part.columns;
    const std::int64_t columns = std::min(part.columns, N - j);
    const Workspace<float> workspace(kernels::matmul_workspace(columns, K));
    kernels::matmul_packed(std::min(part.rows, M - i), columns, K, stored(a, i, 0), stored(b, 0, j),
                           c + i * ldc + j, ldc, accumulate, workspace.get());
  });
}

// With products of bf16: pack, then multiply, piece by piece of c.
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
  const kernels::MatmulProblem problem = {M,
                                          N,
                                          K,
                                          a.data,
                                          a.row_stride,
                                          a.transposed,
                                          b.data,
                                          b.row_stride,
                                          b.transposed,
                                          c,
                                          ldc,
                                          accumulate,
                                          precision,
                                          thread_count()};
  if (kernels::matmul_takes_bf16(problem)) {
    multiply_bf16(problem);
  } else if (K == 0) {
    for (std::int64_t i = 0; i < M && !accumulate; ++i) std::fill_n(c + i * ldc, N, 0.0F);
  } else if (M <= kernels::kFewRows && !a.transposed && b.transposed) {
    const FewRowsFactor<float> factor{N, b.data, b.row_stride, c, ldc};
    few_rows_products<float>(M, K, a.data, a.row_stride, {&factor, 1}, accumulate);
  } else {
    multiply_f32(M, N, K, a, b, c, ldc, accumulate);
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
bool has_non_finite(const MatrixOperand<T>& m, std::int64_t rows, std::int64_t columns) {
  if (m.transposed) std::swap(rows, columns);
  constexpr std::int64_t kPieceNumbers = 1 << 16;
  const std::int64_t piece_rows =
      std::max<std::int64_t>(1, kPieceNumbers / std::max<std::int64_t>(1, columns));
  std::atomic<bool> any = false;
  parallel_for((rows + piece_rows - 1) / piece_rows, [&](std::int64_t piece) {
    const std::int64_t row = piece * piece_rows;
    const MatrixOperand<T> part{m.data + row * m.row_stride, m.row_stride};
    if (any_non_finite(part, std::min(piece_rows, rows - row), columns)) any = true;
  });
  return any;
}

template <typename T>
void matrix_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> a,
                    MatrixOperand<T> b, T* c, std::int64_t ldc, bool accumulate,
                    Precision precision) {
  if (M == 0 || N == 0) return;
  multiply(M, N, K, a, b, c, ldc, accumulate, precision);
}

template <typename T>
void few_rows_products(std::int64_t M, std::int64_t K, const float* a, std::int64_t lda,
                       std::span<const FewRowsFactor<T>> factors, bool accumulate) {
  // Handing a piece to another thread takes as long as reading 64 KiB, about 2 µs. Pieces of about
  // the same size, as many for each thread.
  constexpr std::int64_t kLeastBytes = 64 << 10, kPieceBytes = 256 << 10;
  std::int64_t N = 0;
  for (const FewRowsFactor<T>& factor : factors) N += factor.N;
  if (M == 0 || N == 0) return;
  const std::int64_t bytes = N * K * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t pieces = std::min(rounded_up(divided_up(bytes, kPieceBytes), thread_count()),
                                       std::max<std::int64_t>(1, bytes / kLeastBytes));
  const std::int64_t columns = rounded_up(divided_up(N, pieces), 4);
  parallel_for(divided_up(N, columns), [&](std::int64_t piece) {
    std::int64_t begin = piece * columns,
                 end = begin + columns;  // counted from this factor's first
    for (const FewRowsFactor<T>& factor : factors) {
      const std::int64_t from = std::max<std::int64_t>(begin, 0), to = std::min(end, factor.N);
      if (from < to) {
        kernels::matmul_few(M, to - from, K, a, lda, factor.b + from * factor.ldb, factor.ldb,
                            factor.c + from, factor.ldc, accumulate);
      }
      begin -= factor.N;
      end -= factor.N;
    }
  });
}

template <typename T>
void gradient_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> d,
                      MatrixOperand<T> b, bool d_is_right, T* c, std::int64_t ldc,
                      Precision precision, bool accumulate) {
  const std::int64_t rows = d_is_right ? M : K;  // of b
  const std::int64_t columns = d_is_right ? K : N;
  const auto multiply_with = [&](const MatrixOperand<T>& finite) {
    const MatrixOperand<T>&left = d_is_right ? finite : d, &right = d_is_right ? d : finite;
    matrix_product(M, N, K, left, right, c, ldc, accumulate, precision);
  };
  // A number of b that is not finite leaves one in c. Where c is the smaller one it is looked at instead, afterwards.
  if (!accumulate && M * N < rows * columns) {
    multiply_with(b);
    if (!has_non_finite<T>({c, ldc}, M, N)) return;
  }
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
  multiply_with(finite);
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
template void few_rows_products(std::int64_t, std::int64_t, const float*, std::int64_t,
                                std::span<const FewRowsFactor<float>>, bool);
template void few_rows_products(std::int64_t, std::int64_t, const float*, std::int64_t,
                                std::span<const FewRowsFactor<bf16>>, bool);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<float>,
                               MatrixOperand<float>, bool, float*, std::int64_t, Precision, bool);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<double>,
                               MatrixOperand<double>, bool, double*, std::int64_t, Precision, bool);

template bool has_non_finite(const MatrixOperand<float>&, std::int64_t, std::int64_t);
template bool has_non_finite(const MatrixOperand<double>&, std::int64_t, std::int64_t);

}  // namespace clearhead
