// Reading and writing pages of lessons.
#include "lessons/page.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing.h"

namespace clearhead::lessons {
namespace {

const char* const kPage = R"(# 4. Why divide by √d

What happens to
the products?

## Step by step

<!-- step variance -->
```text
d  variance
4         4
```

In between.

<!-- step variance dim=64 seed=2 text="To be, or not" -->
```text
```
The end.
)";

TEST(LessonPage, HasProseAndPlacesForOutput) {
  const Page page = parse_page(kPage);
  EXPECT_EQ(page.title, "4. Why divide by √d");
  EXPECT_EQ(page.question, "What happens to the products?");
  ASSERT_EQ(page.parts.size(), 3U);
  EXPECT_EQ(page.parts[0].output->step, "variance");
  EXPECT_EQ(page.parts[0].output->text, "d  variance\n4         4\n");
  EXPECT_EQ(page.parts[1].prose, "\nIn between.\n\n");
  EXPECT_EQ(page.parts[1].output->settings.at("dim"), "64");
  EXPECT_EQ(page.parts[1].output->settings.at("seed"), "2");
  EXPECT_EQ(page.parts[1].output->settings.at("text"), "To be, or not");
  EXPECT_EQ(page.parts[1].output->text, "");
  EXPECT_EQ(page.parts[2].prose, "The end.\n");
  EXPECT_FALSE(page.parts[2].output);
}

TEST(LessonPage, IsWrittenAsItWasRead) { EXPECT_EQ(parse_page(kPage).text(), kPage); }

TEST(LessonPage, ErrorsNameTheLine) {
  expect_error([] { parse_page("no title\n"); }, "begins with its title");
  expect_error([] { parse_page("# T\n<!-- step a -->\nno fence\n"); }, "line 3: expected ```text");
  expect_error([] { parse_page("# T\n<!-- step a b -->\n```text\n"); }, "line 2: expected KNOB=");
  expect_error([] { parse_page("# T\n<!-- step a b= -->\n```text\n"); }, "line 2: expected KNOB=");
  expect_error([] { parse_page("# T\n<!-- step a\n```text\n"); }, "line 2");
  expect_error([] { parse_page("# T\n<!-- step a -->\n```text\nx\n"); }, "never closed");
}

}  // namespace
}  // namespace clearhead::lessons
