// clearhead lens: each lens shows, saves and draws what the library calculates, and says what is
// wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
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
using ::testing::StartsWith;

class Lens : public testing::Test {
 protected:
  Lens() {
    write_language_model(folder_ / "lm");
    write_masked_model(folder_ / "masked");
    write_translation_model(folder_ / "mt");
  }

  ProgramResult lens(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "lens");
    return run_program("clearhead", arguments, folder_.path());
  }

  std::string say(const std::vector<std::string>& arguments) const {
    const ProgramResult result = lens(arguments);
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_EQ(result.error, "");
    expect_80_columns(result.out);
    return result.out;
  }

  NamedTensors saved(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--save", folder_ / "lens.safetensors"});
    EXPECT_THAT(say(arguments), HasSubstr("wrote "));
    return read_tensors(folder_ / "lens.safetensors");
  }

  void fail(const std::vector<std::string>& arguments, int status, const std::string& says) const {
    expect_failure(lens(arguments), status, says);
  }

  const TemporaryFolder folder_;
};

// Heads that are 0 already change nothing when they are set to 0 once more.
TEST_F(Lens, LooksIntoARunThatIsChanged) {
  const std::vector<std::string> change = {"--ablate", "blocks.0.attn.hook_z"};
  const auto with_change = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), change.begin(), change.end());
    return saved(arguments);
  };
  const std::vector<std::string> ablate = {"ablate", "lm", "to be"};
  for (const bool is_changed : {false, true}) {
    const NamedTensors effects = is_changed ? with_change(ablate) : saved(ablate);
    double sum = 0;
    for (const auto& [name, effect] : effects.tensors) {
      for (std::int64_t i = 0; i < effect.count(); ++i) sum += std::abs(effect.at({i}));
    }
    EXPECT_EQ(sum == 0, is_changed);
  }
  EXPECT_NE(say({"logits", "lm", "to be", "--ablate", "blocks.0.hook_mlp_out"}),
            say({"logits", "lm", "to be"}));
  fail({"pattern", "lm", "to be", "--set", "blocks.7.attn.hook_z=1"}, 2, "blocks.7.attn.hook_z");
}

TEST_F(Lens, EachKindShowsItsNumbersOfEachModel) {
  const std::string masked = "a <mask> dog";
  for (const char* kind :
       {"pattern", "norms", "gradients", "zeroing", "logits", "decompose", "ablate"}) {
    EXPECT_THAT(say({kind, "lm", "to be"}), StartsWith("lm, a decoder: ")) << kind;
    EXPECT_THAT(say({kind, "masked", masked}), HasSubstr("<s> a ␣ <mask>")) << kind;
    EXPECT_THAT(say({kind, "mt", "a dog"}), HasSubstr("source (6 tokens):")) << kind;
  }
  say({"rollout", "lm", "to be"});
  say({"rollout", "masked", masked});
  say({"rollout", "mt", "a dog", "--attention", "encoder"});
}

TEST_F(Lens, DrawsAndSaves) {
  const std::string text = say({"pattern", "lm", "to be", "--out", folder_ / "lens.svg", "--out",
                                folder_ / "lens.html", "--save", folder_ / "lens.npz"});
  EXPECT_THAT(text, AllOf(HasSubstr("lens.svg\nwrote "), HasSubstr("lens.npz\n")));
  EXPECT_THAT(folder_.read("lens.svg"), HasSubstr("<svg"));
  const NamedTensors named = read_tensors(folder_ / "lens.npz");
  const Tensor weights = named.at("blocks.0.attn.weights.1");
  EXPECT_EQ(weights.shape(), (Shape{5, 5}));
  EXPECT_EQ(weights.at({0, 1}), 0);  // masked
}

TEST_F(Lens, TheMeanIsOfTheHeadsThatWereChosen) {
  const NamedTensors all = saved({"pattern", "lm", "to be"});
  const Tensor one = saved({"pattern", "lm", "to be", "--heads", "1", "--mean"}).at("mean");
  const Tensor both = saved({"pattern", "lm", "to be", "--mean"}).at("mean");
  const double a = all.at("blocks.0.attn.weights.0").at({4, 2}),
               b = all.at("blocks.0.attn.weights.1").at({4, 2});
  EXPECT_EQ(one.at({4, 2}), b);
  EXPECT_DOUBLE_EQ(both.at({4, 2}), (a + b) / 2);
}

