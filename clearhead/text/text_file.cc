// zlib reads both kinds of file: what does not begin as gzip does is passed on as it is.
#include "clearhead/text/text_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>

#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 30;

struct CloseFile {
  void operator()(gzFile file) const { gzclose(file); }
};

std::string decompress(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    throw Error(path.string() + ": expected a text file, got a folder");
  }
  errno = 0;
  const std::unique_ptr<std::remove_pointer_t<gzFile>, CloseFile> file(
      gzopen(path.c_str(), "rbe"));  // e: not for programs that this one starts
  if (file == nullptr) throw Error(path.string() + ": cannot open: " + std::strerror(errno));
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const int count = gzread(file.get(), buffer.data(), buffer.size());
    int error = Z_OK;
    const char* message = gzerror(file.get(), &error);
    // A file that ends too early reads as if it were whole, but for the error.
    if (count < 0 || error == Z_BUF_ERROR) {
      throw Error(path.string() + ": cannot read: " +
                  (error == Z_ERRNO ? std::strerror(errno) : std::string(message)));
    }
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMostText) {
      throw Error(path.string() + ": it has more than 1 GiB of text; split it into several files");
    }
  }
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::string text = decompress(path);
  if (text.empty()) throw Error(path.string() + ": expected text, got an empty file");
  if (const std::size_t at = find_invalid_utf8(text); at != std::string::npos) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    throw Error(path.string() + ": line " + std::to_string(line) +
                ": expected UTF-8; convert the file, with iconv for example");
  }
  return text;
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

}  // namespace clearhead
