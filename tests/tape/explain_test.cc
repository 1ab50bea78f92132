// explain: each number with its formula, its operands and theirs.
#include "clearhead/tape/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/base/error.h"
#include "tests/tape/small_operations.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Example {
  Tape tape;
  Var a = tape.input("a", numbers({2, -3}));
  Var b = tape.input("b", numbers({0.5, 4}));
  Var product = times(a, b).named("product");
  Var sum = total(product).named("sum");
};

TEST(Explain, OneLevel) {
  Example x;
  const Explanation e = explain(x.product, {1});
  EXPECT_EQ(e.name, "product");
  EXPECT_EQ(e.index, Index{1});
  EXPECT_EQ(e.value, -12);
  EXPECT_EQ(e.formula, "a·b");
  EXPECT_EQ(e.calculation, "(-3)·4");
  EXPECT_EQ(e.recalculated, -12);
  ASSERT_THAT(e.operands, SizeIs(2));
  EXPECT_EQ(e.operands[0]->name, "a");
  EXPECT_EQ(e.operands[0]->index, Index{1});
  EXPECT_EQ(e.operands[0]->value, -3);
  EXPECT_EQ(e.operands[0]->formula, "input");
}

TEST(Explain, GoesAsDeepAsAsked) {
  Example x;
  EXPECT_THAT(explain(x.sum, {}, 0).operands, IsEmpty());
  EXPECT_EQ(explain(x.sum, {}, 0).value, -11);
  EXPECT_THAT(explain(x.sum, {}, 1).operands, SizeIs(2));
  EXPECT_THAT(explain(x.sum, {}, 1).operands[0]->operands, IsEmpty());
  EXPECT_THAT(explain(x.sum, {}, 2).operands[0]->operands, SizeIs(2));
  EXPECT_THAT(explain(x.sum, {}, -1).operands[1]->operands, SizeIs(2));
}

TEST(Explain, LooksThroughMovesWithoutAName) {
  Tape tape;
  const Var a = tape.input("a", numbers({2, -3, 5}));
  const Var b = tape.input("b", numbers({7, 11, 13}));
  const Var moved = reversed(times(reversed(a), b)).named("moved");  // [2·13, −3·11, 5·7]
  const Explanation e = explain(moved, {0});
  EXPECT_EQ(e.name, "moved");
  EXPECT_EQ(e.index, Index{0});
  EXPECT_EQ(e.value, 26);
  EXPECT_EQ(e.formula, "a·b");
  EXPECT_EQ(e.calculation, "2·13");
  ASSERT_THAT(e.operands, SizeIs(2));
  EXPECT_EQ(e.operands[0]->name, "a");
  EXPECT_EQ(e.operands[0]->index, Index{0});
  EXPECT_EQ(e.operands[1]->name, "b");
  EXPECT_EQ(e.operands[1]->index, Index{2});
  EXPECT_EQ(explain(reversed(a), {0}).operands[0]->index, Index{2});
}

TEST(Explain, NumbersThatOccurOftenAreSharedNotCopied) {
  // Doubling 200 times over leads to the input by 2^200 ways.
  Tape tape;
  Var y = tape.input("a", numbers({1}));
  for (int i = 0; i < 200; ++i) y = times(y, y);
  const Explanation e = explain(y, {0}, -1);
  EXPECT_EQ(e.operands[0], e.operands[1]);
  const std::string text = to_string(e);
  EXPECT_THAT(text, HasSubstr("times_199[0] = 1  (see above)"));
  EXPECT_THAT(text, HasSubstr("a[0] = 1  (input)"));
  // Ways of different length lead to the same explanation too.
  Example x;
  const Explanation longer = explain(times(x.product, x.a), {0}, -1);
  EXPECT_EQ(longer.operands[1], longer.operands[0]->operands[0]);
}

TEST(Explain, AsText) {
  Example x;
  EXPECT_EQ(to_string(explain(x.sum, {}, -1)),
            "sum[] = -11\n"
            "  = Σ product\n"
            "  = the sum\n"
            "  product[0] = 1\n"
            "    = a·b\n"
            "    = 2·0.5\n"
            "    a[0] = 2  (input)\n"
            "    b[0] = 0.5  (input)\n"
            "  product[1] = -12\n"
            "    = a·b\n"
            "    = (-3)·4\n"
            "    a[1] = -3  (input)\n"
            "    b[1] = 4  (input)\n");
  EXPECT_EQ(to_string(explain(x.sum, {}, 0)), "sum[] = -11\n");
}

