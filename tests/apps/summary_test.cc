// clearhead train --summary: what a recipe's model is made of, without a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Summary, SaysWhatARecipeIsMadeOf) {
  const TemporaryFolder folder;
  folder.write("text.txt", "abcab");
  folder.write("recipe.json", R"({
    "model": {"family": "decoder",
              "transformer": {"layers": 2, "heads": 2, "channels": 8, "context": 4, "bias": false}},
    "data": {"train": ["text.txt"]}, "tokenizer": {"kind": "characters"}})");
  const ProgramResult result =
      run_program("clearhead", {"train", "recipe.json", "--summary"}, folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  // 3 tokens and 4 positions of 8; of each block 4 of 8 × 8, 2 of 32 × 8 and 2 norms; the last norm
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("embed.W_E             [3, 8]            24"),
                    HasSubstr("blocks.0–1.attn.W_Q   2 × [8, 8]       128"),
                    HasSubstr("total                                1,632  6.375 KiB  3.188 KiB"),
                    HasSubstr("training takes 25.5 KiB besides activations: weights 6.375 KiB")));
  EXPECT_THAT(folder.names(), ElementsAre("recipe.json", "text.txt"));  // no run was begun
}

}  // namespace
}  // namespace clearhead
