// Whatever way a product takes, it is the sum that it should be, the same for every number of
// threads.
#include "clearhead/compute/products.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "tests/compute/matrices.h"
#include "tests/scale.h"

namespace clearhead::compute {
namespace {

using testing::expect_product;
using testing::Matrix;

// What K products and sums lose that round in turn; with factors rounded to bf16, 2⁻⁸ for each.
template <typename T>
double error(std::int64_t K, Precision precision) {
  const double sums = std::numeric_limits<T>::epsilon() * static_cast<double>(K + 2);
  return sums + (precision == Precision::medium ? 0x1p-7
                 : precision == Precision::high ? 0x1p-15
                                                : 0);
}

template <typename T>
void expect_right(std::int64_t M, std::int64_t N, std::int64_t K, Precision precision) {
  for (int form = 0; form < 8; ++form) {
    SCOPED_TRACE(::testing::Message() << M << "×" << K << "·" << K << "×" << N << " form " << form);
    const Matrix<T> a(M, K, 1, (form & 1) != 0), b(K, N, 2, (form & 2) != 0);
    const bool accumulate = (form & 4) != 0;
    Matrix<T> before(M, N, 3);
    Matrix<T> c = before;
    matrix_product<T>(a.view(), b.view(), c.view(), accumulate, precision);
    if (!accumulate) before.numbers.assign(before.numbers.size(), T{0});
    expect_product<T, T>(a.view(), b.view(), c.view(), before.view(), error<T>(K, precision));
  }
}

// Few rows, parts for several threads, tiles, nothing to sum.
TEST(Products, AreTheSumsInEveryForm) {
  for (const auto& [M, N, K] : {std::array{1, 40, 33},
                                {4, 7, 70},
                                {5, 30, 20},
                                {6, 100, 70},
                                {70, 150, 64},
                                {130, 300, 3},
                                {64, 64, 64},
                                {2100, 40, 5},
                                {1030, 770, 2},
                                {3, 2, 0}}) {
    if (is_small_scale() && M * N > 100'000) continue;
    expect_right<float>(M, N, K, Precision::highest);
    expect_right<float>(M, N, K, Precision::high);
    expect_right<float>(M, N, K, Precision::medium);
    expect_right<double>(M, N, K, Precision::medium);
  }
}

template <typename F>
void expect_same_for_all_threads(const F& numbers) {
  const auto expected = numbers();
  for (const int threads : {1, 2, 3, 7}) {
    const testing::Threads some(threads);
    EXPECT_EQ(numbers(), expected) << threads << " threads";
  }
}

TEST(Products, DoNotDependOnThreads) {
  for (const Precision precision : {Precision::highest, Precision::high, Precision::medium}) {
    for (const std::int64_t M : {3, 90, 300}) {
      const Matrix<float> a(M, 200, 1), b(200, 330, 2);
      expect_same_for_all_threads([&] {
        Matrix<float> c(M, 330, 3);
        matrix_product<float>(a.view(), b.view(), c.view(), true, precision);
        return c.numbers;
      });
    }
  }
}

// A zero of d hides what is not finite, and changes nothing else.
template <typename T>
void expect_zeros_to_win(bool d_is_right, bool accumulate) {
  const T infinity = std::numeric_limits<T>::infinity();
  const std::int64_t M = 9, N = 11, K = 10;
  Matrix<T> d(d_is_right ? K : M, d_is_right ? N : K, 1),
      b(d_is_right ? M : K, d_is_right ? K : N, 2);
  Matrix<T> finite = b;
  b.view().at(4, 5) = infinity;
  finite.view().at(4, 5) = 0;
  // d's column 4 or row 5 meets that number: one of its numbers is not 0.
  for (std::int64_t i = 0; i < (d_is_right ? N : M); ++i) {
    (d_is_right ? d.view().at(5, i) : d.view().at(i, 4)) = i == 2 ? T{3} : T{0};
  }
  Matrix<T> c(M, N, 3);
  Matrix<T> expected = c;
  gradient_product<T>(d.view(), b.view(), d_is_right, c.view(), accumulate);
  matrix_product<T>(d_is_right ? finite.view() : d.view(), d_is_right ? d.view() : finite.view(),
                    expected.view(), accumulate);
  (d_is_right ? expected.view().at(4, 2) : expected.view().at(2, 5)) = infinity;
  EXPECT_EQ(c.numbers, expected.numbers) << "d_is_right " << d_is_right << " adds " << accumulate;
}

TEST(Products, ZerosOfAGradientWin) {
  for (const bool d_is_right : {false, true}) {
    for (const bool accumulate : {false, true}) {
      expect_zeros_to_win<float>(d_is_right, accumulate);
      expect_zeros_to_win<double>(d_is_right, accumulate);
    }
  }
}

TEST(Products, FindWhatIsNotFinite) {
  for (const bool transposed : {false, true}) {
    Matrix<float> m(70, 33, 1, transposed);
    EXPECT_TRUE(is_finite(m.view()));
    m.view().at(69, 32) = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(is_finite(m.view()));
    EXPECT_TRUE(is_finite(m.view().part(0, 0, 69, 33)));
  }
}

// Several b of one a, whatever their sizes and wherever a thread's share ends.
template <typename T>
void expect_few_rows(std::int64_t M, std::int64_t K, Precision precision = Precision::highest) {
  const Matrix<float> a(M, K, 1);
  const Matrix<T> b1(K, 130, 2, true), b2(K, 1, 3, true), b3(K, 77, 4, true);
  Matrix<float> c1(M, 130, 5), c2(M, 1, 6), c3(M, 77, 7);
  const Matrix<float> before = c1;
  const FewRowsFactor<T> factors[] = {
      {b1.view(), c1.view(), true}, {b2.view(), c2.view(), false}, {b3.view(), c3.view(), false}};
  few_rows_products<T>(a.view(), factors, precision);
  // Of a at least 16 bits count, and of b in bf16 all.
  const double each =
      error<float>(K, Precision::highest) + (precision == Precision::highest ? 0 : 0x1p-16);
  const std::vector<float> zeros(static_cast<std::size_t>(M * 130));
  expect_product<float, T>(a.view(), b1.view(), c1.view(), before.view(), each);
  expect_product<float, T>(a.view(), b2.view(), c2.view(), {zeros.data(), M, 1}, each);
  expect_product<float, T>(a.view(), b3.view(), c3.view(), {zeros.data(), M, 77}, each);
}

TEST(Products, OfFewRowsGoSideBySide) {
  ASSERT_TRUE(is_few_rows(8));
  for (const std::int64_t M : {1, 3, 4, 5, 6, 8}) {
    for (const std::int64_t K : {3, 700}) {
      expect_few_rows<float>(M, K);
      for (const auto& [name, precision] : kPrecisions) expect_few_rows<bf16>(M, K, precision);
    }
  }
}

TEST(Products, OfBatchesBroadcastAndAddUp) {
  const Tensor a = Tensor::of<double>({2, 1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor b = Tensor::of<double>({3, 2, 1}, {1, 1, 1, -1, 2, 0});
  const Shape batch = {2, 3};
  Tensor y = Tensor::empty({2, 3, 2, 1}, DType::f64);
  matrix_products<double>(matrices_of<double>(a, batch), matrices_of<double>(b, batch),
                          mutable_matrices_of<double>(y, batch), Precision::highest);
  const std::vector<double> expected = {3, 7, -1, -1, 2, 6, 11, 15, -1, -1, 10, 14};
  EXPECT_EQ(std::vector<double>(y.data<double>(), y.data<double>() + 12), expected);

  // Each matrix of a gets the sum over the three of b that met it.
  Tensor d_a({2, 1, 2, 2}, DType::f64);
  const Tensor ones = Tensor::of<double>({1, 1}, {1}).broadcast_to({2, 3, 2, 1}).contiguous();
  gradient_products<double>(matrices_of<double>(ones, batch),
                            matrices_of<double>(b, batch).transposed(), /*d_is_right=*/false,
                            mutable_matrices_of<double>(d_a, batch), Precision::highest);
  const std::vector<double> sums = {4, 0, 4, 0, 4, 0, 4, 0};
  EXPECT_EQ(std::vector<double>(d_a.data<double>(), d_a.data<double>() + 8), sums);
}

}  // namespace
}  // namespace clearhead::compute
