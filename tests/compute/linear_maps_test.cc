// Linear maps made together are what each is by itself, forward and backward, in each way they
// take.
#include "clearhead/compute/linear_maps.h"

#include <gtest/gtest.h>

#include <limits>

#include "clearhead/compute/products.h"
#include "tests/compute/matrices.h"

namespace clearhead::compute {
namespace {

using testing::Matrix;

// Three maps of one x, the second without bias.
template <typename W>
struct Maps {
  using T = typename LinearMap<W>::Number;

  Maps(std::int64_t R, std::int64_t C) : x(R, C, 1) {
    for (const std::int64_t N : {48, 16, 33}) {
      const std::uint64_t i = weights.size();
      weights.emplace_back(N, C, 10 + i);
      biases.emplace_back(1, N, 20 + i);
      y.emplace_back(R, N, 30 + i);
      dy.emplace_back(R, N, 40 + i);
    }
  }
  std::vector<LinearMap<W>> all() const {
    std::vector<LinearMap<W>> maps;
    for (std::size_t i = 0; i < 3; ++i) {
      maps.push_back({weights[i].view(), i == 1 ? nullptr : biases[i].numbers.data()});
    }
    return maps;
  }

  Matrix<T> x;
  std::vector<Matrix<W>> weights;
  std::vector<Matrix<T>> biases, y, dy;
};

template <typename W>
void expect_forward(std::int64_t R, Precision precision, double each) {
  SCOPED_TRACE(::testing::Message() << R << " rows");
  using T = typename LinearMap<W>::Number;
  Maps<W> m(R, 64);
  const std::vector<MatrixView<T>> y = {m.y[0].view(), m.y[1].view(), m.y[2].view()};
  linear_maps<W>(m.x.view(), m.all(), y, precision);
  const std::vector<T> zeros(100);
  for (std::size_t i = 0; i < 3; ++i) {
    const T* const bias = i == 1 ? zeros.data() : m.biases[i].numbers.data();
    testing::expect_product<T, W>(m.x.view(), m.weights[i].view().transposed(), m.y[i].view(),
                                  {bias, R, m.y[i].columns, 0}, each);
  }
}

TEST(LinearMaps, AreProductsAndBiases) {
  for (const std::int64_t R : {1, 4, 5, 100}) {
    expect_forward<float>(R, Precision::highest, 1e-5);
    expect_forward<float>(R, Precision::medium, 0x1p-7);
    expect_forward<double>(R, Precision::medium, 1e-14);
    expect_forward<bf16>(R, Precision::highest, 1e-5);
  }
}

// dx and the dW, of which the second is added to and the third not wanted.
template <typename T>
void expect_backward(std::int64_t R, Precision precision, double each, bool add_dx) {
  SCOPED_TRACE(::testing::Message() << R << " rows, adds " << add_dx);
  const std::int64_t C = 64;
  const Maps<T> m(R, C);
  Matrix<T> dx(R, C, 50);
  std::vector<Matrix<T>> dw;
  for (const Matrix<T>& w : m.weights) dw.emplace_back(w.rows, C, 60 + dw.size());
  Matrix<T> dx_before = dx;
  std::vector<Matrix<T>> dw_before = dw;
  const std::vector<LinearMapGradient<T>> gradients = {
      {m.dy[0].view(), {dw[0].numbers.data(), false}},
      {m.dy[1].view(), {dw[1].numbers.data(), true}},
      {m.dy[2].view(), {}}};
  linear_maps_backward<T>(m.x.view(), m.all(), gradients, {dx.numbers.data(), add_dx}, precision);

  if (!add_dx) dx_before.numbers.assign(dx_before.numbers.size(), T{0});
  // [dy_0 dy_1 dy_2]·[W_0; W_1; W_2]
  Matrix<T> dy(R, 97, 0), w(97, C, 0);
  for (std::int64_t i = 0, column = 0; i < 3;
       column += m.dy[static_cast<std::size_t>(i++)].columns) {
    const Matrix<T>&d = m.dy[static_cast<std::size_t>(i)],
          &of_map = m.weights[static_cast<std::size_t>(i)];
    for (std::int64_t n = 0; n < d.columns; ++n) {
      for (std::int64_t r = 0; r < R; ++r) dy.view().at(r, column + n) = d.view().at(r, n);
      for (std::int64_t c = 0; c < C; ++c) w.view().at(column + n, c) = of_map.view().at(n, c);
    }
  }
  testing::expect_product<T, T>(dy.view(), w.view(), dx.view(), dx_before.view(), each);
  dw_before[0].numbers.assign(dw_before[0].numbers.size(), T{0});
  for (std::size_t i = 0; i < 2; ++i) {
    testing::expect_product<T, T>(m.dy[i].view().transposed(), m.x.view(), dw[i].view(),
                                  dw_before[i].view(), each);
  }
  EXPECT_EQ(dw[2].numbers, dw_before[2].numbers) << "was not wanted";
}

TEST(LinearMaps, GoBackward) {
  for (const bool add_dx : {false, true}) {
    for (const std::int64_t R : {3, 100}) {
      expect_backward<float>(R, Precision::highest, 1e-5, add_dx);
      expect_backward<float>(R, Precision::medium, 0x1p-7, add_dx);
      expect_backward<double>(R, Precision::medium, 1e-14, add_dx);
    }
  }
}

// Also where maps are made together on tiles, which multiply all with all.
TEST(LinearMaps, ZerosOfAGradientWin) {
  for (const Precision precision : {Precision::highest, Precision::medium}) {
    const std::int64_t R = 100, C = 64;
    Maps<float> m(R, C);
    m.weights[0].view().at(5, 7) = std::numeric_limits<float>::infinity();
    m.x.view().at(9, 3) = std::numeric_limits<float>::quiet_NaN();
    for (Matrix<float>& dy : m.dy) {
      for (std::int64_t n = 0; n < dy.columns; ++n) dy.view().at(9, n) = 0;
    }
    for (std::int64_t r = 0; r < R; ++r) m.dy[0].view().at(r, 5) = 0;
    Matrix<float> dx(R, C, 50), dw(48, C, 51);
    const std::vector<LinearMapGradient<float>> gradients = {
        {m.dy[0].view(), {dw.numbers.data(), true}}, {m.dy[1].view(), {}}, {m.dy[2].view(), {}}};
    linear_maps_backward<float>(m.x.view(), m.all(), gradients, {dx.numbers.data(), false},
                                precision);
    EXPECT_TRUE(is_finite(dx.view()));
    EXPECT_TRUE(is_finite(dw.view()));
  }
}

TEST(LinearMaps, MadeTogetherAreWhatTheyAreAlone) {
  for (const Precision precision : {Precision::highest, Precision::medium}) {
    for (const std::int64_t R : {2, 300}) {  // of 300 rows each suffices for tiles by itself
      Maps<float> together(R, 64), alone(R, 64);
      const std::vector<MatrixView<float>> y = {together.y[0].view(), together.y[1].view(),
                                                together.y[2].view()};
      linear_maps<float>(together.x.view(), together.all(), y, precision);
      const std::vector<LinearMap<float>> maps = alone.all();
      for (std::size_t i = 0; i < 3; ++i) {
        const MatrixView<float> of_one[] = {alone.y[i].view()};
        linear_maps<float>(alone.x.view(), {&maps[i], 1}, of_one, precision);
        EXPECT_EQ(together.y[i].numbers, alone.y[i].numbers) << R << " rows, map " << i;
      }
    }
  }
}

// One map on tiles is, to the last bit, the product that it is in an operation of its own.
TEST(LinearMaps, OneOnTilesIsTheProduct) {
  const std::int64_t R = 300, C = 640, N = 200;
  const Matrix<float> x(R, C, 1), w(N, C, 2), dy(R, N, 3);
  Matrix<float> y(R, N, 4), dx(R, C, 5), dw(N, C, 6), expected_y = y, expected_dx = dx,
                                                      expected_dw = dw;
  const LinearMap<float> map = {w.view(), nullptr};
  const MatrixView<float> results[] = {y.view()};
  linear_maps<float>(x.view(), {&map, 1}, results, Precision::medium);
  matrix_product<float>(x.view(), w.view().transposed(), expected_y.view(), false,
                        Precision::medium);
  EXPECT_EQ(y.numbers, expected_y.numbers);

  const LinearMapGradient<float> gradient = {dy.view(), {dw.numbers.data(), true}};
  linear_maps_backward<float>(x.view(), {&map, 1}, {&gradient, 1}, {dx.numbers.data(), true},
                              Precision::medium);
  matrix_product<float>(dy.view(), w.view(), expected_dx.view(), true, Precision::medium);
  matrix_product<float>(dy.view().transposed(), x.view(), expected_dw.view(), true,
                        Precision::medium);
  EXPECT_EQ(dx.numbers, expected_dx.numbers);
  EXPECT_EQ(dw.numbers, expected_dw.numbers);
}

}  // namespace
}  // namespace clearhead::compute
