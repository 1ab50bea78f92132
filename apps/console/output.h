// What the program writes to standard output and standard error.
#ifndef CLEARHEAD_APPS_CONSOLE_OUTPUT_H_
#define CLEARHEAD_APPS_CONSOLE_OUTPUT_H_

#include <string>
#include <string_view>

namespace clearhead::console {

/// Writes `text` to standard output at once. A reader that has gone away (`| head`) is no error;
/// anything else, such as a full disk, throws Error.
void write_output(std::string_view text);

/// Writes text of a model or a user to standard output at once. A file or a pipe gets it exactly.
/// On a terminal its control characters are escaped, except line ends and tabs.
void write_text(std::string_view text);

/// Writes a message and a line end to standard error. Control characters are escaped, because a
/// message may quote a file, a name or a text from anywhere.
void write_message(std::string_view text);

/// "wrote FILE", a line, with the control characters of its name escaped.
std::string wrote(std::string_view file);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_OUTPUT_H_
