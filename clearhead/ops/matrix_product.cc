#include "clearhead/ops/matrix_product.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/matmul.h"

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

template <typename T>
void matrix_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> a,
                    MatrixOperand<T> b, T* c, std::int64_t ldc, bool accumulate) {
  const std::int64_t tiles_down = (M + kTileRows - 1) / kTileRows;
  const std::int64_t tiles_across = (N + kTileColumns - 1) / kTileColumns;
  parallel_for(tiles_down * tiles_across, [&](std::int64_t tile) {
    const std::int64_t i = tile / tiles_across * kTileRows;
    const std::int64_t j = tile % tiles_across * kTileColumns;
    kernels::matmul(std::min(kTileRows, M - i), std::min(kTileColumns, N - j), K,
                    a.data + i * (a.transposed ? 1 : a.row_stride), a.row_stride,
                    b.data + j * (b.transposed ? b.row_stride : 1), b.row_stride, c + i * ldc + j,
                    ldc, a.transposed, b.transposed, accumulate);
  });
}

template <typename T>
void gradient_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOperand<T> d,
                      MatrixOperand<T> b, bool d_is_right, T* c, std::int64_t ldc) {
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
    matrix_product(M, N, K, finite, d, c, ldc, /*accumulate=*/true);
  } else {
    matrix_product(M, N, K, d, finite, c, ldc, /*accumulate=*/true);
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
                             MatrixOperand<float>, float*, std::int64_t, bool);
template void matrix_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<double>,
                             MatrixOperand<double>, double*, std::int64_t, bool);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<float>,
                               MatrixOperand<float>, bool, float*, std::int64_t);
template void gradient_product(std::int64_t, std::int64_t, std::int64_t, MatrixOperand<double>,
                               MatrixOperand<double>, bool, double*, std::int64_t);

}  // namespace clearhead
