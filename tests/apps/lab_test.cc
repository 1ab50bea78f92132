// clearhead lab: what it prints and writes, and that a stopped experiment goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/csv.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> memory_command(const TemporaryFolder& folder) {
  return {"lab",   "memory",         "--parameters", "1500",          "--distances",
          "2,3",   "--steps",        "10",           "--seed",        "3",
          "--csv", folder / "m.csv", "--out",        folder / "m.svg"};
}

// All columns but the last, which is the time that it took.
std::vector<double> results_in(const std::string& path) {
  const Tensor values = read_csv(path).values;
  const Tensor results = values.slice(1, 0, values.size(1) - 1).contiguous();
  return {results.data<double>(), results.data<double>() + results.count()};
}

TEST(LabMemory, ShowsAndWritesWhatEachNetworkReaches) {
  const TemporaryFolder folder;
  const ProgramResult result = run_program("clearhead", memory_command(folder));
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("accuracy over steps  parameters     2     3\n"));
  EXPECT_THAT(result.out, HasSubstr("# chance"));
  EXPECT_THAT(result.out, HasSubstr("gradient after"));
  EXPECT_THAT(result.out, Not(HasSubstr("stopped")));
  EXPECT_THAT(folder.names(), ElementsAre("m-gradient.csv", "m-gradient.svg",
                                          "m-trained-gradient.svg", "m.csv", "m.svg"));
  const Table table = read_csv(folder / "m.csv");
  EXPECT_THAT(table.row_labels, ElementsAre("RNN", "LSTM", "GRU", "transformer", "RNN", "LSTM",
                                            "GRU", "transformer"));
  EXPECT_EQ(read_csv(folder / "m-gradient.csv").values.size(0), 4 * (3 + 4));
}

TEST(LabMemory, GoesOnFromWhatIsThere) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program("clearhead", memory_command(folder)).status, 0);
  const std::string all = folder.read("m.csv");
  const std::vector<double> results = results_in(folder / "m.csv");

  EXPECT_EQ(run_program("clearhead", memory_command(folder)).status, 0);
  EXPECT_EQ(folder.read("m.csv"), all) << "nothing was left to do";

  const std::size_t last_row = all.rfind('\n', all.size() - 2) + 1;
  folder.write("m.csv", all.substr(0, last_row));
  const ProgramResult result = run_program("clearhead", memory_command(folder));
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("transformer over 3: accuracy"));
  EXPECT_THAT(result.error, Not(HasSubstr("GRU over 3: accuracy")));
  EXPECT_EQ(results_in(folder / "m.csv"), results);
  EXPECT_EQ(folder.read("m.csv").substr(0, last_row), all.substr(0, last_row));
}

TEST(LabMemory, DoesNotMixExperiments) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program("clearhead", memory_command(folder)).status, 0);
  std::vector<std::string> other = memory_command(folder);
  *(std::find(other.begin(), other.end(), "--seed") + 1) = "4";
  ProgramResult result = run_program("clearhead", other);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("has results of other options; take another file"));

  folder.write("m.csv", ",a\n\"RNN\",1\n");
  result = run_program("clearhead", memory_command(folder));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("these are no results of lab memory"));
}

