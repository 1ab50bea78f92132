// What the program says on its standard output, and besides.
#ifndef CLEARHEAD_APPS_CONSOLE_OUTPUT_H_
#define CLEARHEAD_APPS_CONSOLE_OUTPUT_H_

#include <string>
#include <string_view>

namespace clearhead::console {

/// Writes `text` to standard output at once. A reader that has gone away (`| head`) is no error;
/// anything else, such as a full disk, throws Error.
void write_output(std::string_view text);

/// Writes a message to standard error, with its control characters escaped: it may quote a file, a
/// name or a text of anybody's. A line end is added.
void write_message(std::string_view text);

/// "wrote FILE", a line, with the control characters of its name escaped.
std::string wrote(std::string_view file);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_OUTPUT_H_
