// zlib reads both kinds of file: what does not begin as gzip does is passed on as it is.
#include "clearhead/text/byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;

}  // namespace

struct ByteStream::Source {
  gzFile file = nullptr;

  ~Source() {
    if (file != nullptr) gzclose(file);
  }
};

ByteStream::ByteStream(const std::filesystem::path& path)
    : name_(std::make_shared<const std::string>(path.string())),
      source_(std::make_unique<Source>()) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    throw Error(path.string() + ": expected a file, got a folder");
  }
  errno = 0;
  source_->file = gzopen(path.c_str(), "rbe");  // e: not for programs that this one starts
  if (source_->file == nullptr) {
    throw Error(path.string() + ": cannot open: " + std::strerror(errno));
  }
  gzbuffer(source_->file, 2 * kPiece);
}

ByteStream::ByteStream(std::string bytes, const std::string& name)
    : name_(std::make_shared<const std::string>(name)), buffer_(std::move(bytes)), ended_(true) {}

ByteStream::~ByteStream() = default;

std::string_view ByteStream::peek(std::size_t least) {
  while (!ended_ && buffer_.size() - at_ < least) {
    buffer_.erase(0, std::exchange(at_, 0));
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kPiece);
    const int count = gzread(source_->file, buffer_.data() + before, kPiece);
    buffer_.resize(before + static_cast<std::size_t>(std::max(count, 0)));
    int error = Z_OK;
    const char* message = gzerror(source_->file, &error);
    // A file that ends too early reads as if it were whole, but for the error.
    if (count < 0 || error == Z_BUF_ERROR) {
      std::string reason = error == Z_ERRNO ? std::strerror(errno) : message;
      if (reason.starts_with(*name_ + ": ")) reason.erase(0, name_->size() + 2);  // of zlib
      throw Error(*name_ + ": cannot read: " + reason);
    }
    ended_ = count == 0;
  }
  return std::string_view(buffer_).substr(at_);
}

void ByteStream::take(std::size_t count) {
  at_ += count;
  position_ += count;
}

bool ByteStream::take_until(char end, std::string& text, std::size_t most) {
  text.clear();
  if (peek().empty()) return false;
  while (true) {
    const std::string_view next = peek();
    const std::size_t found = next.find(end);
    const std::string_view part = next.substr(0, found);
    if (text.size() + part.size() > most) {
      throw Error(*name_ + ": from byte " + std::to_string(position_ - text.size()) +
                  " on there are more than " + std::to_string(most) + " bytes without an end");
    }
    text += part;
    take(part.size() + (found != std::string_view::npos ? 1 : 0));
    if (found != std::string_view::npos || next.empty()) return true;
  }
}

}  // namespace clearhead