TEST(LabParallel, ShowsAndWritesTimes) {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(
      "clearhead", {"lab", "parallel", "--parameters", "2000", "--lengths", "4,8", "--rounds", "1",
                    "--threads", "2", "--csv", folder / "p.csv", "--out", folder / "p.svg"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("kernels run as"));
  EXPECT_THAT(result.out, ContainsRegex("forward ms +1 : 2 +training ms +1 : 2 +tokens/s\n"));
  EXPECT_THAT(folder.names(), ElementsAre("p-forward.svg", "p-speed-up.svg", "p.csv", "p.svg"));
  const Table table = read_csv(folder / "p.csv");
  EXPECT_EQ(table.values.shape(), (Shape{4 * 2 * 2, 5}));  // networks, lengths, threads
  for (std::int64_t row = 0; row < table.values.size(0); ++row) {
    for (const std::int64_t seconds : {3, 4}) EXPECT_GT(table.values.at({row, seconds}), 0);
  }
}

// The base and five others, with as much training as two steps of the base.
std::vector<std::string> knobs_command(const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "to be or not to be\n";
  folder.write("text", text);
  return {
      "lab",       "knobs",         "--dims",  "16", "--heads",  "2", "--layers", "1",
      "--lengths", "16,32",         "--steps", "2",  "--rounds", "2", "--data",   folder / "text",
      "--csv",     folder / "k.csv"};
}

TEST(LabKnobs, ShowsAndWritesWhatEachSizeCostsAndBrings) {
  const TemporaryFolder folder;
  std::vector<std::string> command = knobs_command(folder);
  command.insert(command.end(), {"--out", folder / "k.svg"});
  const ProgramResult result = run_program("clearhead", command);
  EXPECT_EQ(result.status, 0) << result.error;
  for (const char* knob : {"channels", "heads", "layers", "tokens"}) {
    EXPECT_THAT(result.out, ContainsRegex(knob + std::string(" +parameters +work, M +MiB +ms")));
  }
  EXPECT_THAT(result.out, ContainsRegex("whole step [0-9.-]+ \\(95 % interval [0-9.-]+ to "));
  EXPECT_THAT(result.out, Not(HasSubstr("stopped")));
  EXPECT_THAT(folder.names(),
              ElementsAre("k-loss.svg", "k-memory.svg", "k-time.svg", "k.csv", "k.svg", "text"));
  const Table table = read_csv(folder / "k.csv");
  ASSERT_EQ(table.values.shape(), (Shape{6, 10 + 2 + 2 * 2}));
  const auto at = [&](std::int64_t row, const std::string& name) {
    const auto& names = table.column_labels;
    return table.values.at({row, std::find(names.begin(), names.end(), name) - names.begin()});
  };
  for (std::int64_t row = 0; row < 6; ++row) {
    // Equal work, up to a whole number of steps.
    const double work = at(row, "multiply_adds");
    EXPECT_NEAR(work * at(row, "steps"), at(0, "multiply_adds") * 2, work / 2);
    for (const char* name : {"bytes", "loss", "step_seconds_2", "attention_seconds_1"}) {
      EXPECT_GT(at(row, name), 0) << name;
    }
  }
  EXPECT_LT(at(1, "parameters"), at(0, "parameters"));  // half the channels
  EXPECT_LT(at(1, "bytes"), at(0, "bytes"));
  EXPECT_EQ(at(2, "parameters"), at(0, "parameters"));  // half the heads
  EXPECT_EQ(at(2, "multiply_adds"), at(0, "multiply_adds"));
}

TEST(LabKnobs, GoesOnFromWhatIsThere) {
  const TemporaryFolder folder;
  const std::vector<std::string> command = knobs_command(folder);
  ASSERT_EQ(run_program("clearhead", command).status, 0);
  const std::string all = folder.read("k.csv");
  EXPECT_EQ(run_program("clearhead", command).status, 0);
  EXPECT_EQ(folder.read("k.csv"), all) << "nothing was left to do";

  // As if it had been stopped in the second round: columns 12 to 15 are the rounds of a step, then
  // those of attention; 11 is the loss.
  Table half = read_csv(folder / "k.csv");
  const Table whole = read_csv(folder / "k.csv");
  for (std::int64_t row = 0; row < 6; ++row) {
    for (const std::int64_t column : {11, 13, 15}) {
      half.values.mutable_data<double>()[row * 16 + column] = std::nan("");
    }
  }
  write_csv(folder / "k.csv", half);
  const ProgramResult result = run_program("clearhead", command);
  EXPECT_EQ(result.status, 0) << result.error;
  const Table again = read_csv(folder / "k.csv");
  for (std::int64_t row = 0; row < 6; ++row) {
    for (std::int64_t column = 0; column < 16; ++column) {
      const bool is_time_again = column == 13 || column == 15;
      if (is_time_again) {
        EXPECT_GT(again.values.at({row, column}), 0);
      } else {
        EXPECT_EQ(again.values.at({row, column}), whole.values.at({row, column})) << column;
      }
    }
  }
}

TEST(LabKnobs, DoesNotMixExperiments) {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", std::string(4000, 'a') + "b");
  std::vector<std::string> command = {
      "lab",      "knobs", "--dims",    "64",  "--heads", "4",
      "--layers", "2",     "--lengths", "128", "--steps", "1",
      "--rounds", "1",     "--data",    text,  "--csv",   folder / "k.csv"};
  ProgramResult result = run_program("clearhead", command);  // the base alone
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, Not(HasSubstr("exponent")));
  command.insert(command.end(), {"--seed", "4"});
  result = run_program("clearhead", command);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("has results of other options; take another file"));

  command.resize(command.size() - 2);
  std::string other = folder.read("text");  // as long, and of the same characters
  std::swap(other.front(), other.back());
  folder.write("text", other);
  result = run_program("clearhead", command);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("has results of another text; take another file"));

  folder.write("k.csv", ",a\n\"RNN\",1\n");
  result = run_program("clearhead", command);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("these are no results of lab knobs"));
}

TEST(Lab, WrongUseSaysWhatIsRight) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"lab"}, "lab needs an experiment: memory, parallel, knobs or claims"},
      {{"lab", "memroy"}, "expected memory, parallel, knobs or claims, got \"memroy\""},
      {{"lab", "memory", "--lengths", "4"}, "--lengths belongs to lab parallel or knobs"},
      {{"lab", "parallel", "--steps", "4"}, "--steps belongs to lab memory or knobs"},
      {{"lab", "knobs", "--parameters", "4"}, "--parameters belongs to lab memory or parallel"},
      {{"lab", "memory", "--data", "a.txt"}, "--data belongs to lab knobs"},
      {{"lab", "knobs", "--dims", "30"}, "--dims: 30 channels cannot be divided among 4 heads"},
      {{"lab", "knobs", "--heads", "3"}, "--heads: 64 channels cannot be divided among 3 heads"},
      {{"lab", "knobs", "--layers", "0,1"}, "--layers: expected ascending numbers"},
      {{"lab", "memory", "--distances", "8,4"}, "--distances: expected ascending numbers"},
      {{"lab", "parallel", "--lengths", "0,4"}, "--lengths: expected ascending numbers"},
  };
  for (const auto& [arguments, message] : cases) {
    const ProgramResult result = run_program("clearhead", arguments);
    EXPECT_EQ(result.status, 2) << message;
    EXPECT_THAT(result.error, HasSubstr(message));
  }
  const ProgramResult result = run_program("clearhead", {"lab", "memory", "--out", "a/b/c.svg"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("there is no folder a/b; make it first"));
}

}  // namespace
}  // namespace clearhead
