// A file, plain or compressed by gzip, read piece by piece from its beginning to its end.
#ifndef CLEARHEAD_TEXT_BYTE_STREAM_H_
#define CLEARHEAD_TEXT_BYTE_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace clearhead {

/// The bytes of a file, in their order.
class ByteStream {
 public:
  /// Opens the file. Throws Error if it cannot be opened, or is a folder.
  explicit ByteStream(const std::filesystem::path& path);
  /// Reads `bytes` as if they were a plain file called `name`.
  ByteStream(std::string bytes, const std::string& name);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// The name of the file, which every place in it may share.
  const std::shared_ptr<const std::string>& name() const { return name_; }
  /// Bytes taken so far, after decompression.
  std::uint64_t position() const { return position_; }

  /// The next bytes, at least `least` of them unless the file ends before, without taking them.
  /// They stay valid until the next call. Throws Error if the file cannot be read or is cut short.
  std::string_view peek(std::size_t least = 1);
  /// Takes `count` of the bytes that `peek` gave.
  void take(std::size_t count);
  /// Takes bytes into `text` up to the next `end`, which is taken but not given, or to the end of
  /// the file. False if there are none left. Throws Error if there are more than `most`, naming the
  /// place.
  bool take_until(char end, std::string& text, std::size_t most = std::size_t{1} << 26);

 private:
  struct Source;

  std::shared_ptr<const std::string> name_;
  std::unique_ptr<Source> source_;  // none: all bytes are in the buffer
  std::string buffer_;
  std::size_t at_ = 0;  // of the first byte in the buffer that is not taken
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_BYTE_STREAM_H_
