// What the program says on its standard output.
#ifndef CLEARHEAD_APPS_CLI_OUTPUT_H_
#define CLEARHEAD_APPS_CLI_OUTPUT_H_

#include <string_view>

namespace clearhead {

/// Writes `text` to standard output at once. A reader that has gone away (`| head`) is no error;
/// anything else, such as a full disk, throws Error.
void write_output(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_OUTPUT_H_
