// Tape and Var: what is recorded under which name, and how long it lives.
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
      EXPECT_EQ(times(a, a).named("hook_z").name(), "blocks.0.attn.hook_z");
    }
    EXPECT_EQ(tape.input("x", numbers({1})).name(), "blocks.0.x");
  }
  EXPECT_EQ(times(a, a).named("y").name(), "y");
  EXPECT_EQ(tape["blocks.0.attn.hook_z"].value().item(), 1);
}

TEST(TapeNames, GivingANameReplacesTheAutomaticOne) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  EXPECT_EQ(times(a, a).named("y").name(), "y");
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
  times(z, z).named("y").shown_as("alias");
  times(z, z).shown_as("a");
  EXPECT_THAT(tape.names(), testing::ElementsAre("z", "alias", "y", "a"));
}

TEST(TapeNames, TheSameNameAgainChangesNothing) {
  Tape tape;
  const Var a = tape.input("a", numbers({1}));
  times(a, a).named("y").shown_as("y");
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
  y.shown_as("y");
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
  EXPECT_EQ(times(q, k).input(1).name(), "blocks.0.attn.{0}");
  EXPECT_FALSE(times(q, k).input(2).defined());
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
  times(b, a).shown_as("c");
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
  EXPECT_FALSE(y.input(0).defined());
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
  return x.tape().record("watched", {x}, watched.tensor(),
                         [](Record& op) { op.backward = [](const Tensor&, Gradients&) {}; });
}

TEST(TapeKeep, InKeepForBackwardAValueThatBackwardDoesNotHoldDiesWithItsLastVar) {
  Tape tape(Keep::for_backward);
  const Var a = tape.input("a", numbers({1}));
  Watched free, held;
  watched_result(a, free).shown_as("free");
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
  EXPECT_FALSE(z.input(0).defined());
  EXPECT_THAT(error_of([&] { tape.backward(y); }), HasSubstr("depends on no input"));
}

TEST(TapeKeep, InKeepEverythingEveryValueLivesAsLongAsTheTape) {
  Watched watched;
  {
    Tape tape(Keep::everything);
    watched_result(tape.input("a", numbers({1})), watched).shown_as("y");
    EXPECT_FALSE(watched.watch.expired());
    EXPECT_EQ(tape["y"].value().item(), 3);
  }
  EXPECT_TRUE(watched.watch.expired());
}

TEST(TapeKeep, AnOperationIsDescribedOnlyWhereItIsRecorded) {
  for (const Keep keep : {Keep::nothing, Keep::for_backward, Keep::everything}) {
    Tape tape(keep);
    const Var learned = tape.input("learned", numbers({1}));
    const Var given = tape.input("given", numbers({1}), /*requires_grad=*/false);
    int described = 0;
    const auto describe = [&](Record&) { ++described; };
    tape.record("one", {learned}, numbers({2}), describe);
    EXPECT_EQ(described, keep == Keep::nothing ? 0 : 1);
    described = 0;
    tape.record("one", {given}, numbers({2}), describe);
    EXPECT_EQ(described, keep == Keep::everything ? 1 : 0);
  }
}

TEST(TapeKeep, AComputedViewIsRecordedOnlyWhereEverythingIsKept) {
  for (const Keep keep : {Keep::nothing, Keep::for_backward}) {
    Tape tape(keep);
    EXPECT_FALSE(tens(tape, 4).defined());
  }
}

TEST(TapeKeep, OperandsMayBeLeftOutButNotLieOnAnotherTape) {
  for (const Keep keep : {Keep::nothing, Keep::for_backward, Keep::everything}) {
    Tape tape(keep), other;
    const Var a = tape.input("a", numbers({2})), b = other.input("b", numbers({3})), none;
    EXPECT_THAT(error_of([&] { times(a, b); }), HasSubstr("times: its operands lie on different"));
    const Var y = tape.record("maybe", {none, a}, numbers({4}), [](Record& op) {
      op.backward = [](const Tensor& d, Gradients& gradients) {
        EXPECT_FALSE(gradients.wanted(0));
        gradients.data<double>(1)[0] += 2 * d.item();
      };
    });
    EXPECT_FALSE(y.input(0).defined());
    EXPECT_EQ(y.input(1).defined(), keep != Keep::nothing);
    EXPECT_FALSE(y.input(2).defined());
    if (keep == Keep::nothing) continue;
    tape.backward(y);
    EXPECT_EQ(a.grad().item(), 2);
  }
}

// --- What lives how long

TEST(TapeLife, AVarKeepsItsTape) {
  for (const Keep keep : {Keep::nothing, Keep::for_backward, Keep::everything}) {
    Var y;
    {
      Tape tape(keep);
      const Var a = tape.input("a", numbers({3}));
      y = times(a, a).named("y");
    }
    EXPECT_EQ(y.value().item(), 9);
    EXPECT_EQ(times(y, y).value().item(), 81);
    if (keep == Keep::nothing) continue;
    EXPECT_EQ(y.formula(), "a·a");
    y.tape().backward(y);
    EXPECT_EQ(y.tape()["a"].grad().item(), 6);
  }
}

TEST(TapeLife, ACopyOfATapeIsTheSameRecording) {
  Tape tape;
  Tape copy = tape;
  const Var a = copy.input("a", numbers({3}));
  EXPECT_EQ(tape["a"].value().item(), 3);
  EXPECT_EQ(times(a, tape["a"]).value().item(), 9);
}

TEST(TapeLife, ARecordingDiesWithTheLastThatHoldsIt) {
  Watched watched;
  {
    Var y;
    {
      Tape tape;
      const Var a = tape.input("a", numbers({1}));
      y = times(watched_result(a, watched), a).named("y");
      explain(y, {0}, -1);
      y.tape().backward(y);
    }
    EXPECT_FALSE(watched.watch.expired());
  }
  EXPECT_TRUE(watched.watch.expired());
}

TEST(TapeLife, LookingForASharedInputAddsNothing) {
  Tape tape;
  const Tensor known = numbers({1}), unknown = numbers({2});
  const Var shared = tape.shared_input("known", known);
  EXPECT_EQ(tape.find_shared(known).name(), "known");
  EXPECT_FALSE(tape.find_shared(unknown).defined());
  EXPECT_EQ(tape.vars().size(), 1U);
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
  EXPECT_THAT(error_of([&] { tape.input("x", Tensor()); }), HasSubstr("x: there is no tensor"));
}

TEST(Var, GivesTiles) {
  Tape tape;
  const Var a = tape.input("a", Tensor::of<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(numbers_of(a.tile({0, 1}, {2, 3})), ElementsAre(2, 3, 5, 6));
  EXPECT_TRUE(a.tile({0, 1}, {2, 3}).is_contiguous());
  EXPECT_EQ(a.tile({1, 1}, {1, 2}).shape(), (Shape{0, 1}));
  EXPECT_THAT(error_of([&] { a.tile({0, 0}, {2, 4}); }), HasSubstr("[2, 4]"));
  EXPECT_THAT(error_of([&] { a.tile({0}, {2}); }), HasSubstr("[2, 3]"));
  EXPECT_THAT(error_of([&] { a.tile({0, 2}, {2, 1}); }), HasSubstr("does not lie"));
}

TEST(Var, AComputedViewIsCalculatedWhenAskedFor) {
  Tape tape;
  const Var view = tens(tape, 4);
  EXPECT_THAT(numbers_of(view.value()), ElementsAre(0, 10, 20, 30));
  EXPECT_THAT(numbers_of(view.tile({1}, {3})), ElementsAre(10, 20));
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
