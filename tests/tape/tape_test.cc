// Tape and Var: what is recorded under which name, how long it lives, how gradients flow.
#include "clearhead/tape/tape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "clearhead/base/error.h"
#include "tests/tape/small_operations.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> values(const Tensor& tensor) {
  const Tensor dense = tensor.contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.count()};
}

template <typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

// A tensor whose memory tells when it is freed.
struct Watched {
  std::shared_ptr<double> memory = std::make_shared<double>(3.0);
  std::weak_ptr<double> watch = memory;
  Tensor tensor() {  // the only owner from then on
    const double* data = memory.get();
    return Tensor::view_of(data, {1}, DType::f64, std::move(memory));
  }
};

// --- Names

TEST(TapeNames, AnInputHasItsNameAndAnOperationAnAutomaticOne) {
  Tape tape;
  const Var a = tape.input("a", numbers({1, 2}));
  const Var y = times(a, a);
  EXPECT_EQ(a.name(), "a");
  EXPECT_EQ(a.kind(), "input");
  EXPECT_EQ(a.formula(), "input");
  EXPECT_EQ(y.name(), "times_1");
  EXPECT_EQ(y.kind(), "times");
  EXPECT_EQ(tape["times_1"].value().at({1}), 4);
}

TEST(TapeNames, ScopesNestAndEnd) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  {
    const auto block = tape.scope("blocks.0");
    {
      const auto attn = tape.scope("attn");
      times(a, a).named("hook_z");
    }
    EXPECT_EQ(tape.input("x", numbers({1})).name(), "blocks.0.x");
  }
  EXPECT_EQ(times(a, a).named("y").name(), "y");
  EXPECT_EQ(tape["blocks.0.attn.hook_z"].value().item(), 1);
}

TEST(TapeNames, GivingANameReplacesTheAutomaticOne) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  times(a, a).named("y");
  EXPECT_TRUE(tape.contains("y"));
  EXPECT_FALSE(tape.contains("times_1"));
}

TEST(TapeNames, ASecondNameIsAnAlias) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  const Var y = times(a, a).named("first").named("second");
  EXPECT_EQ(y.name(), "first");
  EXPECT_EQ(tape["second"].name(), "first");
}

TEST(TapeNames, AllNamesInTheOrderOfRecording) {
  Tape tape;
  const Var z = tape.input("z", numbers({1}));
  times(z, z).named("y").named("alias");
  times(z, z).named("a");
  EXPECT_THAT(tape.names(), testing::ElementsAre("z", "alias", "y", "a"));
}

TEST(TapeNames, TheSameNameAgainChangesNothing) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  times(a, a).named("y").named("y");
  EXPECT_FALSE(tape.contains("y#2"));
}

TEST(TapeNames, ATakenNameIsNumbered) {
  Tape tape;
  EXPECT_EQ(tape.input("a", numbers({1})).name(), "a");
  EXPECT_EQ(tape.input("a", numbers({2})).name(), "a#2");
  EXPECT_EQ(tape.input("a", numbers({3})).name(), "a#3");
  EXPECT_EQ(tape["a#2"].value().item(), 2);
}

TEST(TapeNames, AnAutomaticNameNeverHidesAGivenOne) {
  Tape tape;
  const Var a = tape.input("times_1", numbers({5}));
  const Var y = times(a, a);  // would be times_1
  EXPECT_EQ(y.name(), "times_1#2");
  y.named("y");
  EXPECT_EQ(tape["times_1"].value().item(), 5);
}

TEST(TapeNames, ANameStaysWhereItIsWhileOthersAreRecorded) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  const std::string& name = tape["a"].name();
  const Shape& shape = tape["a"].shape();
  for (int i = 0; i < 1000; ++i) times(a, a);
  EXPECT_EQ(&name, &a.name());
  EXPECT_EQ(&shape, &a.shape());
}

TEST(TapeNames, AnUnknownNameGivesCloseOnes) {
  Tape tape;
  tape.input("attn.hook_pattern", numbers({1}));
  tape.input("attn.hook_q", numbers({1}));
  tape.input("embed", numbers({1}));
  tape.input("something quite different", numbers({1}));
  EXPECT_THAT(error_of([&] { tape["attn.hook_patern"]; }),
              AllOf(HasSubstr("\"attn.hook_patern\""),
                    HasSubstr("those most like it: attn.hook_pattern, attn.hook_q, embed")));
  EXPECT_THAT(error_of([] { Tape()["x"]; }), HasSubstr("no value named \"x\""));
}

