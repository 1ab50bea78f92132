// Mapped files, and files written whole or not at all.
#include "clearhead/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing.h"

namespace clearhead {
namespace {

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  write_file(path, [&](std::ostream& to) { to << text; });
}

std::ptrdiff_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

TEST(MappedFile, HasTheBytesOfTheFile) {
  const TemporaryFolder folder;
  set_content(folder / "a", bytes("one\0two"));
  EXPECT_EQ(text_of(*MappedFile::open(folder / "a")), bytes("one\0two"));
  set_content(folder / "empty", "");
  EXPECT_EQ(MappedFile::open(folder / "empty")->bytes().size(), 0u);
}

TEST(MappedFile, StaysAsItWasWhenTheFileIsReplacedOrRemoved) {
  const TemporaryFolder folder;
  set_content(folder / "a", "old");
  const auto file = MappedFile::open(folder / "a");
  write_text(folder / "a", "new and longer");
  EXPECT_EQ(text_of(*file), "old");
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(text_of(*file), "old");
}

TEST(MappedFile, NamesWhatCannotBeOpened) {
  const TemporaryFolder folder;
  expect_error([&] { MappedFile::open(folder / "missing"); }, "missing: cannot open: No such file");
  expect_error([&] { MappedFile::open(folder.path()); }, "expected a regular file");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_error([&] { MappedFile::open(folder / "pipe"); }, "expected a regular file");
}

TEST(MakeFolder, MakesAllThatAreMissing) {
  const TemporaryFolder folder;
  for (int i = 0; i < 2; ++i) make_folder(folder / "a" / "b");  // one that is there is no fault
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a" / "b"));
  set_content(folder / "file", "");
  expect_error([&] { make_folder(folder / "file" / "a"); },
               (folder / "file" / "a").string() + ": cannot make this folder: Not a directory");
}

TEST(WriteFile, MakesAndReplaces) {
  const TemporaryFolder folder;
  write_text(folder / "a", "one");
  EXPECT_EQ(content(folder / "a"), "one");
  write_text(folder / "a", "2");
  EXPECT_EQ(content(folder / "a"), "2");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(WriteFile, LeavesTheOldFileWhenWritingFails) {
  const TemporaryFolder folder;
  set_content(folder / "a", "old");
  const auto fail = [](std::ostream& to) {
    to << "half";
    throw std::runtime_error("in the middle");
  };
  EXPECT_THROW(write_file(folder / "a", fail), std::runtime_error);
  EXPECT_EQ(content(folder / "a"), "old");
  expect_error(
      [&] { write_file(folder / "a", [](std::ostream& to) { to.setstate(std::ios::badbit); }); },
      "a: cannot write");
  EXPECT_EQ(content(folder / "a"), "old");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(WriteFile, NamesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  expect_error([&] { write_text(folder / "no/such/a", "x"); }, "no/such; make it first");
  expect_error([&] { write_text(folder.path(), "x"); }, "it is a folder");
  expect_error([&] { write_text("/dev/full", "x"); }, "/dev/full: cannot write: No space left");
}

TEST(CheckWritable, SaysBeforehandWhatWriteFileWouldSay) {
  const TemporaryFolder folder;
  set_content(folder / "file", "old");
  std::filesystem::create_symlink("no/such/a", folder / "link");
  std::vector<std::filesystem::path> all = {folder / "no/such/a", folder.path(), folder / "file/a",
                                            "/proc/a", folder / std::string(300, 'a')};
  std::filesystem::create_directory(folder / "closed");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_read);
  if (::geteuid() != 0) all.push_back(folder / "closed/a");  // root may write everywhere
  for (const std::filesystem::path& path : all) {
    std::string said;
    try {
      write_text(path, "x");
    } catch (const Error& error) {
      said = error.what();
    }
    EXPECT_NE(said, "") << path;
    expect_error([&] { check_writable(path); }, said);
  }
}

TEST(CheckWritable, LeavesWhatIsThere) {
  const TemporaryFolder folder;
  set_content(folder / "file", "old");
  std::filesystem::create_symlink("file", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const char* name : {"file", "link", "pipe", "new"}) check_writable(folder / name);
  check_writable("/dev/stdout");
  EXPECT_EQ(content(folder / "file"), "old");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(entries(folder.path()), 3);
}

// A disk that is full is played by a limit on the size of files: a write past it fails.
TEST(CheckWritable, FindsThatADiskIsFull) {
  const TemporaryFolder folder;
  set_content(folder / "file", "old");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {16, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string said;
  try {
    check_writable(folder / "file");
  } catch (const Error& error) {
    said = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(said.find("file: cannot write"), std::string::npos) << said;
  EXPECT_EQ(content(folder / "file"), "old");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(WriteFile, ReplacesWhatALinkPointsTo) {
  const TemporaryFolder folder;
  set_content(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_text(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(content(folder / "target"), "new");
}

TEST(WriteFile, WritesToADeviceOrPipeWithoutReplacingIt) {
  write_text("/dev/null", "x");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = content(folder / "pipe"); });
  write_text(folder / "pipe", "through");
  reader.join();
  EXPECT_EQ(received, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
}

}  // namespace
}  // namespace clearhead