TEST(Explain, SaysWhatANumberIsAbout) {
  Example x;
  const auto about = [](const Explanation& number) {
    return number.name == "product" ? " of token " + std::to_string(number.index[0]) : "";
  };
  EXPECT_EQ(to_string(explain(x.sum, {}), 16, about),
            "sum[] = -11\n"
            "  = Σ product\n"
            "  = the sum\n"
            "  product[0] of token 0 = 1\n"
            "  product[1] of token 1 = -12\n");
}

TEST(Explain, TheMiddleOfManyOperandsIsCounted) {
  Tape tape;
  const Var x = tape.input("x", numbers({0, 1, 2, 3, 4, 5, 6}));
  const std::string text = to_string(explain(total(x), {}), 4);
  EXPECT_EQ(text,
            "total_1[] = 21\n"
            "  = Σ x\n"
            "  = the sum\n"
            "  x[0] = 0  (input)\n"
            "  x[1] = 1  (input)\n"
            "  … 3 more\n"
            "  x[5] = 5  (input)\n"
            "  x[6] = 6  (input)\n");
  EXPECT_THAT(to_string(explain(total(x), {}), 7), Not(HasSubstr("more")));
}

TEST(Explain, ReadsOnlyOneNumberOfAComputedView) {
  Tape tape;
  const Var view = tens(tape, std::int64_t{1} << 50);
  EXPECT_EQ(explain(view, {std::int64_t{1} << 40}).value, 10.0 * std::ldexp(1, 40));
}

TEST(Explain, RefusesWhatItCannotExplain) {
  Example x;
  const auto refusal = [](const Var& var, const Index& index) {
    return error_of([&] { explain(var, index); });
  };
  EXPECT_THAT(refusal(x.product, {2}), HasSubstr("index [2] does not lie in product"));
  EXPECT_THAT(refusal(x.product, {-1}), HasSubstr("of shape [2]"));
  EXPECT_THAT(refusal(x.product, {0, 0}), HasSubstr("of shape [2]"));
  EXPECT_THAT(refusal(Var(), {}), HasSubstr("left out"));
  Tape tape(Keep::for_backward);
  EXPECT_THAT(refusal(tape.input("a", numbers({1})), {0}), HasSubstr("use Keep::everything"));
}

TEST(FormatNumber, FiveDigitsAndBracketsInFormulas) {
  EXPECT_EQ(format_number(0.123456789), "0.12346");
  EXPECT_EQ(format_number(-2), "-2");
  EXPECT_EQ(format_number(-2, true), "(-2)");
  EXPECT_EQ(format_number(2, true), "2");
  EXPECT_EQ(format_number(1e-9), "1e-09");
  EXPECT_EQ(format_number(-kInfinity), "-inf");
  EXPECT_EQ(format_number(kNan), "nan");
  EXPECT_EQ(format_number(-kNan, true), "nan");
}

TEST(BroadcastIndex, DropsNewAxesAndStaysAtZeroAlongRepeatedOnes) {
  EXPECT_EQ(broadcast_index({4, 5, 6}, {9, 1, 9}), (Index{4, 0, 6}));
  EXPECT_EQ(broadcast_index({4, 5, 6}, {9}), (Index{6}));
  EXPECT_EQ(broadcast_index({4, 5, 6}, {}), (Index{}));
}

TEST(SumOfProducts, WritesTheFirstTermsAndCountsAll) {
  const auto pairs = [](std::size_t terms) {
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < 2 * terms; ++i) {
      operands.push_back({Var(), {}, i % 2 == 0 ? 2.0 : -1.0});
    }
    return operands;
  };
  EXPECT_EQ(sum_of_products(pairs(2)).text, "2·(-1) + 2·(-1)");
  EXPECT_EQ(sum_of_products(pairs(2)).value, -4);
  EXPECT_EQ(sum_of_products(pairs(0)).text, "0 (an empty sum)");
  EXPECT_THAT(sum_of_products(pairs(8)).text, Not(HasSubstr("products")));
  EXPECT_THAT(sum_of_products(pairs(9)).text, HasSubstr(" + … (9 products)"));
  EXPECT_EQ(sum_of_products(pairs(9)).value, -18);
}

}  // namespace
}  // namespace clearhead
