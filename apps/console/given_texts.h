// Texts that a command works on: arguments, or lines of a file or of standard input.
#ifndef CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_
#define CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clearhead::console {

class OptionGroup;

/// What the command line says of them.
struct GivenTexts {
  std::vector<std::string> texts;
  std::string file;

  /// Neither is given, so that standard input has the texts.
  bool are_piped() const { return texts.empty() && file.empty(); }
};

/// The texts, and where they come from, for messages.
struct Lines {
  std::vector<std::string> lines;
  std::string source;  ///< "TEXT", a file's name or "standard input"
};

/// The arguments TEXT…; `help` says what becomes of them.
void add_texts(CLI::App& app, GivenTexts& given, const std::string& help);
/// --file.
void add_text_file(OptionGroup& group, GivenTexts& given, const std::string& help);

/// Throws UsageError if both are given.
void check(const GivenTexts& given);
Lines read_texts(const GivenTexts& given);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_GIVEN_TEXTS_H_