TEST_F(Lens, SumsOverChosenQueriesAndKeys) {
  const Tensor all = saved({"pattern", "lm", "to be"}).at("blocks.0.attn.weights.1");
  const Tensor sums =
      saved({"pattern", "lm", "to be", "--queries", "3,4", "--keys", "0,2"}).at("sums");
  EXPECT_EQ(sums.shape(), (Shape{1, 2}));
  EXPECT_DOUBLE_EQ(sums.at({0, 1}),
                   all.at({3, 0}) + all.at({3, 2}) + all.at({4, 0}) + all.at({4, 2}));
  EXPECT_NEAR(saved({"pattern", "lm", "to be", "--queries", "4", "--mean"}).at("sums").item(), 1,
              1e-6);
  EXPECT_THAT(say({"rollout", "lm", "to be", "--keys", "0"}), HasSubstr("sum of 5 queries for"));
  fail({"pattern", "lm", "to be", "--keys", "5"}, 2, "--keys 5: there are 5");
}

TEST_F(Lens, HidesTheKeysThatAllLookAt) {
  EXPECT_THAT(say({"pattern", "lm", "to be"}), Not(HasSubstr("most queries look at")));
  EXPECT_THAT(say({"pattern", "lm", "to be", "--hide-sinks"}),
              HasSubstr("Hidden is a key that most queries look at: 0 (t)."));
  EXPECT_GT(saved({"pattern", "lm", "to be", "--mean"}).at("mean").at({3, 0}), 1.0 / 3);
  EXPECT_EQ(saved({"pattern", "lm", "to be", "--mean", "--hide-sinks"}).at("mean").at({3, 0}), 0);
  EXPECT_THAT(say({"pattern", "lm", "to be", "--hide-sinks", "--set",
                   "blocks.0.attn.hook_attn_scores[:,:,:]=0"}),  // all look at all
              HasSubstr("No key is a sink."));
}

TEST_F(Lens, ThePartsThatAreSavedSumToTheLogit) {
  const NamedTensors parts = saved({"decompose", "lm", "to be", "--token", "a"});
  double sum = 0;
  for (const auto& [name, value] : parts.tensors) sum += value.item();
  run_program("clearhead", {"dump", "lm", "to be", "--save", folder_ / "all.safetensors"},
              folder_.path());
  const Tensor logits = read_tensors(folder_ / "all.safetensors").at("logits");
  EXPECT_NEAR(sum, logits.at({0, 4, 3}), 1e-4 * (1 + std::abs(sum)));  // f32; a has the id 3
  EXPECT_THAT(say({"decompose", "lm", "to be", "--token", "a", "--against", "b"}),
              HasSubstr("the logit of a less that of b after token 4, e, which is "));
}

TEST_F(Lens, TablesHaveTheMinusOfFigures) {
  for (const char* lens : {"decompose", "ablate"}) {
    const std::string text = say({lens, "lm", "abcd", "--top", "99"});
    EXPECT_THAT(text, HasSubstr(" −"));
    EXPECT_THAT(text, Not(HasSubstr(" -")));
  }
}

TEST_F(Lens, TheLogitLensEndsWithWhatIsPredicted) {
  run_program("clearhead", {"dump", "lm", "to be", "--save", folder_ / "all.safetensors"},
              folder_.path());
  const Tensor logits = read_tensors(folder_ / "all.safetensors").at("logits");
  const Tensor last = saved({"logits", "lm", "to be"}).at("blocks.0.hook_resid_post.logits");
  expect_near(last, logits, 1e-4);
  EXPECT_THAT(say({"logits", "lm", "to be", "--at", "1"}), HasSubstr("token 1, o:"));
}

TEST_F(Lens, AblationIsWhatAblatingDoes) {
  const Tensor effects =
      saved({"ablate", "lm", "to be", "--token", "a"}).at("blocks.0.attn.hook_z.effect");
  const auto logit = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"dump", "lm", "to be", "--save", folder_ / "all.safetensors"});
    run_program("clearhead", more, folder_.path());
    return read_tensors(folder_ / "all.safetensors").at("logits").at({0, 4, 3});
  };
  EXPECT_NEAR(effects.at({1}), logit({"--ablate", "blocks.0.attn.hook_z[1]"}) - logit({}), 1e-4);
}

TEST_F(Lens, LabelsOfTwoStacksTellThemApart) {
  const std::string text = say({"ablate", "mt", "a dog"});
  for (const char* label : {"enc.0.attn ", "dec.0.attn ", "dec.0.cross "}) {
    EXPECT_THAT(text, HasSubstr(label));
  }
}

