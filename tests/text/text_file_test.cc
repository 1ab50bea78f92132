// Text files: plain and compressed, whole or an error that says where.
#include "clearhead/text/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;

// "one\ntwo\n" by gzip.
const std::string kCompressed = bytes(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcf\x4b\xe5\x2a\x29\xcf\xe7\x02\x00\xe6\x0b\xba"
    "\x12\x08\x00\x00\x00");

TEST(TextFile, IsReadPlainOrCompressed) {
  const TemporaryFolder folder;
  set_content(folder / "plain.txt", "one\ntwo\n");
  set_content(folder / "compressed.gz", kCompressed);
  EXPECT_EQ(read_text(folder / "plain.txt"), "one\ntwo\n");
  EXPECT_EQ(read_text(folder / "compressed.gz"), "one\ntwo\n");
}

TEST(TextFile, LinesHaveNoEnds) {
  const TemporaryFolder folder;
  set_content(folder / "a", "one\r\n\ntwo");
  EXPECT_THAT(read_lines(folder / "a"), ElementsAre("one", "", "two"));
  set_content(folder / "b", "\n");
  EXPECT_THAT(read_lines(folder / "b"), ElementsAre(""));
}

// "\uFEFFone\ntwo\n" by gzip.
const std::string kCompressedWithMark = bytes(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x7b\xbf\x7b\x7f\x7e\x5e\x2a\x57\x49\x79\x3e\x17"
    "\x00\x80\x4d\x19\x49\x0b\x00\x00\x00");

TEST(TextFile, AByteOrderMarkIsNoText) {
  const TemporaryFolder folder;
  set_content(folder / "plain.txt", "\uFEFFone\ntwo\n");
  set_content(folder / "compressed.gz", kCompressedWithMark);
  for (const char* name : {"plain.txt", "compressed.gz"}) {
    EXPECT_EQ(read_text(folder / name), "one\ntwo\n") << name;
    EXPECT_THAT(read_lines(folder / name), ElementsAre("one", "two")) << name;
  }
  set_content(folder / "utf16", bytes("\xff\xfe\x6f\0\x6e\0"));
  expect_error([&] { read_lines(folder / "utf16"); }, "utf16: expected UTF-8, got UTF-16LE");
  set_content(folder / "mark", "\uFEFF");
  expect_error([&] { read_text(folder / "mark"); }, "mark: expected text, got an empty file");
}

TEST(TextFile, AStreamIsReadLikeAFile) {
  const auto lines = [](const std::string& text) {
    std::istringstream stream(text);
    return read_lines(stream, "input");
  };
  EXPECT_THAT(lines("\uFEFFone\r\n\ntwo"), ElementsAre("one", "", "two"));
  EXPECT_THAT(lines(""), ElementsAre());
  expect_error([&] { lines("one\ncaf\xe9"); }, "input: line 2: expected UTF-8");
  const auto text = [](const std::string& all) {
    std::istringstream stream(all);
    return read_text(stream, "input");
  };
  EXPECT_EQ(text("\uFEFFone\r\ntwo\n"), "one\r\ntwo\n");
  expect_error([&] { text("\uFEFF"); }, "input: expected text, got nothing");
  expect_error([&] { text("one\ncaf\xe9"); }, "input: line 2: expected UTF-8");
}

TEST(TextFile, FaultsAreNamed) {
  const TemporaryFolder folder;
  set_content(folder / "empty", "");
  set_content(folder / "latin1", "one\ntwo\ncaf\xe9\n");
  set_content(folder / "short.gz", kCompressed.substr(0, 20));
  set_content(folder / "broken.gz", kCompressed.substr(0, 12) + "xxxxxxxxxxxxxxx");
  expect_error([&] { read_text(folder / "empty"); }, "empty: expected text, got an empty file");
  expect_error([&] { read_text(folder / "latin1"); }, "latin1: line 3: expected UTF-8");
  expect_error([&] { read_text(folder / "short.gz"); }, "short.gz: cannot read");
  expect_error([&] { read_text(folder / "broken.gz"); }, "broken.gz: cannot read");
  expect_error([&] { read_text(folder / "none"); }, "none: cannot open: No such file");
  expect_error([&] { read_text(folder.path()); }, "got a folder");
}

}  // namespace
}  // namespace clearhead
