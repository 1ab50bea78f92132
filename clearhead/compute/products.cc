// Matrix products on all threads, and the choice of the kernel for them.
#include "clearhead/compute/products.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/few_rows_simd.h"
#include "clearhead/kernels/products/few_rows_tiles.h"
#include "clearhead/kernels/products/matmul_bf16.h"
#include "clearhead/kernels/products/matmul_scalar.h"
#include "clearhead/kernels/products/matmul_simd.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::compute {
namespace {

// Parts of c: as few as keep all threads at work, since each packs its rows of a and its columns of
// b for itself. Which numbers meet, and in what order, does not depend on the division.
struct Division {
  std::int64_t rows, columns;  // of a part

  Division(std::int64_t M, std::int64_t N, std::int64_t K) {
    // Columns of b must meet many rows before packing them costs little: 5 % of 500, 2.5 % of
    // 1,000. With so many, parts are wider where that comes out even: a is packed less often.
    constexpr std::int64_t kFewRows = 128, kManyRows = 1024, kMostRows = 2048;
    constexpr std::int64_t kFewColumns = 128;
    constexpr std::int64_t kLeastRows = 48, kLeastColumns = 64;
    constexpr std::int64_t kLeastWork = 1 << 18;  // multiply-adds; handing them over costs as much
    const kernels::simd::MatmulPart part = kernels::simd::matmul_part();
    constexpr std::int64_t kFewRounds = 4;
    const std::int64_t wanted =
        std::min<std::int64_t>(thread_count(), ceil_div(M * N * K, kLeastWork));
    std::int64_t across = ceil_div(N, M <= kFewRows ? kFewColumns : part.columns);
    std::int64_t down = ceil_div(M, kMostRows);
    const std::int64_t wide = ceil_div(N, part.most_columns) * down;
    const bool is_even = wide % wanted == 0 || wanted % wide == 0 || wide >= kFewRounds * wanted;
    if (M >= kManyRows && is_even) across = ceil_div(N, part.most_columns);
    const auto divide = [&](std::int64_t size, std::int64_t least, std::int64_t& parts) {
      const std::int64_t most = std::max<std::int64_t>(1, size / (parts * least));
      parts *= std::min(most, ceil_div(wanted, across * down));
    };
    if (M >= N) divide(M, kLeastRows, down);
    divide(N, kLeastColumns, across);
    divide(M, kLeastRows, down);
    // Few parts that do not divide evenly would leave threads idle in the last round.
    if (across * down < kFewRounds * wanted) {
      across = std::min(ceil_div(round_up(across * down, wanted), down),
                        std::max(across, N / kLeastColumns));
    }
    columns = round_up(ceil_div(N, across), 32);
    rows = round_up(ceil_div(M, down), part.rows);
  }
};

// On vectors: each thread packs what it multiplies.
void multiply_simd(const MatrixView<const float>& a, const MatrixView<const float>& b,
                   const MatrixView<float>& c, bool accumulate, const float* row) {
  const std::int64_t M = c.rows, N = c.columns, K = a.columns;
  const Division part(M, N, K);
  const std::int64_t down = ceil_div(M, part.rows);
  parallel_for(down * ceil_div(N, part.columns), [&](std::int64_t piece) {
    const std::int64_t i = piece % down * part.rows;
    const std::int64_t j = piece / down * part.columns;
    const std::int64_t rows = std::min(part.rows, M - i), columns = std::min(part.columns, N - j);
    const Workspace<float> workspace(kernels::simd::matmul_workspace(columns, K));
    kernels::simd::matmul(a.part(i, 0, rows, K), b.part(0, j, K, columns),
                          c.part(i, j, rows, columns), accumulate,
                          row == nullptr ? nullptr : row + j, workspace.get());
  });
}

// On tiles of bf16: all is packed, then multiplied, piece by piece of c. A small product is faster
// on one thread: what one packs the other would have to fetch.
void multiply_bf16(kernels::MatmulProblem problem) {
  constexpr std::int64_t kSmall = 1 << 21;  // multiply-adds
  const bool is_small = problem.c.rows * problem.c.columns * problem.a.columns <= kSmall;
  if (is_small) problem.threads = 1;
  const auto for_all = [&](std::int64_t count, const std::function<void(std::int64_t)>& f) {
    if (!is_small) return parallel_for(count, f);
    for (std::int64_t i = 0; i < count; ++i) f(i);
  };
  const Workspace<char> factors(kernels::packed_factors_bytes(problem));
  for_all(kernels::factor_pieces(problem),
          [&](std::int64_t piece) { kernels::pack_factor_piece(problem, piece, factors.get()); });
  for_all(kernels::product_blocks(problem), [&](std::int64_t block) {
    const Workspace<float> workspace(kernels::product_workspace(problem));
    kernels::multiply_block(problem, block, factors.get(), workspace.get());
  });
}

void multiply(const MatrixView<const float>& a, const MatrixView<const float>& b,
              const MatrixView<float>& c, bool accumulate, const float* row, Precision precision) {
  const kernels::MatmulProblem problem = {a, b, c, accumulate, row, precision, thread_count()};
  if (kernels::matmul_takes_bf16(problem)) return multiply_bf16(problem);
  constexpr std::int64_t kLeastColumns = 64;  // of rows of b; packing fewer costs less than reading
  const bool few =
      is_few_rows(c.rows) && !a.by_columns() && (b.row_stride == 1 || c.columns >= kLeastColumns);
  if (a.columns > 0 && !few) return multiply_simd(a, b, c, accumulate, row);
  if (!accumulate && row != nullptr) repeat_row(row, c);
  const bool adds = accumulate || row != nullptr;
  if (a.columns > 0) {
    const FewRowsFactor<float> factor{b, c, adds};
    return few_rows_products<float>(a, {&factor, 1}, precision);
  }
  for (std::int64_t i = 0; i < c.rows && !adds; ++i) std::fill_n(&c.at(i, 0), c.columns, 0.0F);
}

// In double by the scalar text, always with the highest precision.
void multiply(const MatrixView<const double>& a, const MatrixView<const double>& b,
              const MatrixView<double>& c, bool accumulate, const double* row, Precision) {
  if (!accumulate && row != nullptr) repeat_row(row, c);
  // The part of c that one thread takes at a time. A panel of b is packed once for its rows: 128 of
  // them make that cost small.
  constexpr std::int64_t kRows = 128, kColumns = 256;
  const std::int64_t K = a.columns;
  const std::int64_t across = ceil_div(c.columns, kColumns);
  parallel_for(ceil_div(c.rows, kRows) * across, [&](std::int64_t piece) {
    const std::int64_t i = piece / across * kRows, j = piece % across * kColumns;
    const std::int64_t rows = std::min(kRows, c.rows - i),
                       columns = std::min(kColumns, c.columns - j);
    kernels::scalar::matmul(a.part(i, 0, rows, K), b.part(0, j, K, columns),
                            c.part(i, j, rows, columns), accumulate || row != nullptr);
  });
}

// Whether all numbers of rows that lie one after the other are finite: sums of zeros that the
// processor's vectors gather, where a branch for each number would take as long as a product.
template <typename T>
bool rows_are_finite(const MatrixView<const T>& m) {
  constexpr std::int64_t kSums = 16;
  T sums[kSums] = {};  // of 0·x, which is 0 unless x is infinite or NaN
  for (std::int64_t i = 0; i < m.rows; ++i) {
    const T* row = &m.at(i, 0);
    std::int64_t j = 0;
    for (; j + kSums <= m.columns; j += kSums) {
      for (std::int64_t lane = 0; lane < kSums; ++lane) sums[lane] += row[j + lane] * T{0};
    }
    for (; j < m.columns; ++j) sums[0] += row[j] * T{0};
  }
  return std::all_of(sums, sums + kSums, [](T sum) { return sum == 0; });
}

template <typename T>
bool all_finite(const MatrixView<const T>& any) {
  const MatrixView<const T> m = any.by_columns() ? any.transposed() : any;
  constexpr std::int64_t kPieceNumbers = 1 << 16;
  const std::int64_t piece_rows =
      std::max<std::int64_t>(1, kPieceNumbers / std::max<std::int64_t>(1, m.columns));
  std::atomic<bool> finite = true;
  for_each_piece(m.rows, piece_rows, [&](std::int64_t begin, std::int64_t end) {
    if (!rows_are_finite(m.part(begin, 0, end - begin, m.columns))) finite = false;
  });
  return finite;
}

struct Place {
  std::int64_t row, column;
};

template <typename T>
std::vector<Place> find_non_finite(const MatrixView<const T>& m) {
  std::vector<Place> found;
  if (is_finite(m)) return found;
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) {
      if (!std::isfinite(m.at(i, j))) found.push_back({i, j});
    }
  }
  return found;
}

