// The few fields of sentencepiece_model.proto that say how text is encoded, read from their wire
// format (protobuf.dev/programming-guides/encoding).
#include "clearhead/text/sentence_piece.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/text/sentence_piece_internal.h"

namespace clearhead {
namespace {

// A field of a message: a number, or bytes.
struct WireField {
  std::uint64_t number;  // which field
  std::uint64_t value;   // of a varint, or the bits of a float
  std::string_view bytes;
};

class WireReader {
 public:
  WireReader(std::string_view bytes, const std::string& file) : rest_(bytes), file_(file) {}

  void each(const std::function<void(const WireField&)>& visit) {
    while (!rest_.empty()) {
      const std::uint64_t key = varint();
      WireField field{key >> 3, 0, {}};
      switch (key & 7) {
        case 0:
          field.value = varint();
          break;
        case 1:
          field.bytes = take(8);
          break;
        case 2:
          field.bytes = take(varint());
          break;
        case 5:
          field.bytes = take(4);
          for (int i = 3; i >= 0; --i) {
            field.value = field.value << 8 | static_cast<unsigned char>(field.bytes[i]);
          }
          break;
        default:
          fail();
      }
      visit(field);
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(file_ + ": expected a model of SentencePiece; it is cut short, or something else");
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  const std::string& file_;
};

// The types of models.
constexpr std::uint64_t kUnigram = 1, kPairs = 2;

void read_piece(std::string_view bytes, const std::string& file, SentencePieceModel& model) {
  std::string piece;
  double score = 0;
  PieceType type = PieceType::normal;
  WireReader(bytes, file).each([&](const WireField& field) {
    if (field.number == 1) piece = field.bytes;
    if (field.number == 2) {
      score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    }
    if (field.number == 3) type = piece_type(field.value);
  });
  if (find_invalid_utf8(piece) != std::string_view::npos || !std::isfinite(score)) {
    throw Error(fmt::format("{}: piece {}: expected UTF-8 and a score", file, model.types.size()));
  }
  model.pieces.tokens.push_back(std::move(piece));
  model.pieces.scores.push_back(score);
  model.types.push_back(type);
}

}  // namespace

SentencePieceModel read_sentence_piece_model(std::string_view bytes, const std::string& file) {
  SentencePieceModel model;
  std::uint64_t kind = kUnigram;
  bool blanks_behind = false;
  WireReader(bytes, file).each([&](const WireField& field) {
    if (field.number == 1) read_piece(field.bytes, file, model);
    if (field.number == 2) {
      WireReader(field.bytes, file).each([&](const WireField& trainer) {
        if (trainer.number == 3) kind = trainer.value;
        if (trainer.number == 24) blanks_behind = trainer.value != 0;
        if (trainer.number == 35) model.byte_fallback = trainer.value != 0;
      });
    }
    if (field.number == 3) {
      WireReader(field.bytes, file).each([&](const WireField& normalizer) {
        if (normalizer.number == 2) model.rules = normalizer.bytes;
        if (normalizer.number == 3) model.prefix = normalizer.value != 0;
        if (normalizer.number == 4) model.collapses = normalizer.value != 0;
        if (normalizer.number == 5) model.escapes = normalizer.value != 0;
      });
    }
  });
  if (model.types.empty()) throw Error(file + ": expected a model of SentencePiece, got no pieces");
  if (kind != kUnigram && kind != kPairs) {
    throw Error(file +
                ": expected a model of type Unigram or BPE; words and characters are not "
                "supported");
  }
  if (blanks_behind) {
    throw Error(file +
                ": treat_whitespace_as_suffix is not supported: expected blanks to belong "
                "to the word behind them");
  }
  model.merges = kind == kPairs;
  return model;
}

std::shared_ptr<const Tokenizer> parse_sentence_piece(std::string_view bytes,
                                                      const std::string& file) {
  return make_sentence_piece(read_sentence_piece_model(bytes, file), nlohmann::json::object(),
                             file);
}

SentencePieceModel read_sentence_piece_model(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  return read_sentence_piece_model({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                   path.string());
}

std::shared_ptr<const Tokenizer> read_sentence_piece(const std::filesystem::path& path) {
  return make_sentence_piece(read_sentence_piece_model(path), nlohmann::json::object(),
                             path.string());
}

}  // namespace clearhead
