// Tape::intervene: values changed on their way, by name, and what the record says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clearhead/tape/changing.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"
#include "tests/tape/small_operations.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Keep kAllKeeps[] = {Keep::nothing, Keep::for_backward, Keep::everything};

// x becomes `value`, on which no gradient depends.
Change constant(std::initializer_list<double> value) {
  const Tensor tensor = numbers(value);
  return [tensor](const Var& x) { return x.tape().input("constant", tensor, false); };
}

Change times_itself() {
  return [](const Var& x) { return times(x, x); };
}

TEST(Intervene, WhatFollowsIsCalculatedFromTheChangedValueWhateverIsKept) {
  for (const Keep keep : kAllKeeps) {
    Tape tape(keep);
    tape.intervene("y", constant({10}));
    const Var a = tape.input("a", numbers({3}));
    const Var y = times(a, a).named("y");
    EXPECT_EQ(y.value().item(), 10);
    EXPECT_EQ(times(y, a).value().item(), 30);
    EXPECT_THAT(tape.unmatched(), IsEmpty());
  }
}

TEST(Intervene, TheRecordSaysWhatItWasAndWhatMadeItOther) {
  Tape tape;
  tape.intervene("y", times_itself());
  const Var a = tape.input("a", numbers({3}));
  const Var y = times(a, a).named("y");
  EXPECT_EQ(tape["y"].value().item(), 81);
  EXPECT_EQ(tape["y_before"].value().item(), 9);
  EXPECT_EQ(y.kind(), "intervention");
  EXPECT_EQ(y.before().name(), "y_before");
  EXPECT_EQ(y.before().formula(), "a·a");
  EXPECT_EQ(y.formula(), "y_before·y_before");
  EXPECT_FALSE(a.before().defined());
  const Explanation e = explain(y, {0}, 2);
  EXPECT_EQ(e.name, "y");
  EXPECT_EQ(e.calculation, "9·9");
  EXPECT_EQ(e.operands[0]->name, "y_before");
  EXPECT_EQ(e.operands[0]->operands[0]->name, "a");
}

TEST(Intervene, AChangeMayAskWhatItChangesWhateverIsKept) {
  for (const Keep keep : kAllKeeps) {
    Tape tape(keep);
    std::vector<std::string> asked;
    tape.intervene("*.y*", [&](const Var& y) {
      asked.push_back(name_being_changed(y));
      return y;
    });
    const Tape::Scope scope = tape.scope("layer");
    const Var a = tape.input("a", numbers({3}));
    const Var y = times(times(a, a).named("y1"), a).named("y2");
    EXPECT_THAT(asked, ElementsAre("layer.y1", "layer.y2"));
    EXPECT_EQ(name_being_changed(y), "");
  }
}

TEST(Intervene, SeveralActInTheOrderGiven) {
  Tape tape;
  tape.intervene("y", constant({5}));
  tape.intervene("y", times_itself());
  const Var a = tape.input("a", numbers({3}));
  EXPECT_EQ(times(a, a).named("y").value().item(), 25);
  EXPECT_EQ(tape["y_before"].value().item(), 9);
  Tape other;
  other.intervene("y", times_itself());
  other.intervene("y", constant({5}));
  const Var b = other.input("a", numbers({3}));
  EXPECT_EQ(times(b, b).named("y").value().item(), 5);
}

TEST(Intervene, GradientsFlowAsTheChangeSays) {
  for (const Keep keep : {Keep::for_backward, Keep::everything}) {
    const auto gradient_of_a = [&](const Change& change) {
      Tape tape(keep);
      tape.intervene("y", change);
      const Var a = tape.input("a", numbers({3}));
      tape.backward(total(times(times(a, a).named("y"), a)));
      return a.grad().item();
    };
    EXPECT_EQ(gradient_of_a(constant({10})), 10);                  // 10·a
    EXPECT_EQ(gradient_of_a(times_itself()), 5 * 81);              // a⁴·a
    EXPECT_EQ(gradient_of_a([](const Var& x) { return x; }), 27);  // a²·a
  }
}

TEST(Intervene, ActsOnInputsAndOnThoseThatAreShared) {
  for (const Keep keep : kAllKeeps) {
    Tape tape(keep);
    tape.intervene("a", constant({7}));
    tape.intervene("W", times_itself());
    EXPECT_EQ(tape.input("a", numbers({3})).value().item(), 7);
    const Tensor w = numbers({2});
    const auto scope = tape.scope("blocks.0");
    for (int again = 0; again < 2; ++again) {
      const Var shared = tape.shared_input("W", w);
      EXPECT_EQ(shared.value().item(), 4);
    }
    if (keep == Keep::nothing) continue;
    tape.backward(total(tape.shared_input("W", w)));  // w²
    EXPECT_EQ(tape.find_shared(w).grad().item(), 4);
  }
}

