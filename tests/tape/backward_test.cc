// Tape::backward: how gradients flow, add up and are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clearhead/tape/tape.h"
#include "tests/tape/small_operations.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TapeBackward, GradientsOfAllWaysAddUp) {
  Tape tape;
  const Var a = tape.input("a", numbers({2, 3}));
  const Var b = tape.input("b", numbers({5, 7}));
  const Var square = times(a, a).named("square");
  tape.backward(total(times(square, b)));  // Σ a²·b
  EXPECT_THAT(numbers_of(a.grad()), ElementsAre(2 * 2 * 5, 2 * 3 * 7));
  EXPECT_THAT(numbers_of(b.grad()), ElementsAre(4, 9));
  EXPECT_THAT(numbers_of(tape["square"].grad()), ElementsAre(5, 7));
}

TEST(TapeBackward, ASecondWalkForgetsTheFirst) {
  Tape tape;
  const Var a = tape.input("a", numbers({2}));
  const Var y = total(times(a, a));
  tape.backward(y);
  const Tensor first = a.grad();
  tape.backward(y);
  EXPECT_EQ(a.grad().item(), 4);
  EXPECT_EQ(first.item(), 4);
  tape.backward(a, numbers({0.5}));
  EXPECT_EQ(a.grad().item(), 0.5);
}

TEST(TapeBackward, StartsFromAGivenGradient) {
  Tape tape(Keep::for_backward);
  const Var a = tape.input("a", numbers({2, 3}));
  const Var y = times(a, a);
  tape.backward(y, numbers({1, 10}));
  EXPECT_THAT(numbers_of(a.grad()), ElementsAre(4, 60));
  Tensor repeated = numbers({10});
  tape.backward(a, repeated.broadcast_to({2}));
  repeated.mutable_data<double>()[0] = 99;  // the caller's to change
  EXPECT_THAT(numbers_of(a.grad()), ElementsAre(10, 10));
  EXPECT_THAT(error_of([&] { tape.backward(y, numbers({1})); }),
              AllOf(HasSubstr("[2]"), HasSubstr("[1]")));
  EXPECT_THAT(error_of([&] {
                tape.backward(y, numbers({1, 2}).to(DType::f32));
              }),
              AllOf(HasSubstr("f64"), HasSubstr("f32")));
}

TEST(TapeBackward, WhatNothingDependsOnHasAGradientOfZeros) {
  for (const Keep keep : {Keep::for_backward, Keep::everything}) {
    Tape tape(keep);
    const Var a = tape.input("a", numbers({2, 3}));
    const Var b = tape.input("b", numbers({2, 3}));
    tape.backward(total(times(b, b)));
    EXPECT_THAT(numbers_of(a.grad()), ElementsAre(0, 0));
  }
}

TEST(TapeBackward, WhatComesAfterTheStartTakesNoPart) {
  Tape tape;
  const Var a = tape.input("a", numbers({2}));
  const Var y = total(a);
  const Var later = total(times(a, a));
  tape.backward(y);
  EXPECT_EQ(a.grad().item(), 1);
  EXPECT_EQ(later.grad().item(), 0);
}

TEST(TapeBackward, KeepForBackwardHoldsOnlyTheGradientsOfInputs) {
  Tape tape(Keep::for_backward);
  const Var a = tape.input("a", numbers({2}));
  const Var square = times(a, a).named("square");
  tape.backward(total(square));
  EXPECT_EQ(a.grad().item(), 4);
  EXPECT_THAT(error_of([&] { square.grad(); }),
              AllOf(HasSubstr("square"), HasSubstr("use Keep::everything")));
}

// 2x and 5x, as one operation; `calls` counts how often its backward runs.
std::vector<Var> twice_and_five_times(const Var& x, int& calls) {
  const double number = x.value().item();
  const std::vector<Tensor> values = {numbers({2 * number}), numbers({5 * number})};
  return x.tape().record("multiples", {x}, values, [&](RecordOfSeveral& op) {
    op.backward = [&calls](const std::vector<Tensor>& d_y, Gradients& gradients) {
      ++calls;
      double& d_x = *gradients.data<double>(0);
      if (d_y[0].defined()) d_x += 2 * d_y[0].item();
      if (d_y[1].defined()) d_x += 5 * d_y[1].item();
    };
    op.results[0].formula = "2·{0}";
    op.results[1].formula = "5·{0}";
  });
}

