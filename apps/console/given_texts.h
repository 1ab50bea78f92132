// Texts that a command works on: arguments, a whole file, or lines of a file or of standard input.
#ifndef CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_
#define CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace clearhead::console {

class OptionGroup;

/// As the name of a file it means standard input.
inline constexpr std::string_view kStandardInputFile = "-";

// ---- One text ----

/// What the command line says of it.
struct GivenText {
  std::string text;
  std::string file;

  bool is_given() const { return !text.empty() || !file.empty(); }
};

/// A text, and where it comes from, for messages.
struct Text {
  std::string text;
  std::string source;  ///< the option ("TEXT"), a file's name or "standard input"
};

/// The argument TEXT.
void add_text(CLI::App& app, GivenText& given);
/// --file, or another option: a text that is a whole file.
void add_text_file(OptionGroup& group, GivenText& given, const std::string& option = "--file",
                   const std::string& help = "Read TEXT from a file");

/// Throws UsageError if both are given, naming the options.
void check(const GivenText& given, const std::string& text_option = "a TEXT",
           const std::string& file_option = "--file FILE");
/// The text: of a file without its last line end, "" if nothing is given. Throws Error if the file
/// or standard input has no text, or if it is not UTF-8.
Text read_text(const GivenText& given, const std::string& option = "TEXT");

// ---- Many texts ----

/// What the command line says of them.
struct GivenTexts {
  std::vector<std::string> texts;
  std::string file;

  /// Whether standard input has the texts: if the file is -, or nothing is given.
  bool are_piped() const { return file == kStandardInputFile || (texts.empty() && file.empty()); }
};

/// The texts, and where they come from, for messages.
struct Lines {
  std::vector<std::string> lines;
  std::string source;  ///< "TEXT", a file's name or "standard input"
};

/// The arguments TEXT…; `help` says what becomes of them.
void add_texts(CLI::App& app, GivenTexts& given, const std::string& help);
/// --file: texts that are lines.
void add_lines_file(OptionGroup& group, GivenTexts& given, const std::string& help);

/// Throws UsageError if both are given.
void check(const GivenTexts& given);
Lines read_texts(const GivenTexts& given);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_
