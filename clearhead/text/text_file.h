// Text files, plain or compressed by gzip, as the text that they hold (base/encoding.h).
#ifndef CLEARHEAD_TEXT_TEXT_FILE_H_
#define CLEARHEAD_TEXT_TEXT_FILE_H_

#include <filesystem>
#include <istream>
#include <string>
#include <vector>

namespace clearhead {

/// The text of the file `path`, decompressed if it is a gzip file, without byte order mark. Throws
/// Error if it cannot be read, is empty, is more than 1 GiB of text or is not UTF-8.
std::string read_text(const std::filesystem::path& path);

/// Its lines, without their ends ("\n" or "\r\n"). Throws Error as `read_text` does.
std::vector<std::string> read_lines(const std::filesystem::path& path);

/// The lines of what is left of a stream, of which there may be none; `name` stands for it in
/// messages. Throws Error if they are not UTF-8.
std::vector<std::string> read_lines(std::istream& from, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TEXT_FILE_H_
