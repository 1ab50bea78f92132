// Text made fit to draw, and its width in a terminal.
#include "clearhead/plot/label.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <string>

#include "clearhead/base/random.h"

namespace clearhead::plot {
namespace {

using namespace std::string_literals;

TEST(Label, KeepsOrdinaryTextOfAnyScript) {
  for (const char* text :
       {"cat", "世界", "مرحبا", "नमस्ते", "e\u0301", "👩\u200d💻", "🏴\U000E0067\U000E007F"}) {
    EXPECT_EQ(visible_text(text), text);
  }
}

TEST(Label, ShowsWhatWouldBeInvisible) {
  EXPECT_EQ(visible_text("a\nb"), "a↵b");
  EXPECT_EQ(visible_text("a\tb"), "a⇥b");
  EXPECT_EQ(visible_text("a\0b"s), "a\\x00b");
  EXPECT_EQ(visible_text("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(visible_text("\u0085"), "\\x85");
  EXPECT_EQ(visible_text("\u2028"), "↵");
  EXPECT_EQ(visible_text("a\u202Eb"), "a\\u202eb");  // would turn the text around
  EXPECT_EQ(visible_text("\uFEFF"), "\\ufeff");
}

TEST(Label, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(visible_text("\xff"), "\uFFFD");
  EXPECT_EQ(visible_text("a\xe4\xb8"), "a\uFFFD\uFFFD");          // cut off
  EXPECT_EQ(visible_text("\xc0\x80"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(visible_text("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // half a surrogate pair
}

TEST(Label, MarksBlanksAtTheEndsOfTokens) {
  EXPECT_EQ(visible_label(" cat"), "␣cat");
  EXPECT_EQ(visible_label("a cat  "), "a cat␣␣");
  EXPECT_EQ(visible_label("   "), "␣␣␣");
  EXPECT_EQ(visible_label(""), "∅");
}

TEST(Label, AnyBytesBecomeValidVisibleUtf8) {
  Random random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    const std::int64_t length = random.below(20);
    for (std::int64_t i = 0; i < length; ++i) bytes += static_cast<char>(random.below(256));
    const std::string text = visible_label(bytes);
    ASSERT_TRUE(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr));
    for (const char c : text) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(Label, WidthCountsColumns) {
  EXPECT_EQ(display_width("cat"), 3);
  EXPECT_EQ(display_width("世界"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("한국어"), 6);
  EXPECT_EQ(display_width("🦊"), 2);
  EXPECT_EQ(display_width("−∞"), 2);
  EXPECT_EQ(display_width(""), 0);
}

TEST(Label, ShortenKeepsTheWidth) {
  EXPECT_EQ(shorten("cat", 3), "cat");
  EXPECT_EQ(shorten("cats", 3), "ca…");
  EXPECT_EQ(shorten("世界人", 4), "世…");  // half a character is not drawn
  EXPECT_EQ(shorten("cat", 1), "…");
  EXPECT_EQ(shorten("e\u0301te\u0301s", 3), "e\u0301t…");
}

TEST(Label, EscapesMarkup) {
  EXPECT_EQ(escape_markup("<a b='c' d=\"e\">&amp;"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;");
}

}  // namespace
}  // namespace clearhead::plot
