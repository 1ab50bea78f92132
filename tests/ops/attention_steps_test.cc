// The catalogue knows every step that attention records, whichever way it is calculated.
#include "clearhead/ops/attention_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "clearhead/ops/attention.h"

namespace clearhead {
namespace {

using ::testing::UnorderedElementsAreArray;

constexpr std::int64_t kB = 2, kH = 4, kG = 2, kT = 3, kS = 5, kD = 6;

// All steps there are: capped, masked, of grouped heads.
void record(Tape& tape, AttentionWay way) {
  const Var q = tape.input("q", Tensor({kB, kH, kT, kD}));
  const Var k = tape.input("k", Tensor({kB, kG, kS, kD}));
  const Var v = tape.input("v", Tensor({kB, kG, kS, kD}));
  AttentionOptions options{.is_causal = true, .softcap = 20};
  options.way = way;
  scaled_dot_product_attention(q, k, v, options);
}

TEST(AttentionSteps, TheCatalogueHasAllWithTheirAxes) {
  const std::map<StepAxis, std::int64_t> sizes = {
      {StepAxis::batch, kB}, {StepAxis::head, kH}, {StepAxis::kv_head, kG},
      {StepAxis::query, kT}, {StepAxis::key, kS},  {StepAxis::component, kD},
      {StepAxis::one, 1}};
  for (const AttentionWay way : {AttentionWay::by_hand, AttentionWay::fused}) {
    Tape tape(Keep::everything);
    record(tape, way);
    std::set<std::string> seen;
    for (const std::string& name : tape.names()) {
      if (!name.starts_with("hook_")) continue;
      const AttentionStep* const step = find_attention_step("blocks.0.attn." + name);
      ASSERT_NE(step, nullptr) << name;
      EXPECT_EQ(step->name, name);
      const Var value = tape[name];
      const std::vector<StepAxis> axes = step->axes_of(value);
      ASSERT_EQ(axes.size(), value.shape().size()) << name;
      for (std::size_t i = 0; i < axes.size(); ++i) {
        const bool broadcasts = name == "hook_mask" && value.shape()[i] == 1;
        EXPECT_TRUE(broadcasts || value.shape()[i] == sizes.at(axes[i])) << name << " axis " << i;
      }
      seen.insert(name);
    }
    const std::set<std::string> expected = {
        "hook_raw_scores", "hook_scaled_scores", "hook_capped_scores",
        "hook_mask",       "hook_attn_scores",   "hook_row_max",
        "hook_row_sum",    "hook_pattern",       "hook_z"};
    EXPECT_EQ(seen, expected);
  }
}

TEST(AttentionSteps, TheInnerOnesAreAllBeforeZ) {
  Tape tape(Keep::everything);
  record(tape, AttentionWay::by_hand);
  std::vector<std::string> names;
  for (const std::string& name : tape.names()) {
    if (name.starts_with("hook_") && name != "hook_z") names.push_back(name);
  }
  EXPECT_THAT(names, UnorderedElementsAreArray(steps::kInner));
}

TEST(AttentionSteps, OtherValuesAreNone) {
  EXPECT_EQ(find_attention_step("blocks.0.mlp.hook_pre"), nullptr);
  EXPECT_EQ(find_attention_step("pattern"), nullptr);
  EXPECT_EQ(find_attention_step(""), nullptr);
}

TEST(AttentionSteps, NoNameStandsTwice) {
  std::set<std::string> names;
  for (const AttentionStep& step : attention_steps()) {
    EXPECT_TRUE(names.insert(step.name).second) << step.name;
    for (const StepAxis axis : step.axes) {
      EXPECT_EQ(*axis_words(axis).one == '\0', axis == StepAxis::one) << step.name;
    }
  }
}

}  // namespace
}  // namespace clearhead
