// Wrong types and shapes are refused with a message that names the operation, what came, and what to do.
#include <gmock/gmock.h>

#include "clearhead/ops/add.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/ops/op_testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class OpErrors : public ::testing::Test {
 protected:
  Var in(const Shape& shape, DType dtype = DType::f32) {
    return tape.input("x", Tensor(shape, dtype));
  }
  Tape tape;
};

TEST_F(OpErrors, SixteenBitsAndWholeNumbersAreToBeCast) {
  for (const DType dtype : {DType::f16, DType::bf16, DType::i64, DType::boolean}) {
    const Var x = in({2, 2}, dtype);
    const auto names_type_and_cast = AllOf(HasSubstr(dtype_name(dtype)), HasSubstr("cast()"));
    EXPECT_THAT(error_of([&] { add(x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { multiply(x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { scale(x, 2); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { matmul(x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { linear(x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { linear(x, x, in({2}, dtype)); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { sum(x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { mean(x, {0}); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { softmax(x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { softmax_steps(x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { softcap(x, 2); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { mask(x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { weighted_sum(x, x, x); }), names_type_and_cast);
    EXPECT_THAT(error_of([&] { gelu(x); }), names_type_and_cast);
  }
}

TEST_F(OpErrors, TypesAreNotMixed) {
  const Var x = in({2, 2}), y = in({2, 2}, DType::f64);
  EXPECT_EQ(error_of([&] { add(x, y); }),
            "add: expected all f32 or all f64, got f32, f64; convert with cast()");
  EXPECT_THAT(error_of([&] { linear(x, x, in({2}, DType::f64)); }), HasSubstr("f32, f32, f64"));
  EXPECT_EQ(error_of([&] { sum(in({1}, DType::f16)); }),
            "sum: expected f32 or f64, got f16; convert with cast()");
}

TEST_F(OpErrors, Shapes) {
  const auto says = [](const std::string& operation, const std::string& a, const std::string& b) {
    return AllOf(testing::StartsWith(operation + ": "), HasSubstr(a), HasSubstr(b));
  };
  const Var x = in({2, 3}), y = in({4, 5});
  EXPECT_THAT(error_of([&] { add(x, y); }), says("add", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { multiply(x, y); }), says("multiply", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { mask(x, y); }), says("mask", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { mask(in({3}), x); }), says("mask", "scores [3]", "[2, 3]"));
  EXPECT_THAT(error_of([&] { matmul(x, y); }), says("matmul", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { matmul(x, y, {.transpose_b = true}); }),
              says("matmul", "[2, 3] and", "[4, 5] transposed"));
  EXPECT_THAT(error_of([&] { matmul(in({3}), x); }), says("matmul", "[3]", "[2, 3]"));
  EXPECT_THAT(error_of([&] {
                matmul(in({2, 3, 3}), in({4, 3, 3}));
              }),
              says("matmul", "[2, 3, 3]", "broadcast"));
  EXPECT_THAT(error_of([&] { linear(x, y); }), says("linear", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { linear(in({}), y); }), says("linear", "[]", "[4, 5]"));
  EXPECT_THAT(error_of([&] { linear(x, in({1, 4, 3})); }), says("linear", "[2, 3]", "[1, 4, 3]"));
  EXPECT_THAT(error_of([&] { linear(x, in({4, 3}), in({3})); }), says("linear", "bias [4]", "[3]"));
  EXPECT_THAT(error_of([&] { weighted_sum(x, x, y); }), says("weighted_sum", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] {
                weighted_sum(x, in({1, 3}), in({3, 2}));
              }),
              says("weighted_sum", "scores [1, 3]", "shape of the pattern"));
  EXPECT_THAT(error_of([&] {
                weighted_sum(in({2, 2, 3}), in({2, 2, 3}), in({5, 3, 2}));
              }),
              says("weighted_sum", "[5, 3, 2]", "broadcast"));
  EXPECT_THAT(error_of([&] { concat(x, y, 0); }), says("concat", "[2, 3]", "[4, 5]"));
  EXPECT_THAT(error_of([&] {
                concat(x, in({2, 3, 1}), 0);
              }),
              says("concat", "[2, 3]", "[2, 3, 1]"));
  EXPECT_THAT(error_of([&] {
                concat(x, in({2, 3}, DType::f64), 0);
              }),
              says("concat", "f32", "f64"));
  EXPECT_THAT(error_of([&] { reshape(x, {4}); }), says("reshape", "[2, 3]", "[4]"));
  EXPECT_THAT(error_of([&] { permute(x, {0, 0}); }), says("permute", "[0, 0]", "[2, 3]"));
  EXPECT_THAT(error_of([&] { slice(x, 1, 2, 4); }), says("slice", "2 to 4", "[2, 3]"));
  EXPECT_THAT(error_of([&] { broadcast_to(x, {3}); }),
              AllOf(HasSubstr("[2, 3]"), HasSubstr("[3]")));
}

TEST_F(OpErrors, AxesAndNumbers) {
  const Var x = in({2, 3});
  EXPECT_THAT(error_of([&] { sum(x, {2}); }), HasSubstr("axis 2"));
  EXPECT_THAT(error_of([&] {
                sum(x, {0, -2});
              }),
              AllOf(HasSubstr("different axes"), HasSubstr("[0, -2]")));
  EXPECT_THAT(error_of([&] { softmax(x, -3); }), HasSubstr("axis -3"));
  EXPECT_THAT(error_of([&] { softmax(in({})); }), HasSubstr("scalar"));
  EXPECT_THAT(error_of([&] { softmax_steps(in({})); }), HasSubstr("scalar"));
  EXPECT_THAT(error_of([&] { transpose(x, 0, 5); }), HasSubstr("axis 5"));
  EXPECT_THAT(error_of([&] { permute(x, {0, 9}); }), HasSubstr("axis 9"));
  EXPECT_THAT(error_of([&] { concat(x, x, 2); }), HasSubstr("axis 2"));
  for (const double cap : {0.0, -1.0, kNan, kInfinity}) {
    EXPECT_THAT(error_of([&] { softcap(x, cap); }), HasSubstr("finite cap above 0"));
  }
}

TEST_F(OpErrors, AnOperandLeftOutOrOfAnotherTape) {
  const Var x = in({2, 2});
  EXPECT_THAT(error_of([&] { add(x, Var()); }), HasSubstr("there is none"));
  Tape other;
  EXPECT_THAT(error_of([&] {
                add(x, other.input("y", Tensor({2, 2})));
              }),
              HasSubstr("add: its operands lie on different tapes"));
}

}  // namespace
}  // namespace clearhead
