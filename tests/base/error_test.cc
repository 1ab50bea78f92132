// That a message is shown whole and harms no terminal, whatever it quotes.
#include "clearhead/base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace clearhead {
namespace {

using namespace std::string_literals;

TEST(Error, EscapesControlCharacters) {
  EXPECT_STREQ(Error("a\rb\tc\x1b[31m\x7f").what(), "a\\rb\\tc\\x1b[31m\\x7f");
  EXPECT_STREQ(Error("before\0after"s).what(), "before\\x00after");
  EXPECT_STREQ(Error("\xc2\x9b"
                     "2J")
                   .what(),
               "\\x9b2J");
}

TEST(Error, LeavesTextAsItIs) {
  for (const std::string text :
       {"", "one line\nand another", "“é” 日本 😀\xc2\xa0", "\\r", "\xc2"}) {
    EXPECT_EQ(Error(text).what(), text);
    EXPECT_EQ(without_controls(text), text);
  }
}

TEST(Error, QuotedAgainItStaysTheSame) {
  const Error once("x\0\r"s);
  EXPECT_STREQ(Error(once.what()).what(), once.what());
}

}  // namespace
}  // namespace clearhead
