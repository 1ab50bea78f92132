// What SentencePiece's model says, in the words of tokenizer.json.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "clearhead/base/error.h"
#include "clearhead/text/sentence_piece_internal.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

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

// In bytes. All cuts of all pieces are looked up, so time grows with its square; SentencePiece
// learns pieces of 16 characters unless told otherwise.
constexpr std::size_t kLongestPiece = 512;

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
  if (model.prefix && !model.prefix_once) {
    parts.push_back(Json{{"type", "Prepend"}, {"prepend", blank}});
  }
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

// SentencePiece merges any two pieces that make a third, the most probable first: here each pair is
// a merge.
std::vector<Merge> merges_of(const SentencePieceModel& model, const std::string& file) {
  std::vector<TokenId> pieces;
  for (std::size_t id = 0; id < model.types.size(); ++id) {
    if (model.types[id] != PieceType::normal) continue;
    if (const std::size_t size = model.pieces.tokens[id].size(); size > kLongestPiece) {
      throw Error(
          fmt::format("{}: piece {} has {} bytes, more than {}", file, id, size, kLongestPiece));
    }
    pieces.push_back({model.pieces.tokens[id], static_cast<std::int64_t>(id)});
  }
  const TokenTrie ids(pieces);
  std::stable_sort(pieces.begin(), pieces.end(), [&](const TokenId& a, const TokenId& b) {
    return model.pieces.scores[static_cast<std::size_t>(a.id)] >
           model.pieces.scores[static_cast<std::size_t>(b.id)];
  });
  std::vector<Merge> merges;
  for (const auto& [piece, id] : pieces) {
    if (ids.find(piece) != id) continue;  // another has the same text
    std::int32_t left = TokenTrie::root();
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      left = ids.next(left, piece[cut - 1]);
      if (ids.id_at(left) == TokenTrie::kNone) continue;
      const std::int32_t right = ids.find(piece.substr(cut));
      if (right != TokenTrie::kNone) merges.push_back({ids.id_at(left), right});
    }
  }
  return merges;
}

void check_differ(const std::vector<std::string>& pieces, const std::string& file) {
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const auto [first, is_new] = ids.emplace(pieces[id], id);
    if (is_new) continue;
    throw Error(fmt::format("{}: pieces {} and {} are both {}", file, first->second, id,
                            Json(pieces[id]).dump()));
  }
}

}  // namespace

PieceType piece_type(std::uint64_t number) {
  return static_cast<PieceType>(std::clamp<std::uint64_t>(number, 1, 6));
}

Json added_pieces(const std::vector<std::string>& pieces, const std::vector<PieceType>& types) {
  Json list = Json::array();
  for (std::size_t id = 0; id < types.size(); ++id) {
    const bool special = types[id] == PieceType::control || types[id] == PieceType::unknown;
    if (!special && types[id] != PieceType::user_defined) continue;
    if (pieces[id].empty()) continue;
    list.push_back(Json{{"id", id},
                        {"content", pieces[id]},
                        {"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", special}});
  }
  return list;
}

Json template_around(const std::vector<std::string>& tokens,
                     const std::optional<std::int64_t>& first,
                     const std::optional<std::int64_t>& last, bool first_of_second,
                     int second_type) {
  if (!first && !last) return nullptr;
  Json special_tokens = Json::object();
  const auto token = [&](std::int64_t id, int type) {
    const std::string& name = tokens[static_cast<std::size_t>(id)];
    special_tokens[name] = {
        {"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
    return Json{{"SpecialToken", {{"id", name}, {"type_id", type}}}};
  };
  Json pair = Json::array(), single;
  for (int sequence = 0; sequence < 2; ++sequence) {
    const int type = sequence == 0 ? 0 : second_type;
    if (first && (sequence == 0 || first_of_second)) pair.push_back(token(*first, type));
    pair.push_back(Json{{"Sequence", {{"id", sequence == 0 ? "A" : "B"}, {"type_id", type}}}});
    if (last) pair.push_back(token(*last, type));
    if (sequence == 0) single = pair;
  }
  return {{"type", "TemplateProcessing"},
          {"single", std::move(single)},
          {"pair", std::move(pair)},
          {"special_tokens", std::move(special_tokens)}};
}

std::int64_t unknown_piece(const SentencePieceModel& model) {
  const auto found = std::find(model.types.begin(), model.types.end(), PieceType::unknown);
  return found == model.types.end() ? -1 : found - model.types.begin();
}

std::unique_ptr<const TokenModel> make_pieces(SentencePieceModel model, Json& description,
                                              const std::string& file) {
  description = {{"version", "1.0"},
                 {"added_tokens", added_pieces(model.pieces.tokens, model.types)},
                 {"normalizer", normalizer(model)},
                 {"decoder", decoder(model)}};
  if (model.prefix && model.prefix_once) {
    description["pre_tokenizer"] = {{"type", "Metaspace"},
                                    {"replacement", kBlankMark},
                                    {"prepend_scheme", "first"},
                                    {"split", false}};
  }
  const std::int64_t unknown = unknown_piece(model);
  for (std::size_t id = 0; id < model.types.size(); ++id) {  // never found in text
    const bool unused = model.types[id] == PieceType::unused;
    if (unused) model.pieces.tokens[id] = fmt::format("<unused {}>", id);
  }
  check_differ(model.pieces.tokens, file);
  if (model.merges) {
    BytePairParts pairs{.tokens = model.pieces.tokens,
                        .merges = merges_of(model, file),
                        .fuse_unknown = true,
                        .byte_fallback = model.byte_fallback};
    if (unknown >= 0) pairs.unknown = model.pieces.tokens[static_cast<std::size_t>(unknown)];
    description["model"] = {{"type", "BPE"},
                            {"fuse_unk", true},
                            {"byte_fallback", model.byte_fallback},
                            {"unk_token", pairs.unknown ? Json(*pairs.unknown) : Json()}};
    return make_byte_pair_model(std::move(pairs));
  }
  description["model"] = {{"type", "Unigram"}, {"byte_fallback", model.byte_fallback}};
  if (unknown >= 0) description["model"]["unk_id"] = unknown;
  return make_unigram_model(std::move(model.pieces), unknown, model.byte_fallback);
}

std::shared_ptr<const Tokenizer> make_sentence_piece(SentencePieceModel model, const Json& parts,
                                                     const std::string& file) {
  Json description;
  std::unique_ptr<const TokenModel> pieces = make_pieces(std::move(model), description, file);
  description.update(parts);
  return std::make_shared<const Tokenizer>(
      make_tokenizer(std::move(description), std::move(pieces), file));
}

}  // namespace clearhead
