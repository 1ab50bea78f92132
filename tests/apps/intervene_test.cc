// --set and --ablate of clearhead attend and see: what is changed, what that changes, and what is
// said.
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

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Intervene : public testing::Test {
 protected:
  // Keys of zeros, so that both queries look at both keys alike: hook_pattern is 0.5, hook_z (4,
  // 6).
  Intervene() {
    folder_.write("q.csv", "1,2\n3,4\n");
    folder_.write("k.csv", "0,0\n0,0\n");
    folder_.write("v.csv", "2,4\n6,8\n");
    write_language_model(folder_.path() / "lm");
    write_masked_model(folder_.path() / "masked");
    write_translation_model(folder_.path() / "translation");
  }

  ProgramResult run(std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program("clearhead", arguments, folder_.path());
  }
  ProgramResult attend(const std::vector<std::string>& more) {
    return run({"attend", "--q", "q.csv", "--k", "k.csv", "--v", "v.csv"}, more);
  }
  std::string say(const ProgramResult& result) {
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_EQ(result.error, "");
    return result.out;
  }
  void expect_refused(const ProgramResult& result, int status, const std::string& says) {
    EXPECT_EQ(result.status, status) << says;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.error, HasSubstr(says));
  }
  // The numbers of a step that attend saves with these options, in row-major order.
  std::vector<double> numbers(const std::string& name, std::vector<std::string> more) {
    more.insert(more.end(), {"--save", folder_ / "steps.npz"});
    say(attend(more));
    const Tensor step = read_tensors(folder_ / "steps.npz").at(name).to(DType::f64).contiguous();
    return {step.data<double>(), step.data<double>() + step.count()};
  }

  const TemporaryFolder folder_;
};

using V = std::vector<double>;

TEST_F(Intervene, ASetNumberIsUsedByWhatFollows) {
  // z of query 1 becomes 1·(2, 4) + 0.5·(6, 8)
  EXPECT_EQ(numbers("hook_z", {"--set", "hook_pattern[0,1,0]=1"}), (V{4, 6, 5, 8}));
  // A score of −∞ hides a key: all weight goes to the other.
  EXPECT_EQ(numbers("hook_z", {"--set", "hook_attn_scores[0,0,0]=-inf"}), (V{6, 8, 4, 6}));
}

TEST_F(Intervene, AWeightWhereNoneWasSeenCounts) {
  const std::vector<std::string> given = {"--causal", "--set", "hook_pattern[0,0,1]=0.5"};
  // z of query 0 becomes 1·(2, 4) + 0.5·(6, 8)
  EXPECT_EQ(numbers("hook_z", given), (V{5, 8, 4, 6}));
  const std::string text = say(attend({"--causal", "--set", "hook_pattern[0,0,1]=0.5",
                                       "--gradients", "--explain", "0,0,1", "--steps"}));
  EXPECT_THAT(text, HasSubstr("1·4 + 0.5·8"));
}

TEST_F(Intervene, AnIndexSelectsAsMuchAsItSays) {
  EXPECT_EQ(numbers("hook_z", {"--ablate", "hook_z"}), (V{0, 0, 0, 0}));
  EXPECT_EQ(numbers("hook_z", {"--ablate", "hook_z[0,1]"}), (V{4, 6, 0, 0}));
  EXPECT_EQ(numbers("hook_z", {"--ablate", "hook_z[0,0,1,0]"}), (V{4, 6, 0, 6}));  // with the batch
  EXPECT_EQ(numbers("hook_z", {"--ablate", "hook_z[:,*,-1]"}), (V{4, 0, 4, 0}));
  EXPECT_EQ(numbers("hook_z", {"--ablate", "*_v[0,1]"}), (V{1, 2, 1, 2}));
  // Two heads of one number: the first index is the head.
  EXPECT_EQ(numbers("hook_z", {"--heads", "2", "--ablate", "hook_z[1]"}), (V{4, 0, 4, 0}));
}

TEST_F(Intervene, SeveralActInTheOrderOfTheCommandLine) {
  EXPECT_EQ(numbers("hook_z", {"--ablate", "hook_z", "--set", "hook_z[0,0,0]=3"}), (V{3, 0, 0, 0}));
  EXPECT_EQ(numbers("hook_z", {"--set", "hook_z[0,0,0]=3", "--ablate", "hook_z"}), (V{0, 0, 0, 0}));
  EXPECT_EQ(numbers("hook_z",
                    {"--set", "hook_z=3", "--set", "hook_z[0,0]=1", "--set", "hook_z[0,1]=-2e0"}),
            (V{1, 1, -2, -2}));
}

TEST_F(Intervene, AttendShowsWhatChangedAndWhatWasBefore) {
  const std::string text = say(attend({"--set", "hook_pattern[0,1,1]=0.75"}));
  EXPECT_THAT(text, HasSubstr("What --set hook_pattern[0,1,1]=0.75 changes:"));
  EXPECT_THAT(text, ContainsRegex("hook_pattern\\[0,1,1\\] +0.5 +0.75\n"));
  EXPECT_THAT(text, ContainsRegex("hook_z\\[0,1,1\\] +6 +8\n"));
  EXPECT_THAT(text, Not(HasSubstr("hook_attn_scores[")));  // nothing changed there
  EXPECT_THAT(text, HasSubstr("1  0 (0.500) → 1 (0.750)\n"));
  EXPECT_THAT(say(attend({"--set", "hook_pattern=0.5"})), HasSubstr("changes: nothing"));
  EXPECT_THAT(say(attend({})), Not(HasSubstr("change")));
}

