// zlib reads both kinds of file: what does not begin as gzip does is passed on as it is.
#include "clearhead/text/text_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"

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

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::string text = decompress(path);
  text.erase(0, text.size() - utf8_text(text, path.string()).size());
  if (text.empty()) throw Error(path.string() + ": expected text, got an empty file");
  return text;
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  return split_lines(read_text(path));
}

std::vector<std::string> read_lines(std::istream& from, const std::string& name) {
  const std::string bytes{std::istreambuf_iterator<char>(from), {}};
  return split_lines(utf8_text(bytes, name));
}

}  // namespace clearhead
