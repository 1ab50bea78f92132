// Encodings: the mark of UTF-8 is no text, other encodings are told by name.
#include "clearhead/base/encoding.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Encoding, AByteOrderMarkAtTheBeginningIsNoText) {
  EXPECT_EQ(utf8_text("\xef\xbb\xbfthe", "x"), "the");
  EXPECT_EQ(utf8_text("\xef\xbb\xbf", "x"), "");
  EXPECT_EQ(utf8_text("", "x"), "");
  EXPECT_EQ(utf8_text("the \xef\xbb\xbf", "x"), "the \xef\xbb\xbf");  // a letter of no width
  EXPECT_EQ(utf8_text("\xef\xbb\xbf\xef\xbb\xbfthe", "x"), "\xef\xbb\xbfthe");
}

TEST(Encoding, OtherEncodingsAreNamed) {
  const struct {
    std::string text;
    const char* message;
  } kCases[] = {
      {bytes("\xff\xfeh\0i\0"),
       "x.txt: expected UTF-8, got UTF-16LE; convert it: iconv -f UTF-16 "},
      {bytes("\xfe\xff\0h\0i"), "got UTF-16BE; convert it: iconv -f UTF-16 -t UTF-8"},
      {bytes("\xff\xfe\0\0h\0\0\0"), "got UTF-32LE; convert it: iconv -f UTF-32 -t UTF-8"},
      {bytes("\0\0\xfe\xff\0\0\0h"), "got UTF-32BE"},
      // Without mark, which iconv then has to be told.
      {bytes("h\0i\0\n\0"), "got UTF-16LE; convert it: iconv -f UTF-16LE -t UTF-8"},
      {bytes("\0h\0i\0\n"), "got UTF-16BE; convert it: iconv -f UTF-16BE -t UTF-8"},
      {bytes("h\0\0\0i\0\0\0"), "got UTF-32LE; convert it: iconv -f UTF-32LE -t UTF-8"},
      {bytes("\0\0\0h\0\0\0i"), "got UTF-32BE; convert it: iconv -f UTF-32BE -t UTF-8"},
      {"one\ntwo\ncaf\xe9\n", "x.txt: line 3: expected UTF-8; convert it, with iconv for example"},
  };
  for (const auto& c : kCases) expect_error([&] { utf8_text(c.text, "x.txt"); }, c.message);
  EXPECT_EQ(utf8_text(bytes("ab\0cd"), "x"), bytes("ab\0cd"));  // a NUL is a character
  EXPECT_EQ(utf8_text(bytes("\0\0\0\0"), "x"), bytes("\0\0\0\0"));
}

}  // namespace
}  // namespace clearhead