TEST(Intervene, AStarStandsForAnyText) {
  const auto is_matched = [](const char* pattern, const char* name) {
    Tape tape(Keep::nothing);
    tape.intervene(pattern, times_itself());
    const auto scope = tape.scope("blocks.10.attn");
    static_cast<void>(tape.input(name, numbers({1})));
    return tape.unmatched().empty();
  };
  EXPECT_TRUE(is_matched("blocks.10.attn.hook_z", "hook_z"));
  EXPECT_TRUE(is_matched("blocks.*.attn.hook_z", "hook_z"));
  EXPECT_TRUE(is_matched("*hook_z", "hook_z"));
  EXPECT_TRUE(is_matched("*", "hook_z"));
  EXPECT_TRUE(is_matched("b*1*.a*z", "hook_z"));
  EXPECT_TRUE(is_matched("blocks.10.attn.hook_z*", "hook_z"));
  EXPECT_FALSE(is_matched("hook_z", "hook_z"));
  EXPECT_FALSE(is_matched("blocks.1.attn.hook_z", "hook_z"));
  EXPECT_FALSE(is_matched("blocks.*.attn.hook_z", "hook_zz"));
  EXPECT_FALSE(is_matched("*.mlp.*", "hook_z"));
  EXPECT_FALSE(is_matched("", "hook_z"));
}

TEST(Intervene, TellsWhichPatternsNothingHasMatched) {
  Tape tape;
  tape.intervene("y", times_itself());
  tape.intervene("hook_pattren", times_itself());
  const Var a = tape.input("a", numbers({3}));
  EXPECT_THAT(tape.unmatched(), ElementsAre("y", "hook_pattren"));
  static_cast<void>(times(a, a).named("y"));
  EXPECT_THAT(tape.unmatched(), ElementsAre("hook_pattren"));
}

TEST(Intervene, DoesNotActOnWhatItNamesItself) {
  Tape tape;
  tape.intervene("*", [](const Var& x) { return times(x, x).named("square"); });
  EXPECT_EQ(tape.input("a", numbers({3})).value().item(), 9);
}

TEST(Intervene, TheSameNameAgainChangesNothing) {
  Tape tape;
  tape.intervene("y", times_itself());
  const Var y = tape.input("a", numbers({3})).named("y");
  EXPECT_EQ(y.named("y").value().item(), 9);
}

TEST(Intervene, SaysWhichOperationsMustGoStepByStep) {
  for (const Keep keep : kAllKeeps) {
    Tape tape(keep);
    EXPECT_EQ(tape.looks_into({"hook_pre"}), keep == Keep::everything);
    tape.intervene("mlp.hook_p*", times_itself());
    EXPECT_EQ(tape.looks_into({"hook_pre"}), keep == Keep::everything);
    const auto scope = tape.scope("mlp");
    EXPECT_TRUE(tape.looks_into({"hook_x", "hook_pre"}));
    EXPECT_EQ(tape.intervention_on({"hook_x", "hook_pre"}), "mlp.hook_p*");
    EXPECT_EQ(tape.intervention_on({"hook_x"}), "");
  }
}

TEST(Intervene, RefusesWhatWouldHaveNoEffect) {
  for (const Keep keep : kAllKeeps) {
    Tape tape(keep);
    tape.intervene("ln1.hook_scale", times_itself());
    const Var a = tape.input("a", numbers({3}));
    const auto scope = tape.scope("ln1");
    EXPECT_THAT(error_of([&] { a.shown_as("hook_scale"); }),
                AllOf(HasSubstr("ln1.hook_scale"), HasSubstr("only shown")));
    a.shown_as("hook_mean");
    Var().shown_as("hook_scale");  // a view that is not recorded
  }
}

TEST(Intervene, TakesOnlyAValueOfTheSameKind) {
  Tape tape, other;
  tape.intervene("wide", constant({1, 2}));
  tape.intervene("none", [](const Var&) { return Var(); });
  tape.intervene("elsewhere", [&](const Var&) { return other.input("b", numbers({1})); });
  const Var a = tape.input("a", numbers({3}));
  EXPECT_THAT(error_of([&] { static_cast<void>(a.named("wide")); }),
              AllOf(HasSubstr("intervention on wide"), HasSubstr("[1]"), HasSubstr("[2]")));
  EXPECT_THAT(error_of([&] { static_cast<void>(a.named("none")); }), HasSubstr("gave no value"));
  EXPECT_THAT(error_of([&] { static_cast<void>(a.named("elsewhere")); }),
              HasSubstr("different tapes"));
  EXPECT_EQ(times(a, a).named("y").value().item(), 9);  // and goes on
}

}  // namespace
}  // namespace clearhead
