// A text file is read whole, then checked and cut into lines.
#include "clearhead/text/text_file.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 30;

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

// `bytes` without byte order mark.
std::string text_of(std::string bytes, const std::string& name, const char* empty) {
  bytes.erase(0, bytes.size() - utf8_text(bytes, name).size());
  if (bytes.empty()) throw Error(name + ": expected text, got " + empty);
  return bytes;
}

std::string rest_of(std::istream& from) { return {std::istreambuf_iterator<char>(from), {}}; }

}  // namespace

std::string read_text_bytes(const std::filesystem::path& path) {
  ByteStream file(path);
  std::string text;
  for (std::string_view piece = file.peek(); !piece.empty(); piece = file.peek()) {
    text += piece;
    file.take(piece.size());
    if (text.size() > kMostText) {
      throw Error(path.string() + ": it has more than 1 GiB of text; split it into several files");
    }
  }
  return text;
}

std::string read_text(const std::filesystem::path& path) {
  return text_of(read_text_bytes(path), path.string(), "an empty file");
}

std::string read_text(std::istream& from, const std::string& name) {
  return text_of(rest_of(from), name, "nothing");
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  return split_lines(read_text(path));
}

std::vector<std::string> read_lines(std::istream& from, const std::string& name) {
  const std::string bytes = rest_of(from);
  return split_lines(utf8_text(bytes, name));
}

}  // namespace clearhead
