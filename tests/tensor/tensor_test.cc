// Tensors: memory shared by views, conversions, and refusals that say why.
#include "clearhead/tensor/tensor.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "tests/testing.h"

namespace clearhead {
namespace {

constexpr DType kAll[] = {DType::f32,  DType::f64, DType::f16,
                          DType::bf16, DType::i64, DType::boolean};

// 0, 1, 2, … in this shape.
Tensor counting(Shape shape, DType dtype = DType::f32) {
  std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return Tensor::of<double>(std::move(shape), std::span<const double>(values)).to(dtype);
}

std::vector<double> values_of(const Tensor& tensor) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < tensor.count(); ++i) {
    values.push_back(tensor.at(unflatten(i, tensor.shape())));
  }
  return values;
}

using Values = std::vector<double>;

TEST(DTypes, HaveNamesAndSizes) {
  EXPECT_EQ(dtype_name(DType::f32), "f32");
  EXPECT_EQ(dtype_name(DType::f64), "f64");
  EXPECT_EQ(dtype_name(DType::f16), "f16");
  EXPECT_EQ(dtype_name(DType::bf16), "bf16");
  EXPECT_EQ(dtype_name(DType::i64), "i64");
  EXPECT_EQ(dtype_name(DType::boolean), "bool");
  const std::size_t sizes[] = {4, 8, 2, 2, 8, 1};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(dtype_size(kAll[i]), sizes[i]);
  for (const DType dtype : kAll) {
    EXPECT_EQ(is_floating(dtype), dtype != DType::i64 && dtype != DType::boolean);
    with_dtype(dtype, [&](auto zero) { EXPECT_EQ(dtype_of<decltype(zero)>, dtype); });
  }
}

TEST(Tensor, NewOnesAreZeroAlignedAndRowMajor) {
  for (const DType dtype : kAll) {
    Tensor tensor({2, 3}, dtype);
    EXPECT_TRUE(tensor.defined());
    EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
    EXPECT_EQ(tensor.strides(), (Shape{3, 1}));
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(tensor.rank(), 2);
    EXPECT_EQ(tensor.count(), 6);
    EXPECT_TRUE(tensor.is_contiguous());
    EXPECT_FALSE(tensor.is_read_only());
    EXPECT_EQ(values_of(tensor), Values(6, 0.0));
    with_dtype(dtype, [&](auto zero) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data<decltype(zero)>()) % 64, 0u);
    });
  }
}

TEST(Tensor, OfValues) {
  const Tensor tensor = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values_of(tensor), (Values{1, 2, 3, 4}));
  EXPECT_EQ(tensor.at({1, 0}), 3);
  EXPECT_EQ(Tensor::of<bool>({2}, {true, false}).at({0}), 1);
  EXPECT_EQ(Tensor::of<std::int64_t>({1}, {-5}).item(), -5);
  EXPECT_EQ(Tensor::scalar(2.5, DType::bf16).item(), 2.5);
  EXPECT_EQ(Tensor::scalar(2.5).rank(), 0);
  expect_error([] { Tensor::of<float>({2, 2}, {1, 2, 3}); }, "[2, 2] has 4 elements, got 3");
}

TEST(Tensor, WithoutElements) {
  const Tensor tensor({3, 0, 2});
  EXPECT_TRUE(tensor.defined());
  EXPECT_EQ(tensor.count(), 0);
  EXPECT_TRUE(tensor.is_contiguous());
  EXPECT_TRUE(tensor.transpose(0, 2).is_contiguous());
  EXPECT_EQ(tensor.to(DType::f64).shape(), (Shape{3, 0, 2}));
  EXPECT_EQ(tensor.clone().count(), 0);
  EXPECT_EQ(tensor.reshape({0, 7}).shape(), (Shape{0, 7}));
  EXPECT_EQ(tensor.slice(0, 3, 3).shape(), (Shape{0, 0, 2}));
  for_each_offset(tensor.shape(), tensor.strides(), [](auto) { FAIL() << "no element"; });
}

TEST(Tensor, NoneAtAll) {
  const Tensor none;
  EXPECT_FALSE(none.defined());
  expect_error([&] { none.data<float>(); }, "there is none");
}

TEST(Tensor, RefusesMoreThanCanBeHad) {
  expect_error([] { Tensor({std::int64_t{1} << 62, 4}); }, "exceeds 2^63 - 1");
  expect_error([] { Tensor({std::int64_t{1} << 61}, DType::f64); },
               "more bytes than can be addressed");
  // Of 64 address bits, today's processors translate at most 57.
  expect_error([] { Tensor({std::int64_t{1} << 58}, DType::f32); },
               "no memory for its 1152921504606846976 bytes");
}

TEST(Tensor, RefusesAnotherType) {
  Tensor tensor({2}, DType::f64);
  expect_error([&] { tensor.data<float>(); }, "expected f32, it holds f64");
  expect_error([&] { tensor.mutable_data<bool>(); }, "expected bool, it holds f64");
}

