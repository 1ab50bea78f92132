// Text files, plain or compressed by gzip.
#ifndef CLEARHEAD_TEXT_TEXT_FILE_H_
#define CLEARHEAD_TEXT_TEXT_FILE_H_

#include <filesystem>
#include <string>
#include <vector>

namespace clearhead {

/// The text of the file `path`, decompressed if it is a gzip file. Throws Error if it cannot be read,
/// is empty, is more than 1 GiB of text or is not UTF-8 (naming the line).
std::string read_text(const std::filesystem::path& path);

/// Its lines, without their ends ("\n" or "\r\n"). Throws Error as `read_text` does.
std::vector<std::string> read_lines(const std::filesystem::path& path);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TEXT_FILE_H_