TEST(TapeBackward, AnOperationOfSeveralResultsGetsTheGradientsOfAll) {
  for (const Keep keep : {Keep::for_backward, Keep::everything}) {
    for (const bool first_is_used : {true, false}) {
      Tape tape(keep);
      const Var x = tape.input("x", numbers({3}));
      int calls = 0;
      const std::vector<Var> y = twice_and_five_times(x, calls);
      ASSERT_EQ(y.size(), 2U);
      EXPECT_EQ(y[0].value().item(), 6);
      EXPECT_EQ(y[1].formula(), "5·x");
      tape.backward(total(first_is_used ? times(y[0], y[1]) : y[1]));  // 10x², or 5x
      EXPECT_EQ(calls, 1);
      EXPECT_EQ(x.grad().item(), first_is_used ? 60 : 5);
      if (keep == Keep::for_backward) {
        EXPECT_THROW(y[0].grad(), Error);
        EXPECT_THROW(y[1].grad(), Error);
      } else {
        EXPECT_EQ(y[0].grad().item(), first_is_used ? 15 : 0);
        EXPECT_EQ(y[1].grad().item(), first_is_used ? 6 : 1);
      }
    }
  }
}

TEST(TapeBackward, SeveralResultsAreNotRecordedWhereNothingIsKept) {
  Tape tape(Keep::nothing);
  int calls = 0;
  const std::vector<Var> y = twice_and_five_times(tape.input("x", numbers({3})), calls);
  EXPECT_EQ(y[1].value().item(), 15);
  EXPECT_EQ(y[1].name(), "");
}

// The numbers lie column after column: [2, 3] of 10, 20, …, 60.
Tensor column_after_column() {
  return Tensor::of<double>({3, 2}, {10, 40, 20, 50, 30, 60}).transpose(0, 1);
}

// An operation that makes `d_x` the gradient of x, or adds 100 to each number of one that is there.
Var gives_back(const Var& x, const Tensor& d_x) {
  return x.tape().record("gives_back", {x}, x.value(), [&](Record& op) {
    op.backward = [d_x](const Tensor&, Gradients& gradients) {
      if (gradients.take(0, d_x)) return;
      for (std::int64_t i = 0; i < 6; ++i) gradients.data<double>(0)[i] += 100;
    };
  });
}

TEST(TapeBackward, AGradientMayBeTakenInAnyOrderOfItsNumbers) {
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", Tensor::of<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Tensor d = column_after_column();
  tape.backward(gives_back(x, d), Tensor({2, 3}, DType::f64));
  EXPECT_EQ(numbers_of(x.grad()), (std::vector<double>{10, 20, 30, 40, 50, 60}));
  EXPECT_TRUE(x.grad().is_contiguous());

  // To one that was taken, later ones are added in row-major order, and the first one stays as it
  // is.
  tape.backward(times(gives_back(x, d), gives_back(x, d)), Tensor({2, 3}, DType::f64));
  EXPECT_EQ(numbers_of(x.grad()), (std::vector<double>{110, 120, 130, 140, 150, 160}));
  EXPECT_EQ(numbers_of(d), (std::vector<double>{10, 20, 30, 40, 50, 60}));
}

