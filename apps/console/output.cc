// Output by POSIX, so that a write that fails is seen when it fails.
#include "apps/console/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead::console {

void write_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw Error(std::string("standard output cannot be written: ") + std::strerror(errno));
    }
  }
}

void write_text(std::string_view text) {
  static const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  if (!is_terminal) return write_output(text);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t tab = std::min(text.find('\t', begin), text.size());
    write_output(without_controls(text.substr(begin, tab - begin)));
    if (tab < text.size()) write_output("\t");
    begin = tab + 1;
  }
}

void write_message(std::string_view text) { fmt::print(stderr, "{}\n", without_controls(text)); }

std::string wrote(std::string_view file) {
  return fmt::format("wrote {}\n", without_controls(file));
}

}  // namespace clearhead::console