TEST(Tensor, CopiesShareMemoryClonesDoNot) {
  Tensor a = counting({3});
  Tensor same = a;
  Tensor clone = a.clone();
  same.mutable_data<float>()[0] = 7;
  EXPECT_EQ(a.at({0}), 7);
  EXPECT_EQ(clone.at({0}), 0);
}

TEST(Tensor, IndicesMustFit) {
  const Tensor tensor = counting({2, 3});
  expect_error([&] { tensor.at({2, 0}); }, "[2, 0] does not lie in a tensor of shape [2, 3]");
  expect_error([&] { tensor.at({0, -1}); }, "[0, -1] does not lie");
  expect_error([&] { tensor.at({INT64_MAX, 0}); }, "does not lie");
  expect_error([&] { tensor.at({0}); }, "does not lie");
  expect_error([&] { tensor.item(); }, "one element, got shape [2, 3]");
  EXPECT_EQ(tensor.size(-1), 3);
  expect_error([&] { tensor.size(2); }, "axis 2");
}

TEST(Tensor, TransposesAndPermutesByStrides) {
  const Tensor tensor = counting({2, 3});
  const Tensor turned = tensor.transpose(0, -1);
  EXPECT_EQ(turned.shape(), (Shape{3, 2}));
  EXPECT_EQ(turned.data<float>(), tensor.data<float>());
  EXPECT_FALSE(turned.is_contiguous());
  EXPECT_EQ(values_of(turned), (Values{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(values_of(turned.contiguous()), (Values{0, 3, 1, 4, 2, 5}));
  EXPECT_TRUE(turned.contiguous().is_contiguous());
  const Tensor cube = counting({2, 3, 4}).permute(std::array<std::int64_t, 3>{2, 0, 1});
  EXPECT_EQ(cube.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(cube.at({3, 1, 2}), 23);
  EXPECT_EQ(cube.at({1, 1, 0}), 13);
  for (const Shape& axes : {Shape{0}, Shape{0, 0}, Shape{0, 2}, Shape{-1, 0}}) {
    expect_error([&] { tensor.permute(axes); }, "does not name each axis of shape [2, 3] once");
  }
}

TEST(Tensor, SlicesAreViews) {
  Tensor tensor = counting({3, 4});
  Tensor middle = tensor.slice(1, 1, 3);
  EXPECT_EQ(values_of(middle), (Values{1, 2, 5, 6, 9, 10}));
  EXPECT_FALSE(middle.is_contiguous());
  middle.mutable_data<float>()[0] = 50;
  EXPECT_EQ(tensor.at({0, 1}), 50);
  EXPECT_EQ(values_of(tensor.slice(-2, 2, 3)), (Values{8, 9, 10, 11}));
  expect_error([&] { tensor.slice(0, 1, 4); }, "positions 1 to 4 do not lie in axis 0");
  expect_error([&] { tensor.slice(0, 2, 1); }, "do not lie");
  expect_error([&] { tensor.slice(0, -1, 1); }, "do not lie");
}

TEST(Tensor, ReshapesWithoutCopyIfItCan) {
  const Tensor tensor = counting({2, 6});
  const Tensor other = tensor.reshape({3, -1, 2});
  EXPECT_EQ(other.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(other.data<float>(), tensor.data<float>());
  EXPECT_EQ(values_of(tensor.transpose(0, 1).reshape({12})),
            (Values{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}));
  EXPECT_EQ(Tensor::scalar(3).reshape({1, 1}).at({0, 0}), 3);
  expect_error([&] { tensor.reshape({5, -1}); }, "has 12 elements and cannot become");
  expect_error([&] { tensor.reshape({-1, -1}); }, "must not be negative");
  expect_error([&] { tensor.reshape({0, -1}); }, "cannot become");
}

TEST(Tensor, BroadcastsByStridesOfZero) {
  const Tensor row = counting({1, 3});
  const Tensor wide = row.broadcast_to({2, 2, 3});
  EXPECT_EQ(values_of(wide), (Values{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(wide.data<float>(), row.data<float>());
  EXPECT_TRUE(wide.is_read_only());
  expect_error([&] { Tensor(wide).mutable_data<float>(); }, "read-only");
  EXPECT_FALSE(wide.clone().is_read_only());
  expect_error([&] { row.broadcast_to({3, 2}); }, "do not broadcast");
  expect_error([&] { row.broadcast_to({3}); }, "does not broadcast to [3]");
}

TEST(Tensor, ViewsKeepTheirOwnerAlive) {
  auto memory = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  const std::weak_ptr<std::vector<float>> watch = memory;
  Tensor view = Tensor::view_of(memory->data(), {2, 2}, DType::f32, memory);
  memory.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(values_of(view.transpose(0, 1)), (Values{1, 3, 2, 4}));
  expect_error([&] { view.mutable_data<float>(); }, "read-only");
  view = Tensor();
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, ViewsOfAnyStrides) {
  const auto memory = std::make_shared<std::vector<float>>(std::vector<float>{0, 1, 2, 3, 4, 5});
  const auto view = [&](std::size_t first, Shape shape, std::vector<std::int64_t> strides) {
    return Tensor::view_of(memory->data() + first, shape, strides, DType::f32, memory);
  };
  EXPECT_EQ(values_of(view(0, {2, 2}, {3, 2})), (Values{0, 2, 3, 5}));
  EXPECT_EQ(values_of(view(5, {3}, {-2})), (Values{5, 3, 1}));
  EXPECT_EQ(values_of(view(0, {3, 2}, {1, 1})), (Values{0, 1, 1, 2, 2, 3}));
  EXPECT_EQ(values_of(view(1, {2, 2}, {0, 3}).to(DType::f64)), (Values{1, 4, 1, 4}));
  EXPECT_TRUE(view(0, {2, 3}, {3, 1}).is_contiguous());
  EXPECT_FALSE(view(5, {3}, {-1}).is_contiguous());
  expect_error([&] { view(0, {2, 3}, {1}); }, "shape [2, 3] needs as many strides, got [1]");
}

TEST(Tensor, TakesTheNumbersOfAnother) {
  auto memory = std::make_shared<std::vector<double>>(6, 0.0);
  Tensor every_second = Tensor::writable_view_of(memory->data(), {3}, {2}, DType::f64, memory);
  every_second.assign(Tensor::of<float>({3}, {1, 2, 3}));
  EXPECT_EQ(*memory, (std::vector<double>{1, 0, 2, 0, 3, 0}));
  expect_error([&] { every_second.assign(counting({2})); },
               "a tensor of shape [3] cannot take the numbers of one of [2]");
  Tensor read_only = counting({1, 3}).broadcast_to({2, 3});
  expect_error([&] { read_only.assign(counting({2, 3})); }, "read-only");
}

TEST(Tensor, EveryTypeConvertsToEvery) {
  for (const DType from : kAll) {
    for (const DType to : kAll) {
      const Tensor tensor = Tensor::of<double>({2, 2}, {0, 1, 1, 0}).to(from);
      EXPECT_EQ(values_of(tensor.to(to)), (Values{0, 1, 1, 0}));
      EXPECT_EQ(values_of(tensor.slice(1, 1, 2).to(to)), (Values{1, 0}));
      EXPECT_EQ(tensor.to(to).dtype(), to);
    }
  }
  const Tensor same = counting({2});
  EXPECT_EQ(same.to(DType::f32).data<float>(), same.data<float>());
}

TEST(Tensor, ConversionsRoundAndSaturate) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor odd = Tensor::of<double>({6}, {2.9, -2.9, std::nan(""), infinity, -infinity, 1e300});
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[0], 2);
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[1], -2);
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[2], 0);
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[3], INT64_MAX);
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[4], INT64_MIN);
  EXPECT_EQ(odd.to(DType::i64).data<std::int64_t>()[5], INT64_MAX);
  EXPECT_EQ(values_of(odd.to(DType::boolean)), Values(6, 1.0));  // NaN is not 0
  EXPECT_TRUE(std::isnan(odd.to(DType::bf16).at({2})));
  EXPECT_EQ(odd.to(DType::f32).at({5}), infinity);
}

// f64 to 16 bits in one rounding: through f32 to nearest, the first would make ties of these.
TEST(Tensor, F64RoundsOnceToSixteenBits) {
  const double tie = 1 + 0x1p-11;  // between two f16
  EXPECT_EQ(Tensor::scalar(tie, DType::f16).item(), 1);
  EXPECT_EQ(Tensor::scalar(tie + 0x1p-40, DType::f16).item(), 1 + 0x1p-10);
  EXPECT_EQ(Tensor::scalar(-(tie + 0x1p-40), DType::f16).item(), -(1 + 0x1p-10));
  const double other = 1 + 3 * 0x1p-11;  // its even neighbour is above
  EXPECT_EQ(Tensor::scalar(other, DType::f16).item(), 1 + 0x1p-9);
  EXPECT_EQ(Tensor::scalar(other - 0x1p-40, DType::f16).item(), 1 + 0x1p-10);
  EXPECT_EQ(Tensor::scalar(1 + 0x1p-8 + 0x1p-40, DType::bf16).item(), 1 + 0x1p-7);
  EXPECT_EQ(Tensor::scalar(0x1p-25 + 0x1p-60, DType::f16).item(), 0x1p-24);
  EXPECT_EQ(Tensor::scalar(65520 - 1e-9, DType::f16).item(), 65504);
  EXPECT_EQ(Tensor::scalar(1e-300, DType::f16).item(), 0);
}

TEST(Tensor, OffsetsInRowMajorOrder) {
  std::vector<std::int64_t> offsets;
  const auto collect = [&](std::int64_t offset) { offsets.push_back(offset); };
  const Tensor turned = counting({2, 3, 2}).permute(std::array<std::int64_t, 3>{1, 2, 0});
  for_each_offset(turned.shape(), turned.strides(), collect);
  EXPECT_EQ(offsets, (Shape{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}));
  offsets.clear();
  for_each_offset(Shape{}, Shape{}, collect);
  EXPECT_EQ(offsets, Shape{0});
}

}  // namespace
}  // namespace clearhead
