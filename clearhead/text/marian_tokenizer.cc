// Marian's translators: SentencePiece divides a source into pieces, and vocab.json names them, and
// the pieces that translations are made of.
//
// Source: tokenization_marian.py of Hugging Face's transformers.
#include <nlohmann/json.hpp>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/text/sentence_piece.h"
#include "clearhead/text/sentence_piece_internal.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

// Finds pieces as one model does, and takes their ids from another vocabulary.
class RenamedPieces : public TokenModel {
 public:
  RenamedPieces(std::unique_ptr<const TokenModel> pieces, std::int64_t unknown_piece,
                std::vector<std::string> tokens, std::int64_t unknown)
      : TokenModel(std::move(tokens)),
        pieces_(std::move(pieces)),
        unknown_piece_(unknown_piece),
        unknown_(unknown) {}

  const char* type() const override { return nullptr; }
  void encode(std::string_view text, const std::vector<TextRange>& ranges,
              std::vector<PlacedToken>& tokens) const override {
    const std::size_t first = tokens.size();
    pieces_->encode(text, ranges, tokens);
    for (std::size_t i = first; i < tokens.size(); ++i) {
      tokens[i].id = find(name(text, tokens[i])).value_or(unknown_);
    }
  }
  bool knows(std::string_view piece) const override { return pieces_->knows(piece); }

 private:
  // What has no piece may still be one of the target's.
  std::string_view name(std::string_view text, const PlacedToken& token) const {
    if (token.id != unknown_piece_) return pieces_->tokens()[static_cast<std::size_t>(token.id)];
    return text.substr(token.range.begin, token.range.end - token.range.begin);
  }

  std::unique_ptr<const TokenModel> pieces_;
  std::int64_t unknown_piece_, unknown_;
};

bool is_special(const std::string& token) {
  return token == kEndToken || token == kUnknownToken || token == kPadToken ||
         (token.starts_with(">>") && token.ends_with("<<"));  // a language to translate into
}

Json special_tokens(const std::vector<std::string>& tokens) {
  std::vector<PieceType> types(tokens.size(), PieceType::normal);
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (is_special(tokens[id])) types[id] = PieceType::control;
  }
  return added_pieces(tokens, types);
}

// Puts the token `end` behind each text.
Json ending_with(std::int64_t end) {
  const Json name = kEndToken;
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json second = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  const Json ending = {{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  return {{"type", "TemplateProcessing"},
          {"single", {text, ending}},
          {"pair", {text, second, ending}},
          {"special_tokens",
           {{std::string(kEndToken),
             {{"id", name}, {"ids", Json::array({end})}, {"tokens", Json::array({name})}}}}}};
}

}  // namespace

std::shared_ptr<const Tokenizer> read_marian_tokenizer(const std::filesystem::path& source,
                                                       const std::filesystem::path& vocabulary) {
  const std::string file = vocabulary.string();
  const Json root = parse_json(read_text(vocabulary), file);
  std::vector<std::string> tokens = read_vocabulary(JsonPlace(root, file));
  const auto ids = ids_by_token(tokens);
  const auto id_of = [&](std::string_view token) {
    const auto found = ids.find(token);
    if (found == ids.end()) {
      throw Error(file + ": expected a token " + std::string(token) + ", as Marian's have");
    }
    return found->second;
  };
  const std::int64_t end = id_of(kEndToken), unknown = id_of(kUnknownToken);
  SentencePieceModel model = read_sentence_piece_model(source);
  const std::int64_t no_piece = unknown_piece(model);
  Json description;
  auto pieces = make_pieces(std::move(model), description, source.string());
  description["added_tokens"] = special_tokens(tokens);
  description["post_processor"] = ending_with(end);
  auto renamed = std::make_unique<const RenamedPieces>(std::move(pieces), no_piece,
                                                       std::move(tokens), unknown);
  return std::make_shared<const Tokenizer>(
      make_tokenizer(std::move(description), std::move(renamed), source.string()));
}

}  // namespace clearhead
