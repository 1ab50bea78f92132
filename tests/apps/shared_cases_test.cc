// Inputs that went wrong once, of the shared data: each command says what is right. Skipped where
// the data are not.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/io.h"
#include "clearhead/tensor/npy.h"
#include "tests/apps/program.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kModels = CLEARHEAD_SOURCE_DIR "/models/";

class SharedCases : public testing::Test {
 protected:
  void SetUp() override {
    const auto cases = shared_path("cases/2026-11");
    if (!cases) GTEST_SKIP() << "the shared data are not there";
    cases_ = *cases;
  }

  ProgramResult run(const std::vector<std::string>& arguments) {
    return run_program("clearhead", arguments, cases_);
  }
  std::string say(const std::vector<std::string>& arguments) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  }
  // What attention of these inputs is.
  NamedTensors steps(std::vector<std::string> arguments) {
    const std::string path = folder_ / "steps.npz";
    arguments.insert(arguments.begin(), "attend");
    arguments.insert(arguments.end(), {"--save", path});
    say(arguments);
    return read_tensors(path);
  }

  const TemporaryFolder folder_;
  std::filesystem::path cases_;
};

TEST_F(SharedCases, AByteOrderMarkIsNoText) {
  const std::string model = kModels + "en-fr";
  EXPECT_THAT(say({"translate", model, "--file", "bom.txt"}),
              StartsWith("un homme joue de la guitare."));
  EXPECT_THAT(say({"evaluate", model, "--source", "bom.txt", "--target", "target.fr"}),
              AllOf(HasSubstr("100.00"), HasSubstr("0.0583")));
  EXPECT_THAT(say({"evaluate", kModels + "shakespeare", "--file", "lm_bom.txt"}),
              HasSubstr("1.3024"));
  EXPECT_EQ(run_shell("printf '\\xef\\xbb\\xbfA dog runs.\\n' | " CLEARHEAD_BIN_DIR
                      "/clearhead translate " +
                      model)
                .out,
            "un chien court.\n");
}

TEST_F(SharedCases, WhatIsTrainedOnHasNoByteOrderMark) {
  say({"train", "recipe_bom.json", "--data", ".", "--out", folder_ / "run"});
  EXPECT_THAT(folder_.read("run/model/config.json"), HasSubstr("\"vocabulary\": 17"));
}

TEST_F(SharedCases, WhatCannotBeReadHindersNoneOfTheOthers) {
  for (const char* file :
       {"qkv_plus_tokens.npz", "qkv_plus_object.npz", "qkv_plus_u64.safetensors"}) {
    SCOPED_TRACE(file);
    EXPECT_THAT(say({"attend", "--from", file, "--q", "q", "--k", "k", "--v", "v"}),
                HasSubstr("attention of "));
  }
}

TEST_F(SharedCases, AMaskIsReadByItsType) {
  const Tensor whole =
      steps({"--x", "x.npy", "--mask", "mask_all_zero_i64.npy"}).at("hook_pattern");
  const Tensor floating =
      steps({"--x", "x.npy", "--mask", "mask_all_zero_f32.npy"}).at("hook_pattern");
  const Tensor unmasked = steps({"--x", "x.npy"}).at("hook_pattern");
  for (std::int64_t i = 0; i < whole.count(); ++i) {
    const Index index = unflatten(i, whole.shape());
    EXPECT_EQ(whole.at(index), 0);
    EXPECT_EQ(floating.at(index), unmasked.at(index));
  }
  EXPECT_THAT(say({"attend", "--x", "x.npy", "--mask", "mask_all_zero_f32.npy"}),
              AllOf(HasSubstr("floating-point numbers"), Not(HasSubstr("other numbers"))));
}

TEST_F(SharedCases, NoRowOfATableIsLostWithoutAWord) {
  EXPECT_THAT(run({"attend", "--x", "first_row_na.csv"}).error,
              HasSubstr("first_row_na.csv: line 1, column 2: 'NA' is no number"));
  EXPECT_THAT(say({"attend", "--x", "space_token_first.csv"}),
              StartsWith("attention of 3 queries to 3 keys: 1 head of 2 dims"));
  EXPECT_THAT(say({"attend", "--x", "pandas_index_false.csv"}),
              AllOf(StartsWith("attention of 3 queries"), HasSubstr("note: ")));
  EXPECT_THAT(run({"attend", "--x", "savetxt_header.csv"}).error, HasSubstr("line 1: "));
  EXPECT_THAT(say({"attend", "--x", "r_write_table.csv"}),
              AllOf(StartsWith("attention of 2 queries"), HasSubstr("'a', 'b'")));
}

TEST_F(SharedCases, WhatAModelHasNotLearntIsEscapedAndTheFileNamed) {
  const std::string model = kModels + "shakespeare";
  EXPECT_THAT(
      run({"evaluate", model, "--file", "lm_crlf.txt"}).error,
      AllOf(HasSubstr("lm_crlf.txt: "), HasSubstr("\"\\x0d\" (U+000D)"), Not(HasSubstr("\r"))));
  EXPECT_THAT(run({"evaluate", model, "--file", "nul.txt"}).error,
              AllOf(HasSubstr("nul.txt: "), HasSubstr("\"\\x00\" (U+0000); --replace")));
}

TEST_F(SharedCases, WeightsOfAMapThatAreMaskedAreZero) {
  const std::string path = folder_ / "w.npy";
  say({"map", "--q", "qk.npy", "--k", "qk.npy", "--causal", "--window", "0:6,0:6", "--save", path});
  const Tensor weights = read_npy(path);
  ASSERT_EQ(weights.shape(), (Shape{6, 6}));
  for (std::int64_t query = 0; query < 6; ++query) {
    double sum = 0;
    for (std::int64_t key = 0; key < 6; ++key) {
      const double weight = weights.at({query, key});
      if (key > query) {
        EXPECT_EQ(weight, 0);
      }
      sum += weight;
    }
    EXPECT_NEAR(sum, 1, 1e-6);
  }
}

TEST_F(SharedCases, WrongUseIsFoundBeforeAnythingIsPrinted) {
  const std::string shakespeare = kModels + "shakespeare";
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"see", "--what is this"}, "clearhead see … -- \"--what is this\""},
      {{"fill", "captions", "--a <mask>"}, "clearhead fill … -- \"--a <mask>\""},
      {{"translate", "en-fr", "-A dog."}, "clearhead translate … -- \"-A dog.\""},
      {{"generate", shakespeare, "--prompt", "ROMEO:", "--top-p", "0"}, "--top-p: "},
      {{"generate", shakespeare, "--prompt", "ROMEO:", "--top-p", "1.5"}, "--top-p: "},
      {{"generate", shakespeare, "--prompt", "ROMEO:", "--temperature", "-1"}, "--temperature: "},
  };
  for (const auto& [arguments, says] : wrong) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.status, 2) << says;
    EXPECT_EQ(result.out, "") << says;
    EXPECT_THAT(result.error, HasSubstr(says));
  }
}

TEST_F(SharedCases, ARecipeIsBlamedInItsOwnWords) {
  EXPECT_THAT(run({"train", "recipe_heads3.json", "--data", ".", "--out", folder_ / "run"}).error,
              AllOf(HasSubstr("channels 16"), HasSubstr("3 heads"), Not(HasSubstr("embed_dim"))));
}

}  // namespace
}  // namespace clearhead
