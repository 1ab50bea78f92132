// The four things that are done to a value: set, ablated, steered, patched; and attention under
// them.
#include "clearhead/lens/interventions.h"

#include <gmock/gmock.h>

#include "clearhead/nn/block.h"
#include "clearhead/nn/feed_forward.h"
#include "clearhead/nn/multi_head_attention.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Keep kAllKeeps[] = {Keep::nothing, Keep::for_backward, Keep::everything};

// [2, 3] of 1, …, 6 after `change`.
std::vector<double> changed(const Change& change) {
  Tape tape;
  tape.intervene("x", change);
  return numbers_of(tape.input("x", tensor_of({2, 3}, {1, 2, 3, 4, 5, 6})));
}

TEST(Interventions, SetANumber) {
  EXPECT_THAT(changed(set_to(9, {1, 2})), ElementsAre(1, 2, 3, 4, 5, 9));
  EXPECT_THAT(changed(set_to(9, {1})), ElementsAre(1, 2, 3, 9, 9, 9));
  EXPECT_THAT(changed(set_to(9, {{}, 1})), ElementsAre(1, 9, 3, 4, 9, 6));
  EXPECT_THAT(changed(set_to(9)), Each(9));
  EXPECT_THAT(error_of([] {
                changed(set_to(9, {2, 0}));
              }),
              AllOf(HasSubstr("[2, 0]"), HasSubstr("[2, 3]")));
  EXPECT_THAT(error_of([] { changed(set_to(9, {0, 0, 0})); }), HasSubstr("more axes"));
}

TEST(Interventions, ZeroAHead) {
  EXPECT_THAT(changed(zero_head(1)), ElementsAre(1, 0, 3, 4, 0, 6));
}

TEST(Interventions, AddAVector) {
  EXPECT_THAT(changed(add_vector(tensor_of({3}, {10, 20, 30}))),
              ElementsAre(11, 22, 33, 14, 25, 36));
}

