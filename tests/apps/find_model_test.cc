// Where the program looks for a model that is given by name.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class FindModel : public testing::Test {
 protected:
  // What `program` does with the model called `name`, run in the folder `where` of this test.
  ProgramResult fill(const std::string& name, const std::string& where = "",
                     const std::string& program = CLEARHEAD_BIN_DIR "/clearhead",
                     const std::string& surroundings = "", const std::string& options = "") {
    fs::create_directories(folder_ / where);
    return run_shell(fmt::format("cd '{}' && {} '{}' fill {} 'a <mask>' {}",
                                 (folder_ / where).string(), surroundings, program, name, options));
  }

  const TemporaryFolder folder_;
};

TEST_F(FindModel, InModelsHereOrWhereItIsSaid) {
  write_masked_model(folder_ / "here/models/guesser");
  write_masked_model(folder_ / "there/guesser");
  EXPECT_EQ(fill("guesser", "here").status, 0);
  EXPECT_EQ(fill("guesser").status, 1);
  const std::string program = CLEARHEAD_BIN_DIR "/clearhead";
  const std::string there = folder_ / "there";
  EXPECT_EQ(fill("guesser", "", program, "CLEARHEAD_MODELS=" + there).status, 0);
  EXPECT_EQ(fill("guesser", "", program, "", "--models " + there).status, 0);
  // What is said counts alone, the option before the variable.
  EXPECT_EQ(fill("guesser", "here", program, "CLEARHEAD_MODELS=/nowhere").status, 1);
  EXPECT_EQ(
      fill("guesser", "here", program, "CLEARHEAD_MODELS=/nowhere", "--models " + there).status, 0);
}

TEST_F(FindModel, OfTheTreeThatTheProgramWasBuiltIn) {
  if (!fs::exists(CLEARHEAD_SOURCE_DIR "/models/captions")) GTEST_SKIP() << "no models in the tree";
  EXPECT_EQ(fill("captions").status, 0);
  fs::create_symlink(CLEARHEAD_BIN_DIR "/clearhead", folder_ / "link");
  EXPECT_EQ(fill("captions", "", folder_ / "link").status, 0);
}

TEST_F(FindModel, BesideTheInstalledProgram) {
  fs::create_directories(folder_ / "prefix/bin");
  fs::copy(CLEARHEAD_BIN_DIR "/clearhead", folder_ / "prefix/bin/clearhead");
  write_masked_model(folder_ / "prefix/share/clearhead/models/guesser");
  fs::create_symlink(folder_ / "prefix/bin/clearhead", folder_ / "link");
  EXPECT_EQ(fill("guesser", "elsewhere", folder_ / "prefix/bin/clearhead").status, 0);
  EXPECT_EQ(fill("guesser", "elsewhere", folder_ / "link").status, 0);
}

TEST_F(FindModel, AFolderOfThatNameThatIsNoModelIsPassedOver) {
  write_masked_model(folder_ / "models/guesser");
  folder_.write("guesser/words.txt", "a dog");
  EXPECT_EQ(fill("guesser").status, 0);
}

TEST_F(FindModel, SaysWhereItLookedAndWhatThereIs) {
  write_masked_model(folder_ / "models/guesser");
  write_masked_model(folder_ / "models/dreamer");
  folder_.write("models/notes/words.txt", "a dog");
  folder_.write("models/other.gguf", "GGUF");
  const ProgramResult result =
      fill("poet", "", CLEARHEAD_BIN_DIR "/clearhead", "", "--models models");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(
      result.error,
      StartsWith("clearhead: there is no model \"poet\": looked for poet, models/poet; "
                 "expected a folder that `clearhead train` or Hugging Face's transformers wrote, "
                 "or a .gguf file, or a name: dreamer, guesser or other.gguf"));
  EXPECT_THAT(result.error, AllOf(HasSubstr("--models FOLDER"), HasSubstr("CLEARHEAD_MODELS")));
  EXPECT_THAT(
      fill("\"\"", "", CLEARHEAD_BIN_DIR "/clearhead", "", "--models models").error,
      HasSubstr("which MODEL? Give the folder of one, or a name: dreamer, guesser or other.gguf"));
  const auto error_of = [&](const char* model) {
    return fill(model, "", CLEARHEAD_BIN_DIR "/clearhead", "", "--models models").error;
  };
  EXPECT_THAT(error_of("other.gguf"), HasSubstr("models/other.gguf: byte 4: the version"));
  EXPECT_THAT(error_of("models/notes/words.txt"),
              HasSubstr("transformers wrote, or a .gguf file, got a file"));
}

}  // namespace
}  // namespace clearhead