TEST(TapeBackward, AGradientIsCalculatedWhereItIsWanted) {
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", numbers({1, 2}));
  const Var y = tape.record("twice", {x}, numbers({2, 4}), [](Record& op) {
    op.backward = [](const Tensor& d_y, Gradients& gradients) {
      Tensor d = gradients.place(0).defined() ? gradients.place(0) : numbers({0, 0});
      for (int i = 0; i < 2; ++i) d.mutable_data<double>()[i] = 2 * d_y.data<double>()[i];
      EXPECT_TRUE(gradients.take(0, d));
    };
  });
  const Tensor memory = numbers({0, 0});
  tape.place_gradient(x, memory);
  tape.backward(y, numbers({1, 10}));
  EXPECT_EQ(x.grad().address(), memory.address());
  EXPECT_EQ(numbers_of(memory), (std::vector<double>{2, 20}));
  tape.place_gradient(x, {});
  tape.backward(y, numbers({3, 3}));
  EXPECT_EQ(numbers_of(x.grad()), (std::vector<double>{6, 6}));
  EXPECT_EQ(numbers_of(memory), (std::vector<double>{2, 20}));

  expect_error([&] { tape.place_gradient(x, numbers({1})); },
               "the gradient of f64 of shape [2] cannot be calculated in f64 of [1]");
  expect_error([&] { tape.place_gradient(tape.input("c", numbers({1}), false), numbers({1})); },
               "takes no gradient");
}

TEST(TapeBackward, OnlyWhoSaysSoGetsAGradientInAnyOrder) {
  for (const bool any_strides : {false, true}) {
    for (const bool several : {false, true}) {
      Tape tape(Keep::for_backward);
      const Var x = tape.input("x", Tensor({2, 3}, DType::f64));
      std::vector<double> came;
      bool contiguous = false;
      const auto look = [&](const Tensor& d_y) {
        came = numbers_of(d_y);
        contiguous = d_y.is_contiguous();
      };
      Var y;
      if (several) {
        const std::vector<Tensor> result = {x.value()};
        y = tape.record("looks", {x}, result, [&](RecordOfSeveral& op) {
          op.backward = [&](const std::vector<Tensor>& d, Gradients&) { look(d[0]); };
        })[0];
      } else {
        y = tape.record("looks", {x}, x.value(), [&](Record& op) {
          op.any_strides = any_strides;
          op.backward = [&](const Tensor& d_y, Gradients&) { look(d_y); };
        });
      }
      tape.backward(gives_back(y, column_after_column()), Tensor({2, 3}, DType::f64));
      EXPECT_EQ(came, (std::vector<double>{10, 20, 30, 40, 50, 60}));
      EXPECT_EQ(contiguous, several || !any_strides);
    }
  }
}

TEST(TapeBackward, SeveralResultsOfWhatTakesNoGradientAreNotRecorded) {
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", numbers({3}), /*requires_grad=*/false);
  int calls = 0;
  const std::vector<Var> y = twice_and_five_times(x, calls);
  EXPECT_EQ(y[0].value().item(), 6);
  EXPECT_FALSE(y[0].needs_grad());
  EXPECT_EQ(tape.vars().size(), 1U);
}

TEST(TapeBackward, NoGradientFlowsToWhatWantsNone) {
  Tape tape;
  const Var a = tape.input("a", numbers({2}));
  const Var fixed = tape.input("fixed", numbers({3}), /*requires_grad=*/false);
  const Var whole = tape.input("whole", Tensor::of<std::int64_t>({1}, {1}));
  EXPECT_FALSE(whole.needs_grad());
  const Var y = total(times(a, fixed));
  EXPECT_THAT(error_of([&] { a.grad(); }), HasSubstr("call backward() first"));
  tape.backward(y);
  EXPECT_EQ(a.grad().item(), 3);
  EXPECT_THAT(error_of([&] { fixed.grad(); }), HasSubstr("fixed takes no gradient"));
  EXPECT_THAT(error_of([&] { tape.backward(total(fixed)); }), HasSubstr("depends on no input"));
}

TEST(TapeBackward, RefusesSeveralNumbersAndOtherTapes) {
  Tape tape, other;
  const Var a = tape.input("a", numbers({2, 3}));
  EXPECT_THAT(error_of([&] { tape.backward(a); }), AllOf(HasSubstr("[2]"), HasSubstr("sum()")));
  EXPECT_THAT(error_of([&] { other.backward(total(a)); }), HasSubstr("another tape"));
  EXPECT_THAT(error_of([&] {
                times(a, other.input("b", numbers({1, 2})));
              }),
              HasSubstr("different tapes"));
}

}  // namespace
}  // namespace clearhead
