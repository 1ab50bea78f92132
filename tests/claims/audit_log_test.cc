// A log to which lines are only added, and hashes that sha256sum gives too.
#include "clearhead/claims/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

/// An environment variable as it was when the object goes.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(AuditLog, SaysWhoDidWhatWhen) {
  const TemporaryFolder folder;
  AuditLog(folder / "log.jsonl")
      .add({.command = "claims score",
            .data = "/data/a",
            .data_hash = "12ab",
            .model = "/models/claims",
            .model_hash = "34cd",
            .counts = {{"claims", 740}, {"refusals", 2}}});
  const auto lines = lines_of(folder.read("log.jsonl"));
  ASSERT_EQ(lines.size(), 1u);
  const auto& line = lines[0];
  EXPECT_THAT(line.at("time").get<std::string>(), MatchesRegex("20[0-9-]{8}T[0-9:]{8}Z"));
  EXPECT_FALSE(line.at("user").get<std::string>().empty());
  EXPECT_EQ(line.at("command"), "claims score");
  EXPECT_EQ(line.at("data"), "/data/a");
  EXPECT_EQ(line.at("data_sha256"), "12ab");
  EXPECT_EQ(line.at("model"), "/models/claims");
  EXPECT_EQ(line.at("model_sha256"), "34cd");
  EXPECT_EQ(line.at("claims"), 740);
  EXPECT_EQ(line.at("refusals"), 2);
}

TEST(AuditLog, IsForItsOwnerAlone) {
  const TemporaryFolder folder;
  AuditLog log(folder / "log.jsonl");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "log.jsonl").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(AuditLog, KeepsWhatIsThere) {
  const TemporaryFolder folder;
  folder.write("log.jsonl", "{\"command\":\"before\"}\n");
  AuditLog(folder / "log.jsonl").add({.command = "first"});
  AuditLog(folder / "log.jsonl").add({.command = "second"});
  const auto lines = lines_of(folder.read("log.jsonl"));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at("command"), "before");
  EXPECT_EQ(lines[2].at("command"), "second");
  EXPECT_FALSE(lines[2].contains("model")) << "none was used";
}

TEST(AuditLog, AnUnfinishedLineDoesNotSwallowTheNext) {
  const TemporaryFolder folder;
  folder.write("log.jsonl", "{\"comm");
  AuditLog(folder / "log.jsonl").add({.command = "first"});
  const std::string text = folder.read("log.jsonl");
  EXPECT_TRUE(text.starts_with("{\"comm\n{\"time\""));
}

TEST(AuditLog, LinesOfSeveralProcessesStayWhole) {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&folder, i] {
      AuditLog log(folder / "log.jsonl");
      for (int j = 0; j < 20; ++j)
        log.add({.command = std::string(100, static_cast<char>('a' + i))});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines_of(folder.read("log.jsonl")).size(), 80u);
}

TEST(AuditLog, ThatCannotBeWrittenStopsTheCommand) {
  const TemporaryFolder folder;
  expect_error([&] { AuditLog log(folder / "no" / "log.jsonl"); },
               "cannot open the audit log: No such file or directory; nothing was done");
  expect_error([&] { AuditLog log(folder.path()); }, "cannot open the audit log");
  expect_error([&] { AuditLog("/dev/full").add({.command = "x"}); },
               "cannot write to the audit log: No space left on device");
}

TEST(AuditLog, StandsWhereTheEnvironmentSays) {
  const TemporaryFolder folder;
  {
    const Variable named("CLEARHEAD_AUDIT_LOG", "/somewhere/log");
    EXPECT_EQ(default_audit_log(), "/somewhere/log");
  }
  const Variable unnamed("CLEARHEAD_AUDIT_LOG", nullptr);
  const Variable home("HOME", folder.path().c_str());
  {
    const Variable state("XDG_STATE_HOME", (folder / "state").c_str());
    EXPECT_EQ(default_audit_log(), folder / "state/clearhead/claims-audit.jsonl");
  }
  const Variable state("XDG_STATE_HOME", nullptr);
  EXPECT_EQ(default_audit_log(), folder / ".local/state/clearhead/claims-audit.jsonl");
  EXPECT_TRUE(std::filesystem::is_directory(folder / ".local/state/clearhead"));
  const Variable nobody("HOME", nullptr);
  expect_error([] { default_audit_log(); }, "set CLEARHEAD_AUDIT_LOG");
}

TEST(Sha256Of, FilesAsSha256sumPrintsThem) {
  const TemporaryFolder folder;
  EXPECT_EQ(sha256_of(folder.write("b", "abc")),  // FIPS 180-4
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(folder.write("a", "")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of(folder.write("sub/long", std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  expect_error([&] { sha256_of(folder / "none"); }, "cannot read");
  EXPECT_EQ(sha256_of("/dev/null"), "");
}

TEST(Sha256Of, FoldersChangeWithTheirFiles) {
  const TemporaryFolder folder;
  folder.write("b", "abc");
  folder.write("a", "");
  folder.write("sub/c", "");
  EXPECT_EQ(sha256_of(folder.path()),  // sha256sum a b | sha256sum
            "bf6e2103d6cbead28abb7d3fec372bc25d03a35b1647e83e090248eb08d0adae");
  folder.write("b", "abd");
  EXPECT_NE(sha256_of(folder.path()),
            "bf6e2103d6cbead28abb7d3fec372bc25d03a35b1647e83e090248eb08d0adae");
}

}  // namespace
}  // namespace clearhead::claims