TEST(TapeNames, AFormulaNamesItsOperandsWithoutPathAndPrefix) {
  Tape tape;
  const auto scope = tape.scope("blocks.0.attn");
  const Var q = tape.input("hook_q", numbers({1}));
  const Var k = tape.input("{0}", numbers({1}));  // a name is not a place to fill in
  EXPECT_EQ(times(q, k).formula(), "q·{0}");
  EXPECT_EQ(times(times(q, k), q).formula(), "times_3·q");
  EXPECT_THAT(times(q, k).inputs(), testing::SizeIs(2));
  EXPECT_EQ(times(q, k).inputs()[1].name(), "blocks.0.attn.{0}");
}

TEST(TapeNames, AFormulaLooksThroughMovesWithoutAName) {
  Tape tape;
  const Var q = tape.input("q", numbers({1, 2}));
  const Var k = tape.input("k", numbers({3, 4}));
  EXPECT_EQ(reversed(q).formula(), "q reversed");
  EXPECT_EQ(times(reversed(reversed(q)), k).formula(), "q·k");
  EXPECT_EQ(times(reversed(q).named("back"), k).formula(), "back·k");
  EXPECT_EQ(reversed(reversed(times(q, k))).named("scores").formula(), "q·k");
  EXPECT_EQ(reversed(times(q, k).named("product")).formula(), "product reversed");
}

TEST(TapeNames, VarsComeInTheOrderOfTheRecording) {
  Tape tape;
  const Var b = tape.input("b", numbers({1}));
  const Var a = tape.input("a", numbers({1}));
  times(b, a).named("c");
  std::vector<std::string> names;
  for (const Var& var : tape.vars()) names.push_back(var.name());
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
}

// --- What is kept

TEST(TapeKeep, NothingIsRecordedInKeepNothing) {
  Tape tape(Keep::nothing);
  const Var a = tape.input("a", numbers({2}));
  const Var y = times(a, a).named("y");
  EXPECT_EQ(y.value().item(), 4);
  EXPECT_EQ(y.shape(), Shape{1});
  EXPECT_EQ(y.dtype(), DType::f64);
  EXPECT_EQ(y.name(), "");
  EXPECT_EQ(y.kind(), "");
  EXPECT_EQ(y.formula(), "");
  EXPECT_FALSE(y.needs_grad());
  EXPECT_TRUE(y.inputs().empty());
  EXPECT_TRUE(tape.vars().empty());
  EXPECT_FALSE(tape.contains("y"));
  EXPECT_THAT(error_of([&] { tape.backward(y); }), HasSubstr("use Keep::for_backward"));
}