TEST(Interventions, PatchFromElsewhere) {
  const Tensor other = tensor_of({2, 3}, {10, 20, 30, 40, 50, 60});
  EXPECT_THAT(changed(patch(other)), ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(changed(patch(other, {{}, 2})), ElementsAre(1, 2, 30, 4, 5, 60));
  EXPECT_THAT(error_of([] { changed(patch(tensor_of({3}, {1, 2, 3}))); }), HasSubstr("[2, 3]"));
}

TEST(Interventions, GradientsStopAtWhatIsReplacedAndPassWhatIsAdded) {
  Tape tape;
  tape.intervene("x", set_to(9, {{}, 1}));
  tape.intervene("x", add_vector(tensor_of({3}, {10, 20, 30})));
  const Var a = tape.input("a", tensor_of({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Var x = a.named("x");
  tape.backward(x, tensor_of({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(numbers_of(a.grad()), ElementsAre(1, 0, 3, 4, 0, 6));
  expect_explained(x);
  expect_gradient_explained(a);
}

TEST(Interventions, AnExplanationSaysWhatANumberWas) {
  Tape tape;
  tape.intervene("y", set_to(9, {1, 2}));
  const Var y = tape.input("x", tensor_of({2, 3}, {1, 2, 3, 4, 5, 6})).named("y");
  EXPECT_EQ(y.formula(), "x with set_to at [1, 2]");
  const Explanation e = explain(y, {1, 2});
  EXPECT_EQ(e.calculation, "9, put for 6");
  EXPECT_EQ(e.operands[1]->name, "x");
  EXPECT_EQ(e.operands[1]->value, 6);
  EXPECT_EQ(explain(y, {0, 0}).calculation, "1");
}

// Attention of 2 heads with weights that are not those it begins with; what `act` makes of it.
template <typename Act>
auto with_attention(Keep keep, const Act& act) {
  Parameters parameters({.seed = 1, .std = 0.7}, DType::f64);
  const MultiHeadAttention layer(parameters, {.embed_dim = 4, .num_heads = 2});
  Tape tape(keep);
  const Var x = tape.input("x", random_tensor({1, 3, 4}));
  return act(tape, [&](const Pass& pass) {
    const auto scope = tape.scope("blocks.0.attn");
    return layer.forward(x, x, pass, {.is_causal = true});
  });
}

TEST(Interventions, AHeadWithoutItsPatternSaysNothingWhateverIsKept) {
  std::vector<std::vector<double>> results;
  for (const Keep keep : kAllKeeps) {
    with_attention(keep, [&](Tape& tape, const auto& forward) {
      tape.intervene("blocks.*.attn.hook_pattern", zero_head(1));
      results.push_back(numbers_of(forward({})));
      EXPECT_THAT(tape.unmatched(), IsEmpty());
    });
    with_attention(keep, [&](Tape& tape, const auto& forward) {
      tape.intervene("blocks.*.attn.hook_z", zero_head(1));
      EXPECT_THAT(numbers_of(forward({})),
                  ::testing::Pointwise(::testing::DoubleNear(1e-14), results[0]));
    });
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
  with_attention(Keep::nothing, [&](Tape&, const auto& forward) {
    EXPECT_NE(numbers_of(forward({})), results[0]);
  });
}

TEST(Interventions, AttentionWithAChangedStepGoesByHandOrSaysWhyNot) {
  for (const char* step :
       {"hook_raw_scores", "hook_scaled_scores", "hook_mask", "hook_attn_scores", "hook_pattern"}) {
    for (const Keep keep : kAllKeeps) {
      with_attention(keep, [&](Tape& tape, const auto& forward) {
        const std::string name = "blocks.0.attn." + std::string(step);
        tape.intervene(name, set_to(-2, {0, 0, 2, 1}));
        const std::vector<double> plain = numbers_of(with_attention(
            Keep::nothing, [](Tape&, const auto& unchanged) { return unchanged({}); }));
        EXPECT_NE(numbers_of(forward({})), plain) << name;
        EXPECT_THAT(error_of([&] { forward({.way = AttentionWay::fused}); }),
                    AllOf(HasSubstr(name), HasSubstr("by hand")));
      });
    }
  }
}

// A star stands for dots, too: what a block's attention gives has one name, within the block.
TEST(Interventions, WhatAttentionAndFeedForwardGiveIsChangedOnce) {
  Parameters parameters({.seed = 1, .std = 0.7}, DType::f64);
  const Block block(parameters, {.attention = {.embed_dim = 4, .num_heads = 2},
                                 .feed_forward = {.hidden_dim = 8}});
  for (const Keep keep : kAllKeeps) {
    for (const char* name : {"hook_attn_out", "hook_mlp_out"}) {
      const auto forward = [&](const std::string& pattern) {
        Tape tape(keep);
        tape.intervene(pattern, add_vector(tensor_of({4}, {1, 2, 3, 4})));
        const Var x = tape.input("x", random_tensor({1, 3, 4}));
        const auto scope = tape.scope("blocks.0");
        return numbers_of(block.forward(x, {}));
      };
      EXPECT_EQ(forward("blocks.*" + std::string(name)), forward("blocks.0." + std::string(name)));
    }
  }
}

TEST(Interventions, WhatNothingFollowsFromIsRefused) {
  for (const Keep keep : kAllKeeps) {
    for (const char* step : {"hook_row_max", "hook_row_sum"}) {
      with_attention(keep, [&](Tape& tape, const auto& forward) {
        tape.intervene("*." + std::string(step), set_to(0));
        EXPECT_THAT(error_of([&] { forward({}); }),
                    AllOf(HasSubstr(step), HasSubstr("only shown")));
      });
    }
  }
}

TEST(Interventions, ActInsideAFeedForwardPartThatWouldBeOneOperation) {
  for (const Keep keep : kAllKeeps) {
    for (const char* name : {"hook_pre", "hook_post"}) {
      Parameters parameters;
      const FeedForward layer(parameters, 64, {.hidden_dim = 256});
      Tape tape(keep);
      tape.intervene(name, set_to(0));
      const Var x = tape.input("x", random_tensor({64, 64}, 1, DType::f32));
      EXPECT_THAT(numbers_of(layer.forward(x, {.precision = Precision::medium})), Each(0));
      EXPECT_THAT(tape.unmatched(), IsEmpty());
    }
  }
}

TEST(Interventions, TheGradientOfEveryStepOfAttentionIsExplained) {
  with_attention(Keep::everything, [&](Tape& tape, const auto& forward) {
    forward({.way = AttentionWay::by_hand});
    const Var z = tape["blocks.0.attn.hook_z"];
    tape.backward(z, random_tensor(z.shape(), 5));
    for (const char* name : {"hook_z", "hook_pattern", "hook_attn_scores", "hook_scaled_scores",
                             "hook_raw_scores", "hook_q", "hook_k", "hook_v"}) {
      expect_gradient_explained(tape["blocks.0.attn." + std::string(name)]);
    }
    const auto formula = [&](const char* name) {
      const Var var = tape["blocks.0.attn." + std::string(name)];
      return explain_gradient(var, Index(var.shape().size(), 0)).formula;
    };
    EXPECT_EQ(formula("hook_z"), "given to backward");
    EXPECT_EQ(formula("hook_pattern"), "z_grad·vᵀ");
    EXPECT_EQ(formula("hook_attn_scores"), "pattern ⊙ (pattern_grad - Σ pattern·pattern_grad)");
    EXPECT_EQ(formula("hook_scaled_scores"), "attn_scores_grad where mask > -inf");
    EXPECT_EQ(formula("hook_raw_scores"), "scaled_scores_grad · 0.70711");
    EXPECT_EQ(formula("hook_q"), "raw_scores_grad·k");
    EXPECT_EQ(formula("hook_k"), "raw_scores_gradᵀ·q");
    EXPECT_EQ(formula("hook_v"), "patternᵀ·z_grad");
  });
}

}  // namespace
}  // namespace clearhead
