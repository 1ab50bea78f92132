// Regular expressions mean what they mean to Oniguruma. The parts are those of `Split` of the
// library `tokenizers` 0.23, which runs it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/text/pattern_internal.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Parts = std::vector<std::string>;

Parts parts(const char* expression, const std::string& text) {
  Parts found;
  TextPattern::of_expression(expression).visit(text, [&](std::size_t begin, std::size_t end, bool) {
    if (begin < end) found.push_back(text.substr(begin, end - begin));
  });
  return found;
}

TEST(TextPattern, APlusBehindAnIntervalRepeatsIt) {
  EXPECT_EQ(parts(R"(\p{N}{1,3}+)", "1234567"), (Parts{"1234567"}));
  EXPECT_EQ(parts(R"(\p{L}{2}+)", "aaaaa"), (Parts{"aaaa", "a"}));
  EXPECT_EQ(parts("[ab]{2}+", "ababa"), (Parts{"abab", "a"}));
  EXPECT_EQ(parts("é{2}+", "éééé"), (Parts{"éééé"}));
  EXPECT_EQ(parts("(?:ab){2}+c", "ababababc"), (Parts{"ababababc"}));
  EXPECT_EQ(parts("(a|b){1,2}+c", "ababc"), (Parts{"ababc"}));
}

TEST(TextPattern, IntervalsAreThoseOfOniguruma) {
  EXPECT_EQ(parts("a{,2}", "aaa"), (Parts{"aa", "a"}));
  EXPECT_EQ(parts("a{2}?b?", "aaab"), (Parts{"aa", "a", "b"}));  // aa or nothing
  EXPECT_EQ(parts("x{2,3}?", "xxxxx"), (Parts{"xx", "xx", "x"}));
  EXPECT_EQ(parts("a{1,b", "a{1,b"), (Parts{"a{1,b"}));
}

TEST(TextPattern, OptionMLetsADotStandForALineEnd) {
  EXPECT_EQ(parts("(?m).+", "aaa\nab a"), (Parts{"aaa\nab a"}));
  EXPECT_EQ(parts("(?m:a.b)c|.", "a\nbc"), (Parts{"a\nbc"}));
  EXPECT_EQ(parts("(?i-m:A.)+", "ab\na\nb"), (Parts{"ab", "\na\nb"}));
}

// The stack of the machine code does not last for so many alternations, the heap does.
TEST(TextPattern, LongRepetitionOfGroupsIsFound) {
  std::string text;
  for (int i = 0; i < 400000; ++i) text += "1,2;";
  EXPECT_EQ(parts("(?:(1,)|(2;))+", text), (Parts{text}));
}

TEST(TextPattern, WhatTakesTooLongIsAnError) {
  expect_error([] { parts("(a+)+$|(a|b)*c", std::string(40, 'a') + "!b"); },
               "text: the tokenizer's pattern cannot be searched for from byte 0 on");
}

}  // namespace
}  // namespace clearhead