TEST(TapeKeep, InKeepNothingAValueDiesWithItsLastVar) {
  Tape tape(Keep::nothing);
  Watched input;
  std::weak_ptr<double> watch = input.watch;
  {
    const Var a = tape.input("a", input.tensor());
    const Var y = times(a, a);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

// The result of an operation that gives watched memory, with a backward that does not hold it.
Var watched_result(const Var& x, Watched& watched) {
  Operation op{.kind = "watched", .inputs = {x}, .value = watched.tensor()};
  op.backward = [](const Tensor&, Gradients&) {};
  return x.tape().record(std::move(op));
}

TEST(TapeKeep, InKeepForBackwardAValueThatBackwardDoesNotHoldDiesWithItsLastVar) {
  Tape tape(Keep::for_backward);
  const Var a = tape.input("a", numbers({1}));
  Watched free, held;
  watched_result(a, free).named("free");
  times(a, watched_result(a, held));  // holds both factors
  EXPECT_TRUE(free.watch.expired());
  EXPECT_FALSE(held.watch.expired());
  EXPECT_EQ(tape["free"].shape(), Shape{1});
  EXPECT_EQ(tape["free"].dtype(), DType::f64);
  EXPECT_THAT(error_of([&] { tape["free"].value(); }),
              AllOf(HasSubstr("free"), HasSubstr("Keep::everything")));
  EXPECT_EQ(tape["a"].value().item(), 1);
}

TEST(TapeKeep, InKeepForBackwardWhatTakesNoGradientIsNotRecorded) {
  Tape tape(Keep::for_backward);
  const Var a = tape.input("a", numbers({1}), /*requires_grad=*/false);
  const Var y = times(a, a);
  EXPECT_FALSE(y.needs_grad());
  EXPECT_EQ(y.name(), "");
  const Var b = tape.input("b", numbers({1}));
  const Var z = times(y, b);
  EXPECT_EQ(z.formula(), "?·b");
  EXPECT_FALSE(z.inputs()[0].defined());
  EXPECT_THAT(error_of([&] { tape.backward(y); }), HasSubstr("depends on no input"));
}

TEST(TapeKeep, InKeepEverythingEveryValueLivesAsLongAsTheTape) {
  Watched watched;
  {
    Tape tape(Keep::everything);
    watched_result(tape.input("a", numbers({1})), watched).named("y");
    EXPECT_FALSE(watched.watch.expired());
    EXPECT_EQ(tape["y"].value().item(), 3);
  }
  EXPECT_TRUE(watched.watch.expired());
}

// --- Gradients

TEST(TapeBackward, GradientsOfAllWaysAddUp) {
  Tape tape;
  const Var a = tape.input("a", numbers({2, 3}));
  const Var b = tape.input("b", numbers({5, 7}));
  const Var square = times(a, a).named("square");
  tape.backward(total(times(square, b)));  // Σ a²·b
  EXPECT_THAT(values(a.grad()), ElementsAre(2 * 2 * 5, 2 * 3 * 7));
  EXPECT_THAT(values(b.grad()), ElementsAre(4, 9));
  EXPECT_THAT(values(tape["square"].grad()), ElementsAre(5, 7));
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
  EXPECT_THAT(values(a.grad()), ElementsAre(4, 60));
  Tensor repeated = numbers({10});
  tape.backward(a, repeated.broadcast_to({2}));
  repeated.mutable_data<double>()[0] = 99;  // the caller's to change
  EXPECT_THAT(values(a.grad()), ElementsAre(10, 10));
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
    EXPECT_THAT(values(a.grad()), ElementsAre(0, 0));
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

TEST(TapeBackward, AnOperationOfSeveralResultsGetsTheGradientsOfAll) {
  for (const bool first_is_used : {true, false}) {
    Tape tape(Keep::for_backward);
    const Var x = tape.input("x", numbers({3}));
    int calls = 0;
    const std::vector<Var> y = tape.record_several(  // 2x and 5x
        "twice_and_five_times", {x}, {numbers({6}), numbers({15})},
        [&](const std::vector<Tensor>& d_y, Gradients& gradients) {
          ++calls;
          double& d_x = *gradients.data<double>(0);
          if (d_y[0].defined()) d_x += 2 * d_y[0].item();
          if (d_y[1].defined()) d_x += 5 * d_y[1].item();
        });
    ASSERT_EQ(y.size(), 2U);
    tape.backward(total(first_is_used ? times(y[0], y[1]) : y[1]));  // 10x², or 5x
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(x.grad().item(), first_is_used ? 60 : 5);
    EXPECT_THROW(y[0].grad(), Error);
    EXPECT_THROW(y[1].grad(), Error);
  }
}

// The numbers lie column after column: [2, 3] of 10, 20, …, 60.
Tensor column_after_column() {
  return Tensor::of<double>({3, 2}, {10, 40, 20, 50, 30, 60}).transpose(0, 1);
}

// An operation that makes `d_x` the gradient of x, or adds 100 to each number of one that is there.
Var gives_back(const Var& x, const Tensor& d_x) {
  Operation op{.kind = "gives_back", .inputs = {x}, .value = x.value()};
  op.backward = [d_x](const Tensor&, Gradients& gradients) {
    if (gradients.take(0, d_x)) return;
    for (std::int64_t i = 0; i < 6; ++i) gradients.data<double>(0)[i] += 100;
  };
  return x.tape().record(std::move(op));
}

TEST(TapeBackward, AGradientMayBeTakenInAnyOrderOfItsNumbers) {
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", Tensor::of<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Tensor d = column_after_column();
  tape.backward(gives_back(x, d), Tensor({2, 3}, DType::f64));
  EXPECT_EQ(values(x.grad()), (std::vector<double>{10, 20, 30, 40, 50, 60}));
  EXPECT_TRUE(x.grad().is_contiguous());

  // To one that was taken, later ones are added in row-major order, and the first one stays as it is.
  tape.backward(times(gives_back(x, d), gives_back(x, d)), Tensor({2, 3}, DType::f64));
  EXPECT_EQ(values(x.grad()), (std::vector<double>{110, 120, 130, 140, 150, 160}));
  EXPECT_EQ(values(d), (std::vector<double>{10, 20, 30, 40, 50, 60}));
}

TEST(TapeBackward, OnlyWhoSaysSoGetsAGradientInAnyOrder) {
  for (const bool any_strides : {false, true}) {
    for (const bool several : {false, true}) {
      Tape tape(Keep::for_backward);
      const Var x = tape.input("x", Tensor({2, 3}, DType::f64));
      std::vector<double> came;
      bool contiguous = false;
      const auto look = [&](const Tensor& d_y) {
        came = values(d_y);
        contiguous = d_y.is_contiguous();
      };
      Var y;
      if (several) {
        y = tape.record_several("looks", {x}, {x.value()},
                                [&](const std::vector<Tensor>& d, Gradients&) { look(d[0]); })[0];
      } else {
        Operation op{.kind = "looks", .inputs = {x}, .value = x.value()};
        op.any_strides = any_strides;
        op.backward = [&](const Tensor& d_y, Gradients&) { look(d_y); };
        y = tape.record(std::move(op));
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
  const std::vector<Var> y = tape.record_several("same", {x}, {numbers({3})}, {});
  EXPECT_EQ(y[0].value().item(), 3);
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

// --- Var

TEST(Var, WithoutAValueSaysSo) {
  const Var none;
  EXPECT_FALSE(none.defined());
  EXPECT_FALSE(none.needs_grad());
  EXPECT_THAT(error_of([&] { none.shape(); }), HasSubstr("optional operand was left out"));
  EXPECT_THAT(error_of([&] { none.dtype(); }), HasSubstr("optional operand was left out"));
  EXPECT_THAT(error_of([&] { none.value(); }), HasSubstr("optional operand was left out"));
  Tape tape;
  EXPECT_THAT(error_of([&] { tape.record({.kind = "nope", .inputs = {none}}); }),
              HasSubstr("nope: expected an operand"));
  EXPECT_THAT(error_of([&] { tape.input("x", Tensor()); }), HasSubstr("x: there is no tensor"));
}

TEST(Var, GivesTiles) {
  Tape tape;
  const Var a = tape.input("a", Tensor::of<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(values(a.tile({0, 1}, {2, 3})), ElementsAre(2, 3, 5, 6));
  EXPECT_TRUE(a.tile({0, 1}, {2, 3}).is_contiguous());
  EXPECT_EQ(a.tile({1, 1}, {1, 2}).shape(), (Shape{0, 1}));
  EXPECT_THAT(error_of([&] { a.tile({0, 0}, {2, 4}); }), HasSubstr("[2, 4]"));
  EXPECT_THAT(error_of([&] { a.tile({0}, {2}); }), HasSubstr("[2, 3]"));
  EXPECT_THAT(error_of([&] { a.tile({0, 2}, {2, 1}); }), HasSubstr("does not lie"));
}

TEST(Var, AComputedViewIsCalculatedWhenAskedFor) {
  Tape tape;
  const Var view = tens(tape, 4);
  EXPECT_THAT(values(view.value()), ElementsAre(0, 10, 20, 30));
  EXPECT_THAT(values(view.tile({1}, {3})), ElementsAre(10, 20));
  EXPECT_EQ(view.shape(), Shape{4});
  EXPECT_EQ(view.dtype(), DType::f64);
  EXPECT_EQ(tape["tens_0"].value().at({2}), 20);
}

TEST(Var, AComputedViewOfManyBytesIsGivenOnlyInTiles) {
  Tape tape;
  const Var view = tens(tape, (std::int64_t{4} << 30) / 8 + 1);
  EXPECT_THAT(error_of([&] { view.value(); }),
              AllOf(HasSubstr("4294967304 bytes"), HasSubstr("tile()")));
  EXPECT_EQ(view.tile({536870912}, {536870913}).item(), 5368709120.0);
}

}  // namespace
}  // namespace clearhead