TEST_F(Intervene, ExplainSaysWhatANumberWas) {
  const std::string text =
      say(attend({"--set", "hook_z[0,1,0]=9", "--explain", "0,1,0", "--depth", "2"}));
  EXPECT_THAT(text,
              AllOf(HasSubstr("hook_z[0, 0, 1, 0] = 9\n"), HasSubstr("9, put for 4"),
                    HasSubstr("hook_z_before[0, 0, 1, 0] = 4\n"), HasSubstr("0.5·2 + 0.5·6")));
}

TEST_F(Intervene, FusedAttentionIsChangedWhereItGoes) {
  const std::string text = say(attend({"--fused", "--ablate", "hook_z[0,0]"}));
  EXPECT_THAT(text, AllOf(HasSubstr("fused"), ContainsRegex("hook_z\\[0,0,1\\] +6 +0\n")));
  expect_refused(attend({"--fused", "--set", "hook_pattern=1"}), 1, "--by-hand");
}

TEST_F(Intervene, WrongUseIsRefusedBeforeAnythingIsSaid) {
  for (const char* wrong : {"hook_z", "hook_z[0]", "=1", "[0]=1", "hook_z[]=1", "hook_z[0=1",
                            "hook_z[0,]=1", "hook_z[a]=1", "hook_z=1x", "hook_z=nan", "hook_z=inf"})
    expect_refused(attend({"--set", wrong}), 2, "--set: expected NAME[INDEX]=VALUE");
  expect_refused(attend({"--ablate", "hook_z[0"}), 2, "--ablate: expected NAME or NAME[INDEX]");
  expect_refused(attend({"--ablate", "hook_patern"}), 2,
                 "--ablate hook_patern: nothing that is calculated here is called hook_patern; "
                 "those most like it: hook_pattern");
  expect_refused(attend({"--set", "hook_z[0,2]=1"}), 2,
                 "--set hook_z[0,2]=1: there is no such place in hook_z, which has head 0, query 0 "
                 "to 1, dim 0 to 1");
  expect_refused(attend({"--ablate", "hook_row_max"}), 1, "only shown");
}

TEST_F(Intervene, SeeShowsHowThePredictionChanges) {
  const auto see = [&](const std::string& model, const std::string& text,
                       const std::vector<std::string>& more) {
    return say(run({"see", text, "--model", model}, more));
  };
  // 29 tokens alike
  const std::string text = see("lm", "to be", {"--set", "logits=1"});
  EXPECT_THAT(text, ContainsRegex("logits\\[[0-9]+,[0-9]+\\] +[-.0-9]+ +1\n"));
  EXPECT_THAT(text, ContainsRegex("probabilities\\[[0-9]+,[0-9]+\\] +[.0-9]+ +0.034483\n"));
  EXPECT_THAT(text, ContainsRegex("token +before +probability *\n"));
  EXPECT_THAT(text, ContainsRegex("[.0-9]+ % +3.45 %"));
  // What was likely before stands there too.
  const std::string plain = see("lm", "to be", {"--top", "1"});
  const std::string likeliest = plain.substr(plain.find("probability\n") + 12, 1);
  EXPECT_THAT(see("lm", "to be", {"--top", "1", "--ablate", "*.hook_resid_post"}),
              HasSubstr("\n" + likeliest + " "));
  EXPECT_THAT(see("masked", "a<mask>", {"--ablate", "blocks.0.attn.hook_z[0]"}),
              ContainsRegex("token +before +probability"));
  EXPECT_THAT(see("translation", "ab", {"--ablate", "*.cross_attn.hook_z"}),
              ContainsRegex("token +before +probability +likeliest others"));
}

TEST_F(Intervene, SeeExplainsAndSavesWhatWasChanged) {
  const std::string name = "blocks.0.attn.hook_z";
  const std::string text =
      say(run({"see", "to be", "--model", "lm"},
              {"--ablate", name + "[1]", "--explain", name + "[1,4,0]", "--save", "all.npz"}));
  EXPECT_THAT(text, AllOf(HasSubstr(name + "[0, 1, 4, 0] of \"e\" = 0\n"), HasSubstr("put for "),
                          HasSubstr(name + "_before[0, 1, 4, 0] of \"e\"")));
  const NamedTensors named = read_tensors(folder_ / "all.npz");
  const Tensor z = named.at(name), before = named.at(name + "_before");  // [B, T, H, D]
  EXPECT_EQ(before.shape(), z.shape());
  EXPECT_EQ(z.at({0, 4, 1, 0}), 0);
  EXPECT_NE(before.at({0, 4, 1, 0}), 0);
  EXPECT_EQ(z.at({0, 4, 0, 0}), before.at({0, 4, 0, 0}));
}

TEST_F(Intervene, SeeRefusesWhatItCannotChange) {
  const auto see = [&](const std::vector<std::string>& more) {
    return run({"see", "to be", "--model", "lm"}, more);
  };
  expect_refused(see({"--ablate", "blocks.9.attn.hook_z"}), 2, "blocks.0.attn.hook_z");
  expect_refused(see({"--ablate", "tokens"}), 2, "expected floating-point numbers");
  expect_refused(see({"--ablate", "logits["}), 2, "--ablate: expected");
}

}  // namespace
}  // namespace clearhead
