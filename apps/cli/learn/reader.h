// A lesson as it is read in the terminal: its page, and in it what the lesson says while it runs.
#ifndef CLEARHEAD_APPS_CLI_LEARN_READER_H_
#define CLEARHEAD_APPS_CLI_LEARN_READER_H_

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/learn/markdown.h"
#include "lessons/lesson.h"
#include "lessons/lessons.h"

namespace clearhead::cli {

struct ReadingOptions {
  plot::TerminalOptions terminal;
  bool with_answers = false;
  bool waits = false;             ///< for Enter after each step
  std::string turned = {};        ///< the knobs that the learner has set: "dim=64"
  std::filesystem::path figures;  ///< a folder that they are drawn into; empty: none
};

/// Thrown where the reader leaves in the middle of a lesson.
struct ReaderLeft {};

/// Writes page and output to standard output, in the page's order.
class LessonReader : public lessons::Listener {
 public:
  LessonReader(const lessons::LessonEntry& lesson, const ReadingOptions& options);

  void begin(const std::vector<lessons::Knob>& knobs) override;
  void step(std::string_view name, lessons::Numbers numbers) override;
  void text(std::string_view lines) override;
  void figure(std::string_view name, const lessons::Figure& figure) override;
  void claim(std::string_view sentence, bool holds) override;
  /// The rest of the page, once the lesson has run, and how to turn its knobs.
  void end();

 private:
  void print_parts(std::size_t end);
  void wait();
  std::string knobs_text() const;

  lessons::Page page_;
  ReadingOptions options_;
  MarkdownPrinter printer_;
  std::size_t next_part_ = 0;
  std::vector<lessons::Knob> knobs_;
  std::map<std::string, bool> claims_;
};

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LEARN_READER_H_
