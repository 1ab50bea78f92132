// Mapped files, and files written whole or not at all.
#include "clearhead/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/files.h"

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
  expect_error([&] { write_text(folder / "no/such/folder", "x"); }, "cannot write: No such file");
  expect_error([&] { write_text(folder.path(), "x"); }, "it is a folder");
  expect_error([&] { write_text("/dev/full", "x"); }, "/dev/full: cannot write: No space left");
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