// m with zeros instead of what is not finite.
template <typename T>
std::vector<T> cleaned(const MatrixView<const T>& m) {
  std::vector<T> numbers;
  numbers.reserve(static_cast<std::size_t>(m.rows * m.columns));
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) {
      const T number = m.at(i, j);
      numbers.push_back(std::isfinite(number) ? number : T{0});
    }
  }
  return numbers;
}

}  // namespace

template <typename T>
void matrix_product(std::type_identity_t<MatrixView<const T>> a,
                    std::type_identity_t<MatrixView<const T>> b, MatrixView<T> c, bool accumulate,
                    Precision precision) {
  if (c.rows == 0 || c.columns == 0) return;
  multiply(a, b, c, accumulate, nullptr, precision);
}

template <typename T>
void product_plus_row(std::type_identity_t<MatrixView<const T>> a,
                      std::type_identity_t<MatrixView<const T>> b, const T* row, MatrixView<T> c,
                      Precision precision) {
  if (c.rows == 0 || c.columns == 0) return;
  multiply(a, b, c, /*accumulate=*/false, row, precision);
}

template <typename T>
void repeat_row(const T* row, MatrixView<T> y) {
  constexpr std::int64_t kPieceRows = 64;
  for_each_piece(y.rows, kPieceRows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) std::copy_n(row, y.columns, &y.at(r, 0));
  });
}

