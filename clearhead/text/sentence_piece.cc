// The few fields of sentencepiece_model.proto that say how text is encoded, read from their wire
// format (protobuf.dev/programming-guides/encoding).
#include "clearhead/text/sentence_piece.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

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

// Of a piece; the numbers are those of the file.
enum class PieceType { normal = 1, unknown, control, user_defined, unused, byte };
constexpr std::uint64_t kUnigram = 1, kPairs = 2;

struct SentencePieceModel {
  ScoredTokens pieces;
  std::vector<PieceType> types;
  std::uint64_t kind = kUnigram;
  bool byte_fallback = false;
  std::string rules;  // precompiled
  bool prefix = true, collapses = true, escapes = true;
};

void read_piece(std::string_view bytes, const std::string& file, SentencePieceModel& model) {
  std::string piece;
  double score = 0;
  PieceType type = PieceType::normal;
  WireReader(bytes, file).each([&](const WireField& field) {
    if (field.number == 1) piece = field.bytes;
    if (field.number == 2) {
      score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    }
    if (field.number == 3)
      type = static_cast<PieceType>(std::clamp<std::uint64_t>(field.value, 1, 6));
  });
  if (find_invalid_utf8(piece) != std::string_view::npos || !std::isfinite(score)) {
    throw Error(fmt::format("{}: piece {}: expected UTF-8 and a score", file, model.types.size()));
  }
  model.pieces.tokens.push_back(std::move(piece));
  model.pieces.scores.push_back(score);
  model.types.push_back(type);
}

SentencePieceModel read_model(std::string_view bytes, const std::string& file) {
  SentencePieceModel model;
  WireReader(bytes, file).each([&](const WireField& field) {
    if (field.number == 1) read_piece(field.bytes, file, model);
    if (field.number == 2) {
      WireReader(field.bytes, file).each([&](const WireField& trainer) {
        if (trainer.number == 3) model.kind = trainer.value;
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
  if (model.kind != kUnigram && model.kind != kPairs) {
    throw Error(file +
                ": expected a model of type Unigram or BPE; words and characters are not "
                "supported");
  }
  return model;
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto byte = i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0;
      bits = bits << 8 | static_cast<std::uint32_t>(byte);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

constexpr const char* kBlankMark = "\u2581";

Json replacement(Json pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", std::move(pattern)}, {"content", content}};
}

Json normalizer(const SentencePieceModel& model) {
  Json parts = Json::array();
  if (!model.rules.empty()) {
    parts.push_back(
        Json{{"type", "Precompiled"}, {"precompiled_charsmap", to_base64(model.rules)}});
  }
  if (model.collapses) {
    parts.push_back(replacement(Json{{"Regex", "\\A +| +\\z"}}, ""));
    parts.push_back(replacement(Json{{"Regex", " {2,}"}}, " "));
  }
  const std::string blank = model.escapes ? kBlankMark : " ";
  if (model.prefix) parts.push_back(Json{{"type", "Prepend"}, {"prepend", blank}});
  if (model.escapes) parts.push_back(replacement(Json{{"String", " "}}, kBlankMark));
  return {{"type", "Sequence"}, {"normalizers", std::move(parts)}};
}

Json decoder(const SentencePieceModel& model) {
  Json parts = Json::array();
  parts.push_back(replacement(Json{{"String", kBlankMark}}, " "));
  parts.push_back(Json{{"type", "ByteFallback"}});
  parts.push_back(Json{{"type", "Fuse"}});
  if (model.prefix) {
    parts.push_back(Json{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return {{"type", "Sequence"}, {"decoders", std::move(parts)}};
}

Json added_tokens(const SentencePieceModel& model) {
  Json list = Json::array();
  for (std::size_t id = 0; id < model.types.size(); ++id) {
    const PieceType type = model.types[id];
    const bool special = type == PieceType::control || type == PieceType::unknown;
    if (!special && type != PieceType::user_defined) continue;
    if (model.pieces.tokens[id].empty()) continue;
    list.push_back(Json{{"id", id},
                        {"content", model.pieces.tokens[id]},
                        {"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", special}});
  }
  return list;
}

// SentencePiece merges any two pieces that make a third, the most probable first: here each pair is
// a merge.
std::vector<Merge> merges_of(const SentencePieceModel& model) {
  std::unordered_map<std::string_view, std::int64_t> ids;
  std::vector<std::size_t> order;
  for (std::size_t id = 0; id < model.types.size(); ++id) {
    if (model.types[id] != PieceType::normal) continue;
    ids.emplace(model.pieces.tokens[id], static_cast<std::int64_t>(id));
    order.push_back(id);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return model.pieces.scores[a] > model.pieces.scores[b];
  });
  std::vector<Merge> merges;
  for (const std::size_t id : order) {
    const std::string_view piece = model.pieces.tokens[id];
    if (ids[piece] != static_cast<std::int64_t>(id)) continue;  // there is the same before it
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const auto left = ids.find(piece.substr(0, cut)), right = ids.find(piece.substr(cut));
      if (left != ids.end() && right != ids.end()) merges.push_back({left->second, right->second});
    }
  }
  return merges;
}

}  // namespace

std::shared_ptr<const Tokenizer> parse_sentence_piece(std::string_view bytes,
                                                      const std::string& file) {
  SentencePieceModel model = read_model(bytes, file);
  Json description = {{"version", "1.0"},
                      {"added_tokens", added_tokens(model)},
                      {"normalizer", normalizer(model)},
                      {"decoder", decoder(model)}};
  const auto found = std::find(model.types.begin(), model.types.end(), PieceType::unknown);
  const auto unknown = found == model.types.end() ? -1 : found - model.types.begin();
  for (std::size_t id = 0; id < model.types.size(); ++id) {  // never found in text
    const bool unused = model.types[id] == PieceType::unused;
    if (unused) model.pieces.tokens[id] = fmt::format("<unused {}>", id);
  }
  std::unique_ptr<const TokenModel> tokens;
  if (model.kind == kPairs) {
    BytePairParts parts{.tokens = model.pieces.tokens,
                        .merges = merges_of(model),
                        .fuse_unknown = true,
                        .byte_fallback = model.byte_fallback};
    if (unknown >= 0) parts.unknown = model.pieces.tokens[static_cast<std::size_t>(unknown)];
    description["model"] = {{"type", "BPE"},
                            {"fuse_unk", true},
                            {"byte_fallback", model.byte_fallback},
                            {"unk_token", parts.unknown ? Json(*parts.unknown) : Json()}};
    tokens = make_byte_pair_model(std::move(parts));
  } else {
    description["model"] = {{"type", "Unigram"}, {"byte_fallback", model.byte_fallback}};
    if (unknown >= 0) description["model"]["unk_id"] = unknown;
    tokens = make_unigram_model(std::move(model.pieces), unknown, model.byte_fallback);
  }
  return std::make_shared<const Tokenizer>(
      make_tokenizer(std::move(description), std::move(tokens), file));
}

std::shared_ptr<const Tokenizer> read_sentence_piece(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  return parse_sentence_piece({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                              path.string());
}

}  // namespace clearhead
