// A value that grows: what is appended stands behind what was there, room is made, and what does
// not fit is refused.
#include "clearhead/ops/append.h"

#include <gtest/gtest.h>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Append, ContinuesWhatIsThereBeyondItsRoom) {
  Tape tape;
  Growing growing;
  std::vector<Tensor> parts;
  for (const std::int64_t T : {1, 0, 3, 70}) {  // room for 64 is made at first
    parts.push_back(random_tensor({2, 1, T, 3}, parts.size(), DType::f32));
    const Var x = tape.input("x", parts.back());
    const Var y = append(growing, x);
    EXPECT_FALSE(y.needs_grad());
    std::int64_t at = 0;
    for (const Tensor& part : parts) {
      EXPECT_EQ(numbers_of(y.value().slice(2, at, at + part.size(2))), numbers_of(part));
      at += part.size(2);
    }
    EXPECT_EQ(y.shape(), (Shape{2, 1, at, 3}));
    expect_explained(y);
  }
}

TEST(Append, RefusesWhatDoesNotFit) {
  Tape tape;
  Growing growing;
  EXPECT_EQ(error_of([&] {
              append(growing, tape.input("x", Tensor({2, 3})));
            }),
            "append: expected [B, H, T, D], got [2, 3] of f32");
  append(growing, tape.input("x", Tensor({2, 1, 4, 3})));
  EXPECT_EQ(
      error_of([&] {
        append(growing, tape.input("x", Tensor({2, 1, 4, 5})));
      }),
      "append: expected [B, H, T, D] to continue [2, 1, 4, 3] of f32, got [2, 1, 4, 5] of f32");
}

}  // namespace
}  // namespace clearhead
