// clearhead train under mpirun: what dies or fails ends all processes, and the checkpoint stays
// whole; and processes that do not know of each other are refused. Whether those of a team
// calculate rightly is tested in tests/distributed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "clearhead/train/trainer.h"
#include "tests/apps/program.h"
#include "tests/surroundings.h"
#include "tests/testing.h"
#include "tests/train/small_run.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

class TrainTeam : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string(CLEARHEAD_MPIRUN).empty()) GTEST_SKIP() << "built without MPI";
    write_data(folder_);
    recipe_ = small_recipe(Family::decoder);
    recipe_.training.steps = 1000000;  // it will not end by itself
    recipe_.training.evaluate_every = 5;
    recipe_.training.accumulation = 3;
    folder_.write("recipe.json", write_fields(recipe_));
  }

  // Begins a run of three processes, waits for its first checkpoint, does what `then` says, and
  // waits for the end, but no longer than half a minute. Process 0 is $(<pid.0), and so on; $! is
  // what tells mpirun of signals.
  ProgramResult run_and(const std::string& then) {
    folder_.write("rank", "echo $$ >pid.$PMI_RANK; exec " CLEARHEAD_BIN_DIR
                          "/clearhead train recipe.json --out run --threads 1");
    return run_shell("cd " + folder_.path().string() +
                     "; timeout --foreground 30 " CLEARHEAD_MPIRUN
                     " -n 3 bash rank & "
                     "until [[ -e run/checkpoint.safetensors ]]; do sleep 0.05; done; " +
                     then + "; wait $!");
  }

  // Expects the bytes of one process at the step of the run's checkpoint.
  void expect_whole_checkpoint() {
    const std::filesystem::path checkpoint = folder_ / "run" / "checkpoint.safetensors";
    const std::int64_t step = read_checkpoint(checkpoint).step;
    Trainer alone(recipe_, folder_.path(), folder_ / "alone");
    const auto on_step = [&](const StepReport& report) {
      if (report.step == step + 1) throw Stop();
    };
    EXPECT_THROW(alone.training().run(on_step, kSilentEvaluation), Stop);
    EXPECT_EQ(step % recipe_.training.evaluate_every, 0);
    EXPECT_TRUE(content(checkpoint) == folder_.read("alone/checkpoint.safetensors"));
  }

  TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(TrainTeam, EndsWhenAProcessIsKilled) {
  for (const char* rank : {"0", "2"}) {
    const ProgramResult result = run_and("kill -KILL $(<pid." + std::string(rank) + ")");
    EXPECT_NE(result.status, 0);
    EXPECT_NE(result.status, 124) << "they waited for the one that was killed";
    expect_whole_checkpoint();
    std::filesystem::remove_all(folder_ / "run");
    std::filesystem::remove_all(folder_ / "alone");
  }
}

TEST_F(TrainTeam, EndsWithTheMessageWhenAProcessFails) {
  // A folder in the place of a file, which the first process then cannot write; it may have just
  // written the file again.
  const ProgramResult result =
      run_and("until rm -f run/curves.csv && mkdir run/curves.csv; do true; done 2>/dev/null");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, AllOf(HasSubstr("rank 0: "), HasSubstr("curves.csv")));
  expect_whole_checkpoint();
}

TEST_F(TrainTeam, StopsTogetherAtCtrlC) {
  const ProgramResult result = run_and("kill -INT $!");
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("the same command goes on from there"));
}

// As if the mpirun of another MPI had started this one with another.
ProgramResult run_as_one_of_two(const TemporaryFolder& folder, const std::string& command) {
  return run_shell("cd " + folder.path().string() +
                   " && OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 timeout 30 " +
                   CLEARHEAD_BIN_DIR "/clearhead " + command);
}

TEST(TrainApart, IsRefusedWhereEachWouldWriteTheSameFiles) {
  const bool has_mpi = !std::string(CLEARHEAD_MPIRUN).empty();
  const TemporaryFolder folder;
  write_data(folder);
  folder.write("recipe.json", write_fields(small_recipe(Family::decoder)));
  expect_failure(run_as_one_of_two(folder, "train recipe.json --out run"), has_mpi ? 1 : 2,
                 has_mpi ? "2 processes were started together, but this program's MPI knows of 1"
                         : "this clearhead is built without MPI; start one process, or build");
  expect_failure(run_as_one_of_two(folder, "claims train recipe.json --data claims --out run"), 2,
                 "2 processes were started together, and each would write the same files");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));

  EXPECT_EQ(run_as_one_of_two(folder, "train --schema").status, 0);
}

}  // namespace
}  // namespace clearhead
