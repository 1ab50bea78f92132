// Axes as TransformerLens has them: which values differ, and places of explanations.
#include "clearhead/lens/transformer_lens.h"

#include <gtest/gtest.h>

#include "clearhead/ops/attention.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(TransformerLensAxes, TokensStandBeforeHeadsInWhatSingleTokensHave) {
  const Shape heads_first = {1, 2, 3, 4}, tokens_first = {1, 3, 2, 4};
  for (const char* name : {"blocks.0.attn.hook_q", "blocks.0.attn.hook_rot_k", "hook_v", "hook_z",
                           "hook_z_before", "hook_result", "hook_k_grad"}) {
    EXPECT_EQ(transformer_lens_axes(name, heads_first), tokens_first) << name;
    EXPECT_EQ(transformer_lens_axes(name, Tensor(heads_first)).shape(), tokens_first) << name;
  }
  for (const char* name : {"blocks.0.attn.hook_pattern", "hook_attn_scores", "hook_row_max",
                           "hook_mask", "hook_resid_pre", "logits"}) {
    EXPECT_EQ(transformer_lens_axes(name, heads_first), heads_first) << name;
  }
  EXPECT_EQ(transformer_lens_axes("hook_q", Shape{2, 3, 4}), (Shape{2, 3, 4}));
}

TEST(TransformerLensAxes, PlacesOfAnExplanationFollow) {
  Tape tape;
  const auto input = [&](const char* name) {
    return tape.input(name, random_tensor({1, 2, 3, 4}));
  };
  const Var q = input("hook_q"), k = input("hook_k"), v = input("hook_v");
  scaled_dot_product_attention(q, k, v);
  const Explanation of_tape = explain(tape["hook_z"], {0, 1, 2, 3}, -1);
  const Explanation e = transformer_lens_axes(of_tape);
  EXPECT_EQ(e.index, (Index{0, 2, 1, 3}));
  EXPECT_EQ(e.value, of_tape.value);
  ASSERT_EQ(e.operands.size(), of_tape.operands.size());
  for (std::size_t i = 0; i < e.operands.size(); ++i) {
    const Index& place = of_tape.operands[i]->index;
    EXPECT_EQ(e.operands[i]->name, of_tape.operands[i]->name);
    EXPECT_EQ(e.operands[i]->index, e.operands[i]->name == "hook_v"
                                        ? (Index{place[0], place[2], place[1], place[3]})
                                        : place);
  }
}

}  // namespace
}  // namespace clearhead