template <typename T>
void gradient_product(std::type_identity_t<MatrixView<const T>> d,
                      std::type_identity_t<MatrixView<const T>> b, bool d_is_right, MatrixView<T> c,
                      bool accumulate, Precision precision) {
  const auto multiply_with = [&](const MatrixView<const T>& finite) {
    matrix_product<T>(d_is_right ? finite : d, d_is_right ? d : finite, c, accumulate, precision);
  };
  // A number of b that is not finite leaves one in c. Where c is the smaller one it is looked at
  // instead, afterwards.
  if (!accumulate && c.rows * c.columns < b.rows * b.columns) {
    multiply_with(b);
    if (is_finite(c)) return;
  }
  const std::vector<Place> bad = find_non_finite(b);
  if (bad.empty()) return multiply_with(b);
  const std::vector<T> numbers = cleaned(b);
  multiply_with({numbers.data(), b.rows, b.columns});
  for (const Place& place : bad) {
    const T number = b.at(place.row, place.column);
    if (d_is_right) {  // c[i, j] += b[i, k]·d[k, j]
      for (std::int64_t j = 0; j < c.columns; ++j) {
        const T factor = d.at(place.column, j);
        if (factor != 0) c.at(place.row, j) += number * factor;
      }
    } else {  // c[i, j] += d[i, k]·b[k, j]
      for (std::int64_t i = 0; i < c.rows; ++i) {
        const T factor = d.at(i, place.row);
        if (factor != 0) c.at(i, place.column) += factor * number;
      }
    }
  }
}

bool is_finite(MatrixView<const float> m) { return all_finite(m); }
bool is_finite(MatrixView<const double> m) { return all_finite(m); }

bool is_few_rows(std::int64_t rows) { return rows <= kernels::simd::kFewRows; }

