// clearhead attend: what does not fit is refused, with what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/attend.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(AttendErrors, ShapesThatDoNotFitAreNamedWithWhatToDo) {
  const TemporaryFolder folder;
  folder.write("three.csv", "1,2,3\n4,5,6\n7,8,9\n1,1,1\n");
  folder.write("two.csv", "1,2\n3,4\n5,6\n");
  folder.write("short.csv", "1,2,3\n4,5,6\n");
  folder.write("letters.csv", "1,2,3\n4,5,x\n");
  folder.write("packed.csv.gz", "");
  write_tensors(folder / "none.npy", {{{"x", Tensor({0, 4})}}, {}});
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> uses = {
      {{"--q", "three.csv", "--k", "two.csv", "--v", "two.csv"},
       {"q (three.csv) is [4, 3]", "k (two.csv) is [3, 2]", "as many numbers as a key", "3 and 2",
        "wrong way round"}},
      {{"--q", "three.csv", "--k", "three.csv", "--v", "short.csv"},
       {"k (three.csv) is [4, 3]", "v (short.csv) is [2, 3]", "4 keys and 2 values"}},
      {{"--x", "three.csv", "--heads", "2"}, {"x (three.csv) is [4, 3]", "into 2 heads"}},
      {{"--x", "three.csv", "--mask", "two.csv"},
       {"mask (two.csv) is [3, 2]", "4 queries and 4 keys", "[4, 4]"}},
      {{"--x", "three.csv", "--layout", "thd"}, {"x (three.csv) is [4, 3]", "layout thd has 3"}},
      {{"--x", "three.csv", "--w-q", "two.csv", "--w-k", "two.csv", "--w-v", "short.csv"},
       {"x (three.csv) is [4, 3]", "w-v (short.csv) is [2, 3]", "3 numbers", "2 rows"}},
      {{"--x", "three.csv", "--labels", "a,b"}, {"4 queries", "2 labels"}},
      {{"--x", "three.csv", "--nonpad-kv-seqlen", "1,2"}, {"batch of 1", "got 2"}},
      {{"--tokens", "3", "--dim", "6", "--heads", "3", "--kv-heads", "2"},
       {"3 query heads", "2 key"}},
      {{"--x", "three.csv", "--tokens-file", "."},
       {"--tokens-file .", "expected a file, got a folder"}},
      {{"--x", "letters.csv"}, {"letters.csv", "line 2, column 3"}},
      {{"--x", "missing.csv"}, {"missing.csv"}},
      {{"--x", "none.npy"}, {"x (none.npy) is [0, 4]", "nothing in it"}},
      {{"--x", "hook_q"}, {"--x hook_q: there is no such file; if it is a tensor", "--from FILE"}},
      {{"--x", "packed.csv.gz"}, {"packed.csv.gz: ", "unpack it with gunzip"}},
      {{"--x", "."}, {".: expected a file of numbers, got a folder"}},
      {{"--from", ".", "--x", "q"}, {".: expected a file of numbers, got a folder"}},
  };
  for (const auto& [arguments, said] : uses) {
    const ProgramResult result = run_program(
        "clearhead", with({"attend", "--out", "figure.svg", "--save", "steps.npz"}, arguments),
        folder.path());
    EXPECT_EQ(result.status, 1) << said[0];
    EXPECT_THAT(result.error, StartsWith("clearhead: "));
    for (const std::string& part : said) EXPECT_THAT(result.error, HasSubstr(part));
    EXPECT_EQ(result.out, "") << said[0];
  }
  EXPECT_THAT(folder.names(), ElementsAre("letters.csv", "none.npy", "packed.csv.gz", "short.csv",
                                          "three.csv", "two.csv"))
      << "nothing may be left of a failure";
}

TEST(AttendErrors, WhatTheInputDoesNotHaveIsWrongUse) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> uses = {
      {{"--explain", "0,3,1"},
       "--explain 0,3,1: there is no such place in hook_z, which has head 0, query 0 to 2, dim 0 "
       "to "
       "3"},
      {{"--explain", "hook_row_max[0,-4]"},
       "there is no such place in hook_row_max, which has head 0, query 0 to 2"},
      {{"--explain", "hook_z[0,:,1]"},
       "expected the place of one number in hook_z, which has head 0, query 0 to 2, dim 0 to 3"},
      {{"--explain", "hook_patern[0,0,0]"}, "those most like it: hook_pattern"},
      {{"--heads", "3"}, "--dim 4 does not divide into --heads 3"},
  };
  for (const auto& [more, said] : uses) {
    const ProgramResult result = run_program("clearhead", with(kDemo, more));
    EXPECT_EQ(result.status, 2) << said;
    EXPECT_THAT(result.error, HasSubstr(said));
    EXPECT_EQ(result.out, "");
  }
}

TEST(AttendErrors, AFileOfSeveralTensorsSaysWhatItHas) {
  const TemporaryFolder folder;
  say(with(kDemo, {"--save", folder / "steps.npz"}));
  const ProgramResult unnamed =
      run_program("clearhead", {"attend", "--x", "steps.npz"}, folder.path());
  EXPECT_EQ(unnamed.status, 1);
  EXPECT_THAT(unnamed.error, AllOf(HasSubstr("--from steps.npz --x NAME"), HasSubstr("W_Q")));
  const ProgramResult none =
      run_program("clearhead", {"attend", "--from", "steps.npz"}, folder.path());
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.error, HasSubstr("hook_q f32 [3, 4]"));
  const ProgramResult mistyped =
      run_program("clearhead", {"attend", "--from", "steps.npz", "--x", "hook_zz"}, folder.path());
  EXPECT_EQ(mistyped.status, 1);
  EXPECT_THAT(mistyped.error, HasSubstr("hook_z"));
}

TEST(AttendErrors, ByHandIsRefusedWhereItWouldTakeTooMuch) {
  const TemporaryFolder folder;
  write_tensors(folder / "long.npy", {{{"x", Tensor({65536, 1})}}, {}});
  for (const char* way : {"--by-hand", "--gradients"}) {
    const ProgramResult result =
        run_program("clearhead", {"attend", "--x", folder / "long.npy", way});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.error, AllOf(HasSubstr("bytes"), HasSubstr("Take fewer tokens"),
                                    HasSubstr("--fused, and neither --by-hand nor --gradients")));
  }
}

}  // namespace
}  // namespace clearhead
