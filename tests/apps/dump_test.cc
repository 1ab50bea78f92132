// clearhead dump, explain and compare: one run of a tiny network as a file, number by number, and
// beside another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Dump : public testing::Test {
 protected:
  Dump() {
    write_language_model(folder_ / "lm");
    write_translation_model(folder_ / "mt");
  }

  std::string say(const std::vector<std::string>& arguments) const {
    const ProgramResult result = run_program("clearhead", arguments, folder_.path());
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_EQ(result.error, "");
    return result.out;
  }

  void fail(const std::vector<std::string>& arguments, int status, const std::string& says) const {
    expect_failure(run_program("clearhead", arguments, folder_.path()), status, says);
  }

  const TemporaryFolder folder_;
};

TEST_F(Dump, IsWhatSeeSaves) {
  say({"see", "to be", "--model", "lm", "--save", folder_ / "see.safetensors"});
  EXPECT_THAT(say({"dump", "lm", "to be", "--save", folder_ / "dump.safetensors"}),
              AllOf(HasSubstr(" values\nwrote "), HasSubstr("dump.safetensors")));
  EXPECT_EQ(folder_.read("dump.safetensors"), folder_.read("see.safetensors"));
}

TEST_F(Dump, TakesOnlyWhatIsAskedFor) {
  EXPECT_THAT(say({"dump", "lm", "to be", "--save", folder_ / "some.npz", "--only",
                   "*.hook_pattern", "--only", "logits"}),
              HasSubstr("2 values\n"));
  const NamedTensors named = read_tensors(folder_ / "some.npz");
  EXPECT_EQ(named.tensors.size(), 2u);
  EXPECT_EQ(named.at("blocks.0.attn.hook_pattern").shape(), (Shape{1, 2, 5, 5}));
}

TEST_F(Dump, InterventionsAct) {
  say({"dump", "lm", "to be", "--save", folder_ / "a.npz", "--ablate", "blocks.0.attn.hook_z[1]"});
  const Tensor z = read_tensors(folder_ / "a.npz").at("blocks.0.attn.hook_z");  // [B, T, H, D]
  EXPECT_EQ(z.at({0, 3, 1, 2}), 0);
  EXPECT_NE(z.at({0, 3, 0, 2}), 0);
}

TEST_F(Dump, WrongUseIsSaidBeforeAnythingIsCalculated) {
  fail({"dump", "lm", "to be"}, 2, "--save FILE");
  fail({"dump", "lm", "to be", "--save", folder_ / "a.txt"}, 2, ".safetensors or .npz");
  fail({"dump", "lm", "--save", folder_ / "a.npz"}, 2, "TEXT");
  fail({"dump", "lm", "to be", "--save", folder_ / "a.npz", "--only", "hook_patern"}, 2,
       "--only hook_patern");
}

TEST_F(Dump, ExplainSaysWhatSeeExplains) {
  const std::string pattern = "blocks.0.attn.hook_pattern[1,4,1]";
  const std::string text = say({"explain", "lm", "to be", pattern});
  EXPECT_THAT(text, HasSubstr("blocks.0.attn.hook_pattern[0, 1, 4, 1] of \"e\" to \"o\" = "));
  EXPECT_THAT(say({"see", "to be", "--model", "lm", "--explain", pattern}), HasSubstr(text));
  EXPECT_THAT(say({"explain", "lm", "to be", "logits[-1,3]", "--depth", "2"}),
              HasSubstr("embed.W_E[3, 0] of \"a\" = "));
  fail({"explain", "lm", "to be"}, 2, "which NAME[INDEX]?");
  fail({"explain", "lm", "to be", "hook_nothing[1]"}, 2, "hook_nothing");
  fail({"explain", "lm", "to be", pattern, "--depth", "9"}, 2, "--depth");
}

TEST_F(Dump, CompareFindsTheFirstValueThatDiffers) {
  say({"dump", "lm", "to be", "--save", folder_ / "a.safetensors"});
  say({"dump", "lm", "to be", "--save", folder_ / "b.safetensors", "--set",
       "blocks.0.hook_attn_out[0,3,2]=7"});
  EXPECT_THAT(say({"compare", "lm", "a.safetensors", "--text", "to be"}),
              AllOf(HasSubstr("A: lm reads \"to be\""), HasSubstr("They agree")));
  // The value that was set comes first, though the file has its names in another order.
  for (const auto& sides : {std::pair("lm", "b.safetensors"), {"b.safetensors", "lm"}}) {
    const std::string text = say({"compare", sides.first, sides.second, "--text", "to be"});
    EXPECT_THAT(text, AllOf(HasSubstr("calculation, is blocks.0.hook_attn_out:"),
                            HasSubstr("blocks.0.hook_attn_out[3,2] of \"b\""), HasSubstr("7")))
        << text;
    EXPECT_THAT(text, Not(HasSubstr("hook_z")));
  }
  EXPECT_THAT(say({"compare", "a.safetensors", "a.safetensors"}), HasSubstr("is 0 at most"));
}

TEST_F(Dump, CompareOfTwoFilesGoesThroughLayersInTheirOrder) {
  for (const float value : {0.0F, 1.0F}) {
    NamedTensors file;
    for (const char* const layer : {"10", "2", "9"}) {
      Tensor one({1});
      one.mutable_data<float>()[0] = value;
      file.tensors.emplace_back("blocks." + std::string(layer) + ".hook_resid_post", one);
    }
    write_tensors(folder_ / (value == 0 ? "a.npz" : "b.npz"), file);
  }
  const std::string text = say({"compare", "a.npz", "b.npz"});
  EXPECT_THAT(text, HasSubstr("in the order of the layers, is\nblocks.2.hook_resid_post:"));
  EXPECT_LT(text.find("blocks.9.hook_resid_post["), text.find("blocks.10.hook_resid_post["));
}

TEST_F(Dump, ComparesTwoPromptsAndTwoModels) {
  const std::string prompts =
      say({"compare", "lm", "lm", "--text", "to be", "--other-text", "to be or"});
  EXPECT_THAT(prompts, HasSubstr("They agree"));  // what came before does not change
  EXPECT_THAT(say({"compare", "lm", "lm", "--text", "to be", "--other-text", "to we"}),
              HasSubstr("is tokens:"));
  const std::string models = say({"compare", "lm", "mt", "--text", "to be"});
  EXPECT_THAT(models, AllOf(HasSubstr("only in A"), HasSubstr("differ")));
}

TEST_F(Dump, CompareSaysWhatItMisses) {
  fail({"compare", "lm"}, 2, "needs A and B");
  fail({"compare", "lm", "lm"}, 2, "--text");
  say({"dump", "lm", "to be", "--save", folder_ / "a.npz", "--only", "*.hook_z"});
  fail({"compare", "a.npz", "a.npz", "--text", "x"}, 2, "--text is for models");
  fail({"compare", "lm", "a.npz", "--text", "x", "--other-text", "y"}, 2, "--other-text");
  fail({"compare", "a.npz", "lm", "--text", "to be", "--tolerance", "-1"}, 2, "--tolerance");
}

}  // namespace
}  // namespace clearhead
