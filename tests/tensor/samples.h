// What the tests of file formats share: tensors of all types and forms, and when two are the same.
#ifndef CLEARHEAD_TESTS_TENSOR_SAMPLES_H_
#define CLEARHEAD_TESTS_TENSOR_SAMPLES_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "clearhead/tensor/named_tensors.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {

inline constexpr DType kAllTypes[] = {DType::f32,  DType::f64, DType::f16,
                                      DType::bf16, DType::i64, DType::boolean};

/// 3, -2, 0.5, inf, … in this shape, as far as the type has them.
inline Tensor sample(Shape shape, DType dtype) {
  constexpr double kValues[] = {3, -2, 0.5, INFINITY, 0, -0.0, 1, NAN, 1e-7};
  std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kValues[i % std::size(kValues)];
  return Tensor::of<double>(std::move(shape), std::span<const double>(values)).to(dtype);
}

/// Every type as: matrix, scalar, no elements, transposed, sliced and broadcast.
inline NamedTensors samples(bool with_bf16) {
  NamedTensors named;
  for (const DType dtype : kAllTypes) {
    if (dtype == DType::bf16 && !with_bf16) continue;
    const std::string name(dtype_name(dtype));
    named.tensors.emplace_back(name + ".matrix", sample({3, 5}, dtype));
    named.tensors.emplace_back(name + ".scalar", sample({}, dtype));
    named.tensors.emplace_back(name + ".empty", sample({2, 0, 3}, dtype));
    named.tensors.emplace_back(name + ".transposed", sample({2, 3, 4}, dtype).transpose(0, 2));
    named.tensors.emplace_back(name + ".sliced", sample({4, 5}, dtype).slice(1, 1, 3));
    named.tensors.emplace_back(name + ".broadcast", sample({1, 3}, dtype).broadcast_to({2, 3}));
  }
  return named;
}

/// Same type, shape and bytes; a NaN is the same as itself.
inline void expect_same(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_EQ(a.shape(), b.shape());
  const Tensor x = a.contiguous();
  const Tensor y = b.contiguous();
  const auto bytes_x = raw_bytes(x);
  EXPECT_EQ(std::memcmp(bytes_x.data(), raw_bytes(y).data(), bytes_x.size()), 0);
}

inline void expect_same(const NamedTensors& a, const NamedTensors& b) {
  EXPECT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    SCOPED_TRACE(name);
    expect_same(tensor, b.at(name));
  }
  EXPECT_EQ(a.metadata, b.metadata);
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_TENSOR_SAMPLES_H_
