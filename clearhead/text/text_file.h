// Reads text files, plain or compressed by gzip (base/encoding.h checks their encoding).
#ifndef CLEARHEAD_TEXT_TEXT_FILE_H_
#define CLEARHEAD_TEXT_TEXT_FILE_H_

#include <filesystem>
#include <istream>
#include <string>
#include <vector>

namespace clearhead {

/// The bytes of the file `path`, decompressed if it is a gzip file. Throws Error if it cannot be
/// read or holds more than 1 GiB.
std::string read_text_bytes(const std::filesystem::path& path);

/// Its text, without byte order mark. Throws Error as `read_text_bytes` does, and if it is empty or
/// not UTF-8.
std::string read_text(const std::filesystem::path& path);

/// The text that is left in a stream, likewise; `name` is the stream's name in messages.
std::string read_text(std::istream& from, const std::string& name);

/// Its lines, without their ends ("\n" or "\r\n"). Throws Error as `read_text` does.
std::vector<std::string> read_lines(const std::filesystem::path& path);

/// The lines that are left in a stream, perhaps none; `name` is the stream's name in messages.
/// Throws Error if they are not UTF-8.
std::vector<std::string> read_lines(std::istream& from, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TEXT_FILE_H_
