// Several linear maps of one x are each what `linear` gives, whether they are read side by side or
// not; empty ones are empty.
#include "clearhead/ops/linear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "clearhead/base/error.h"
#include "tests/ops/op_testing.h"

namespace clearhead {
namespace {

Tensor numbers(Shape shape, DType dtype, std::int64_t seed) {
  Tensor x = Tensor::empty(std::move(shape), DType::f32);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.mutable_data<float>()[i] = static_cast<float>((i * 7 + seed * 5) % 23 - 11) / 8;
  }
  return x.to(dtype);
}

// Weights of some sizes, with a bias each or none.
std::vector<LinearWeights> weights_on(Tape& tape, std::int64_t in, DType dtype, bool has_bias) {
  std::vector<LinearWeights> weights;
  for (const std::int64_t out : {3, 130, 1, 64}) {
    const Var bias = has_bias ? tape.input("b", numbers({out}, DType::f32, out + 1)) : Var();
    weights.push_back({tape.input("W", numbers({out, in}, dtype, out), false), bias});
  }
  return weights;
}

TEST(Linears, AreEachLinear) {
  constexpr std::int64_t kIn = 700;  // 130 rows of it are work for several threads
  for (const Keep keep : {Keep::nothing, Keep::everything}) {
    for (const std::int64_t rows : {0, 1, 3, 4, 5}) {
      for (const DType dtype : {DType::f32, DType::bf16}) {
        for (const bool has_bias : {false, true}) {
          Tape tape(keep);
          const Var x = tape.input("x", numbers({1, rows, kIn}, DType::f32, 2), false);
          const auto weights = weights_on(tape, kIn, dtype, has_bias);
          const std::vector<Var> all = linears(x, weights);
          ASSERT_EQ(all.size(), weights.size());
          for (std::size_t i = 0; i < all.size(); ++i) {
            const Var one = linear(x, weights[i].weight, weights[i].bias);
            ASSERT_EQ(all[i].shape(), one.shape());
            for (std::int64_t j = 0; j < one.value().count(); ++j) {
              ASSERT_EQ(all[i].value().data<float>()[j], one.value().data<float>()[j]);
            }
          }
        }
      }
    }
  }
}

TEST(Linears, MayBeNone) {
  Tape tape(Keep::nothing);
  const Var x = tape.input("x", numbers({2, 3}, DType::f32, 0));
  EXPECT_TRUE(linears(x, {}).empty());
  const LinearWeights empty{tape.input("W", numbers({0, 3}, DType::bf16, 0)), {}};
  EXPECT_EQ(linears(x, {&empty, 1})[0].shape(), (Shape{2, 0}));
}

TEST(Linears, OperandsLieOnOneTapeEvenWhereNothingIsRecorded) {
  Tape tape(Keep::nothing), other(Keep::nothing);
  const Var x = tape.input("x", numbers({2, 3}, DType::f32, 0));
  const LinearWeights away{other.input("W", numbers({4, 3}, DType::f32, 0)), {}};
  EXPECT_THROW(linears(x, {&away, 1}), Error);
  EXPECT_THROW(linear(x, away.weight), Error);
}

}  // namespace
}  // namespace clearhead
