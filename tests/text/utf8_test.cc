// UTF-8: what is valid, what stands in for what is not, lower case.
#include "clearhead/text/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "clearhead/base/encoding.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Utf8, EveryCodePointIsReadAsItWasWritten) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;  // surrogates are no characters
    std::string text;
    append_code_point(text, c);
    ASSERT_EQ(find_invalid_utf8(text), std::string::npos) << std::uint32_t{c};
    std::string_view rest = text;
    ASSERT_EQ(take_code_point(rest), c);
    ASSERT_TRUE(rest.empty());
  }
}

TEST(Utf8, InvalidBytesAreTakenOneByOne) {
  // A byte alone, a surrogate, an overlong "/", beyond U+10FFFF, cut off at the end.
  for (const std::string& invalid : {bytes("\xff"), bytes("\xed\xa0\x80"), bytes("\xc0\xaf"),
                                     bytes("\xf4\x90\x80\x80"), bytes("\xe2\x82")}) {
    const std::string text = "é" + invalid;
    EXPECT_EQ(find_invalid_utf8(text), 2u);
    std::string expected = "é";
    for (std::size_t i = 0; i < invalid.size(); ++i) expected += "\uFFFD";
    EXPECT_EQ(replace_invalid_utf8(text), expected);
  }
}

TEST(Utf8, ACodePointThatIsNotAllThereIsLeftOut) {
  for (const std::string character : {"a", "é", "€", "😀"}) {
    const std::string text = "xé" + character;
    for (std::size_t size = 3; size <= text.size(); ++size) {
      EXPECT_EQ(complete_utf8(text.substr(0, size)), size == text.size() ? size : 3u) << character;
    }
  }
  EXPECT_EQ(complete_utf8(""), 0u);
  EXPECT_EQ(complete_utf8(bytes("\x80\x80\x80\x80")), 4u);  // nothing that could become valid
}

TEST(Utf8, CodePointsAreCounted) {
  EXPECT_EQ(count_code_points(""), 0);
  EXPECT_EQ(count_code_points("aé€😀"), 4);
}

TEST(Utf8, LowercaseIsThatOfEachCodePoint) {
  EXPECT_EQ(lowercase("ABC xyz 12 ÉŒ Ж ΑΣ ẞ"), "abc xyz 12 éœ ж ασ ß");
  EXPECT_EQ(lowercase("İI"), "i\u0307i");
  EXPECT_EQ(lowercase("\xffÀ\xfe"), "\xff\u00e0\xfe");
}

}  // namespace
}  // namespace clearhead
