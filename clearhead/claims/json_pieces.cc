// A machine that counts brackets outside strings.
#include "clearhead/claims/json_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace clearhead::claims {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kLook = std::size_t{1} << 20;  // how far a first line is looked for

/// Whether each line is an object of its own: the first line ends as one, and the next begins as
/// one. (JSON that is broken into lines has blanks or a quote there, or a bracket, comma or colon
/// before.) A first line that was cut off does not hide that the others are whole.
bool is_ndjson(ByteStream& stream) {
  std::string_view bytes;
  std::size_t end = std::string_view::npos, next = std::string_view::npos;
  for (std::size_t least = 1; least <= kLook && next == std::string_view::npos; least *= 2) {
    bytes = stream.peek(least);
    end = bytes.find('\n');
    if (end != std::string_view::npos) next = bytes.find_first_not_of("\r\n", end);
    if (bytes.size() < least) break;
  }
  if (next == std::string_view::npos || bytes[next] != '{') return false;
  const std::size_t last = bytes.find_last_not_of(kBlanks, end);
  return last != std::string_view::npos && last > 0 &&
         std::string_view("{[,:").find(bytes[last]) == std::string_view::npos;
}

}  // namespace

JsonPieces::JsonPieces(ByteStream& stream, JsonLimits limits) : stream_(stream), limits_(limits) {
  if (stream_.peek(kByteOrderMark.size()).starts_with(kByteOrderMark)) {
    stream_.take(kByteOrderMark.size());
  }
  lines_ = is_ndjson(stream_);
  position_ = stream_.position();
}

bool JsonPieces::next(JsonPiece& piece) {
  piece = {};
  while (true) {
    const std::string_view bytes = stream_.peek();
    if (bytes.empty()) return end_of_file(piece);
    std::size_t used = 0;
    bool whole = false;
    while (used < bytes.size() && !whole) {
      whole = step(bytes[used++], piece);
      ++position_;
    }
    stream_.take(used);
    if (whole) return true;
  }
}

bool JsonPieces::step(char byte, JsonPiece& piece) {
  if (byte == '\n' && lines_) return end_of_line(piece);
  if (!in_piece_ && !in_string_ && depth_ == 0) return between_objects(byte, piece);
  if (in_piece_ && piece.fault.empty()) {
    piece.text += byte;
    if (piece.text.size() > limits_.bytes) {
      piece.text = {};
      piece.fault =
          fmt::format("expected an object of at most {} bytes, got a larger one", limits_.bytes);
    }
  }
  if (in_string_) {
    in_string_ = byte != '"' || escaped_;
    escaped_ = byte == '\\' && !escaped_;
    if (in_string_ && depth_ == 1 && key_.size() < 8) key_ += byte;  // longer than "entry"
    return false;
  }
  switch (byte) {
    case '"':
      in_string_ = true;
      if (depth_ == 1) key_.clear();
      return false;
    case '{':
    case '[':
      open(byte, piece);
      return false;
    case '}':
    case ']':
      return close();
    default:
      return false;
  }
}

bool JsonPieces::between_objects(char byte, JsonPiece& piece) {
  if ((byte == '{' || byte == '[') && !(in_other_text_ && (lines_ || byte == '['))) {
    in_other_text_ = false;
    open(byte, piece);
    return false;
  }
  if (in_other_text_ || kBlanks.find(byte) != std::string_view::npos) return false;
  in_other_text_ = true;
  begin(piece);
  in_piece_ = false;
  piece.text = {};
  piece.fault = "expected an object of JSON, which begins with {, got other text";
  return true;
}

void JsonPieces::begin(JsonPiece& piece) {
  in_piece_ = true;
  piece = {.text = "{", .line = lines_ ? line_ : 0, .byte = position_, .path = {}, .fault = {}};
  if (base_ > 0) piece.path = fmt::format("{}[{}]", base_ == 2 ? "entry" : "", index_++);
}

void JsonPieces::open(char bracket, JsonPiece& piece) {
  if (bracket == '{' && depth_ == base_) {
    begin(piece);
  } else if (bracket == '[' && depth_ == 0) {
    base_ = 1;
    index_ = 0;
  } else if (bracket == '[' && depth_ == 1 && base_ == 0 && key_ == "entry") {
    in_piece_ = false;
    piece = {};
    base_ = 2;
    index_ = 0;
  }
  ++depth_;
  if (in_piece_ && piece.fault.empty() && depth_ - base_ > limits_.depth) {
    piece.text = {};
    piece.fault =
        fmt::format("expected at most {} brackets within one another, got more", limits_.depth);
  }
}

bool JsonPieces::close() {
  --depth_;
  if (depth_ < base_) base_ = 0;  // the list ends; what follows of a Bundle is passed over
  const bool whole = in_piece_ && depth_ == base_;
  if (whole) in_piece_ = false;
  return whole;
}

bool JsonPieces::end_of_line(JsonPiece& piece) {
  const bool within = depth_ > 0;
  if (within) {
    if (!in_piece_) begin(piece);
    piece.text = {};
    piece.fault = "expected the object to end within its line, as in NDJSON; the line ends before";
  }
  depth_ = base_ = 0;
  in_piece_ = in_string_ = escaped_ = in_other_text_ = false;
  ++line_;
  return within;
}

bool JsonPieces::end_of_file(JsonPiece& piece) {
  if (depth_ == 0) return false;
  if (!in_piece_) begin(piece);
  piece.text = {};
  piece.fault = "expected the object to end; the file ends before";
  depth_ = base_ = 0;
  in_piece_ = in_string_ = false;
  return true;
}

}  // namespace clearhead::claims