template <typename T>
void few_rows_products(MatrixView<const float> a, std::span<const FewRowsFactor<T>> factors,
                       Precision precision) {
  // Handing a piece to another thread takes as long as reading 64 KiB, about 2 µs. Pieces of about
  // the same size, as many for each thread. What lies row after row wants to be read in long
  // stretches.
  constexpr std::int64_t kLeastBytes = 64 << 10, kPieceBytes = 256 << 10, kStretch = 768;
  std::int64_t N = 0;
  bool by_columns = true;
  for (const FewRowsFactor<T>& factor : factors) {
    N += factor.c.columns;
    by_columns = by_columns && factor.b.by_columns();
  }
  if (a.rows == 0 || N == 0) return;
  // Up to three rows vectors keep up with memory; beyond, tiles do better where they are.
  constexpr std::int64_t kRowsOfVectors = 3;
  const bool on_tiles = std::is_same_v<T, bf16> && a.rows > kRowsOfVectors && kernels::amx_in_use();
  const std::int64_t parts = kernels::tiles::parts_of_f32(a.rows, precision);
  const Workspace<char> packed(on_tiles ? kernels::tiles::few_rows_bytes(a.rows, a.columns, parts)
                                        : 0);
  if (on_tiles) kernels::tiles::pack_few_rows(a, parts, packed.get());
  const auto multiply = [&](const MatrixView<const T>& b, const MatrixView<float>& c, bool adds) {
    if constexpr (std::is_same_v<T, bf16>) {
      if (on_tiles) return kernels::tiles::few_rows(packed.get(), parts, b, c, adds);
    }
    kernels::simd::few_rows(a, b, c, adds);
  };
  const std::int64_t bytes = N * a.columns * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t wanted = by_columns ? ceil_div(bytes, kPieceBytes) : ceil_div(N, kStretch);
  const std::int64_t pieces =
      std::max<std::int64_t>(1, std::min(round_up(wanted, thread_count()), bytes / kLeastBytes));
  // Whole tiles: of AMX, 4 or 3 columns of b, or vectors of up to 16.
  const std::int64_t whole = on_tiles ? kernels::tiles::kFewRowsColumns : by_columns ? 12 : 16;
  const std::int64_t columns = round_up(ceil_div(N, pieces), whole);
  parallel_for(ceil_div(N, columns), [&](std::int64_t piece) {
    std::int64_t begin = piece * columns, end = begin + columns;  // from this factor's first on
    for (const auto& [b, c, accumulate] : factors) {
      const std::int64_t from = std::max<std::int64_t>(begin, 0), to = std::min(end, c.columns);
      if (from < to) {
        multiply(b.part(0, from, b.rows, to - from), c.part(0, from, c.rows, to - from),
                 accumulate);
      }
      begin -= c.columns;
      end -= c.columns;
    }
  });
}

template <typename T>
void matrix_products(const MatrixBatch<const T>& a, const MatrixBatch<const T>& b,
                     const MatrixBatch<T>& c, Precision precision) {
  parallel_for(c.size(), [&](std::int64_t i) {
    matrix_product<T>(a[i], b[i], c[i], /*accumulate=*/false, precision);
  });
}

template <typename T>
void gradient_products(const MatrixBatch<const T>& d, const MatrixBatch<const T>& b,
                       bool d_is_right, const MatrixBatch<T>& c, Precision precision) {
  for_each_place(c.offsets, [&](std::int64_t i) {
    gradient_product<T>(d[i], b[i], d_is_right, c[i], /*accumulate=*/true, precision);
  });
}

#define CLEARHEAD_INSTANTIATE(T)                                                                  \
  template void matrix_product(MatrixView<const T>, MatrixView<const T>, MatrixView<T>, bool,     \
                               Precision);                                                        \
  template void product_plus_row(MatrixView<const T>, MatrixView<const T>, const T*,              \
                                 MatrixView<T>, Precision);                                       \
  template void repeat_row(const T*, MatrixView<T>);                                              \
  template void gradient_product(MatrixView<const T>, MatrixView<const T>, bool, MatrixView<T>,   \
                                 bool, Precision);                                                \
  template void matrix_products(const MatrixBatch<const T>&, const MatrixBatch<const T>&,         \
                                const MatrixBatch<T>&, Precision);                                \
  template void gradient_products(const MatrixBatch<const T>&, const MatrixBatch<const T>&, bool, \
                                  const MatrixBatch<T>&, Precision);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

template void few_rows_products(MatrixView<const float>, std::span<const FewRowsFactor<float>>,
                                Precision);
template void few_rows_products(MatrixView<const float>, std::span<const FewRowsFactor<bf16>>,
                                Precision);

}  // namespace clearhead::compute
