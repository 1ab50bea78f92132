// Every sample of X12 in the shared data is read, or refused claim by claim with place and reason,
// and agrees with the count that count_x12.py makes on its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/x12.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

const std::string kFolder = CLEARHEAD_SOURCE_DIR "/tests/claims/";

Money sum(const std::vector<Adjustment>& adjustments) {
  Money sum;
  for (const Adjustment& adjustment : adjustments) sum = sum + *adjustment.amount;
  return sum;
}

// A claim as a row of the table.
std::string row_of(const std::string& file, const Claim& claim) {
  Money adjusted = sum(claim.adjustments);
  for (const Line& line : claim.lines) adjusted = adjusted + sum(line.adjustments);
  return file + "," + *claim.id + "," + std::to_string(claim.lines.size()) + "," +
         std::to_string(claim.diagnoses.size()) + "," + std::to_string(claim.charge->cents) + "," +
         std::to_string(adjusted.cents);
}

// The rows of the table by file.
std::map<std::string, std::vector<std::string>> rows_of_samples() {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream table(content(kFolder + "data/x12_counts.csv"));
  std::string row;
  std::getline(table, row);
  while (std::getline(table, row)) rows[row.substr(0, row.find(','))].push_back(row);
  return rows;
}

class X12Samples : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = shared_path("data/claims/x12");
    if (!folder) GTEST_SKIP() << "no shared data";
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
      files_.push_back(entry.path());
    }
    std::sort(files_.begin(), files_.end());
  }

  // Checks a refusal's own words.
  static void check(const Refusal& refusal, std::uint64_t size) {
    EXPECT_LT(refusal.place.byte, size);
    EXPECT_FALSE(refusal.place.part.empty());
    EXPECT_EQ(refusal.reason.substr(0, 9), "expected ");
  }

  std::vector<std::filesystem::path> files_;
};

TEST_F(X12Samples, AgreeWithTheIndependentCount) {
  const auto rows = rows_of_samples();
  ReadSummary total;
  for (const auto& path : files_) {
    const std::string file = path.filename().string();
    std::vector<std::string> expected =
        rows.contains(file) ? rows.at(file) : std::vector<std::string>{};
    std::vector<std::string> given;
    ClaimSink sink;
    sink.claim = [&](const Claim& claim) { given.push_back(row_of(file, claim)); };
    sink.refusal = [&](const Refusal& refusal) {
      check(refusal, std::filesystem::file_size(path));
      given.push_back(file + "," + refusal.claim);
    };
    ByteStream stream(path);
    const ReadSummary summary = read_x12(stream, sink);
    ASSERT_EQ(given.size(), expected.size()) << file;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const bool refused = std::count(given[i].begin(), given[i].end(), ',') == 1;
      EXPECT_EQ(given[i], refused ? expected[i].substr(0, given[i].size()) : expected[i]);
    }
    EXPECT_FALSE(summary.format.empty()) << file;
    total.claims += summary.claims;
    total.refusals += summary.refusals;
  }
  EXPECT_EQ(files_.size(), 86u);
  EXPECT_EQ(total.claims, 72);
  EXPECT_EQ(total.refusals, 52);
}

// Byte for byte: else the table is not what the script says.
TEST_F(X12Samples, TheTableIsThatOfTheScript) {
  const std::string python = "/usr/bin/python3";
  if (!std::filesystem::exists(python)) GTEST_SKIP() << "no " << python;
  const TemporaryFolder folder;
  const std::string out = (folder / "counts.csv").string();
  const std::string command = python + " " + kFolder + "count_x12.py " +
                              files_.front().parent_path().string() + " > " + out;
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(content(out), content(kFolder + "data/x12_counts.csv"));
}

// The rest of the broken ones are of imsweb, whose HI have no codes.
TEST_F(X12Samples, RefusalsNameTheElement) {
  std::vector<std::string> given;
  for (const auto& path : files_) {
    if (path.filename().string().starts_with("imsweb")) continue;
    ClaimSink sink;
    sink.refusal = [&](const Refusal& refusal) {
      given.push_back(path.stem().string() + " " + refusal.place.part + " " + refusal.reason);
    };
    ByteStream stream(path);
    read_x12(stream, sink);
  }
  EXPECT_EQ(given,
            (std::vector<std::string>{
                "edi835-blue_cross_nc_sample SVC-02 expected an amount, got nothing",
                "lfh-835_005010X221A1_tertiary-payment SVC-01 expected a list and a code of "
                "it, such as HC:99213, got \"HC\"",
                "lfh-837_004010X096A1_workers-compensation SV2-01 expected a revenue code of "
                "four digits, got \"450.00\""}));
}

}  // namespace
}  // namespace clearhead::claims
