// The Markdown of pages as text for a terminal.
#ifndef CLEARHEAD_APPS_CLI_LEARN_MARKDOWN_H_
#define CLEARHEAD_APPS_CLI_LEARN_MARKDOWN_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "clearhead/plot/terminal.h"

namespace clearhead::cli {

/// Turns a page into lines, part by part: an answer that is folded away at the end of a part still
/// is in the next.
class MarkdownPrinter {
 public:
  MarkdownPrinter(const plot::TerminalOptions& terminal, bool with_answers)
      : terminal_(terminal), with_answers_(with_answers) {}

  /// Whether what comes next is an answer that is not to be shown.
  bool is_folded() const { return is_answer_ && !with_answers_; }
  /// Lines that stand where the page shows figures/NAME.svg, above its description.
  void set_figure(const std::string& name, std::string lines) { figures_[name] = std::move(lines); }
  /// Points that begin with one of these sentences in bold get a mark that says whether it holds.
  void set_claims(std::map<std::string, bool> claims) { claims_ = std::move(claims); }

  std::string print(std::string_view markdown);
  /// Lines of a program's output.
  std::string print_output(std::string_view lines);

 private:
  void line(std::string_view line);
  void fenced_line(std::string_view line);
  /// Prints what has been gathered.
  void finish_paragraph();
  void blank();
  std::string take();

  plot::TerminalOptions terminal_;
  bool with_answers_;
  std::map<std::string, std::string> figures_;
  std::map<std::string, bool> claims_;
  bool ends_blank_ = true;  ///< what has been taken; at the beginning nothing has
  bool is_answer_ = false;
  bool is_fenced_ = false;
  bool is_formula_ = false;
  std::string paragraph_;  ///< as one line, with the mark of a point before it
  std::string text_;
};

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LEARN_MARKDOWN_H_