TEST_F(Lens, PatchesFromAnotherText) {
  const std::vector<std::string> patch = {
      "lm", "to be", "--from", "to we", "--of", "blocks.*.hook_resid_pre", "--each", "token"};
  for (const char* kind : {"patch", "attribute"}) {
    std::vector<std::string> arguments = patch;
    arguments.insert(arguments.begin(), kind);
    const Tensor effects = saved(arguments).at("blocks.0.hook_resid_pre.effect");
    EXPECT_EQ(effects.shape(), (Shape{5}));
    EXPECT_NEAR(effects.at({0}), 0, 1e-6);  // the same token
    EXPECT_NE(effects.at({3}), 0);
  }
  fail({"patch", "lm", "to be"}, 2, "--from TEXT");
  fail({"patch", "lm", "to be", "--from", "to"}, 2, "as many tokens");
}

TEST_F(Lens, ScoresHeadsOnRandomTokensOrAText) {
  EXPECT_THAT(say({"heads", "lm", "--tokens", "8"}), HasSubstr("text (16 tokens):"));
  EXPECT_NE(say({"heads", "lm", "--tokens", "8"}),
            say({"heads", "lm", "--tokens", "8", "--seed", "2"}));
  EXPECT_THAT(say({"heads", "lm", "to be to be"}), HasSubstr("induction"));
  say({"heads", "masked", "--tokens", "8"});
  EXPECT_NE(say({"heads", "lm", "--tokens", "8"}),
            say({"heads", "lm", "--tokens", "8", "--ablate", "blocks.0.attn.hook_q"}));
  fail({"heads", "lm", "--ablate", "hook_nothing"}, 2, "hook_nothing");
  fail({"heads", "lm", "--last", "3"}, 2, "--last is for a TEXT");
  EXPECT_EQ(saved({"heads", "mt", "a dog", "--attention", "encoder"}).at("induction").shape(),
            (Shape{1, 2}));
  fail({"heads", "lm", "--tokens", "17"}, 2, "16 of them twice");
  fail({"heads", "lm", "to be", "--tokens", "4"}, 2, "choose one");
  fail({"heads", "mt"}, 2, "reads a TEXT");
  fail({"heads", "mt", "a dog"}, 2, "--attention encoder");
}

TEST_F(Lens, TakesModelsThatReadATextAsAWhole) {
  write_embedding_model(folder_ / "vectors");
  write_classification_model(folder_ / "classes");
  for (const char* kind : {"pattern", "norms", "rollout", "zeroing"}) {
    EXPECT_THAT(say({kind, "vectors", "a dog"}), HasSubstr("<s> a ␣ d o g </s>")) << kind;
  }
  fail({"decompose", "vectors", "a dog"}, 2, "makes a vector of a text");
  EXPECT_THAT(say({"ablate", "classes", "a dog", "--token", "no"}),
              HasSubstr("Explained: the logit of no of the text, which is "));
  EXPECT_THAT(say({"logits", "classes", "a dog"}), HasSubstr("of the text:"));
  say({"gradients", "classes", "a dog", "--token", "yes", "--against", "no"});
  fail({"ablate", "classes", "a dog", "--token", "maybe"}, 2, "expected yes or no, got \"maybe\"");
  fail({"ablate", "classes", "a dog", "--at", "0"}, 2, "--at: a class");
}

TEST_F(Lens, WrongUseSaysWhatToDo) {
  fail({"pattern", "lm"}, 2, "which TEXT?");
  fail({"pattern", "lm", "to be", "--layers", "1"}, 2, "--layers 1: there is 1 of them");
  fail({"pattern", "lm", "to be", "--heads", "0,2"}, 2, "--heads 2: there are 2");
  fail({"rollout", "mt", "a dog"}, 2, "--attention encoder");
  fail({"decompose", "lm", "to be", "--token", "ab"}, 2, "expected one token");
  fail({"decompose", "lm", "to be", "--token", "é"}, 2, "has no such token");
  fail({"decompose", "lm", "to be", "--at", "5"}, 2, "--at 5: there are 5 tokens");
  fail({"decompose", "lm", "to be", "--token", "a", "--against", "a"}, 2, "the token itself");
  fail({"decompose", "masked", "a dog"}, 2, "--at says");
  fail({"ablate", "lm", "to be", "--of", "blocks.0.attn.hook_qq"}, 1,
       "those most like it: blocks.0.attn.hook_q");
  fail({"ablate", "lm", "to be", "--of", "*hook_mlp_out", "--each", "head"}, 1, "sweep by token");
  fail({"pattern", "lm", "to be", "--heads", "0,0"}, 2, "--heads 0: it is there twice");
}

}  // namespace
}  // namespace clearhead
