// The page of a lesson, README.md: prose, and the places where the program's own output stands.
//
// Such a place is a fenced text below a comment that names its step, and knobs that were turned for
// it, as in an answer to an exercise; a value with blanks stands in quotation marks:
//
//     <!-- step variance dim=64 -->
//     ```text
//     what the program prints
//     ```
//
// lessons/write_pages.cc fills them in; tests/lessons/ holds them to what the program prints.
#ifndef CLEARHEAD_LESSONS_PAGE_H_
#define CLEARHEAD_LESSONS_PAGE_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead::lessons {

/// A place for what a step prints.
struct OutputPlace {
  std::string step;
  std::map<std::string, std::string> settings;
  std::string text;  ///< lines, each ended
};

/// Prose, and the output that follows it, if one does.
struct PagePart {
  std::string prose;
  std::optional<OutputPlace> output;
};

struct Page {
  std::string title;     ///< of the first line, "# 4. Why divide by √d"
  std::string question;  ///< of the first paragraph
  std::vector<PagePart> parts;

  /// As Markdown.
  std::string text() const;
};

/// Throws Error, naming the line, if there is no title, or no fenced text below the comment of a
/// step.
Page parse_page(std::string_view text);

}  // namespace clearhead::lessons

#endif  // CLEARHEAD_LESSONS_PAGE_H_
