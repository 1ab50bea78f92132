// WordPiece and WordLevel: the longest token first, or whole pieces alone.
//
// Source of WordPiece: Wu et al., "Google's neural machine translation system" (2016), section 4.1;
// matched greedily, as in BERT.
#include <fmt/format.h>

#include "clearhead/base/error.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/token_model_internal.h"

namespace clearhead {
namespace {

std::int64_t unknown_id(const TokenModel& model, const std::string& token) {
  return model.find(token).value_or(-1);
}

class WordPieceModel : public TokenModel {
 public:
  WordPieceModel(std::vector<std::string> tokens, const JsonPlace& place)
      : TokenModel(std::move(tokens)),
        unknown_(unknown_id(*this, place["unk_token"].text_or("[UNK]"))) {
    const std::string prefix = place["continuing_subword_prefix"].text_or("##");
    for (const char byte : prefix) {
      if (within_ != TokenTrie::kNone) within_ = trie().next(within_, byte);
    }
    if (const JsonPlace most = place["max_input_chars_per_word"]; !most.is_null()) {
      most_characters_ = most.integer(0, std::int64_t{1} << 32);
    }
  }

  const char* type() const override { return "WordPiece"; }
  void encode(std::string_view text, const std::vector<TextRange>& pieces,
              std::vector<PlacedToken>& tokens) const override {
    for (const TextRange piece : pieces) {
      const std::size_t first = tokens.size();
      if (divide(text.substr(piece.begin, piece.end - piece.begin), piece.begin, tokens)) continue;
      tokens.resize(first);
      if (unknown_ < 0) {
        throw Error(
            fmt::format("tokenizer: \"{}\" is not in the vocabulary, nor is a token for "
                        "what is unknown",
                        text.substr(piece.begin, piece.end - piece.begin)));
      }
      tokens.push_back({unknown_, piece});
    }
  }

  bool knows(std::string_view piece) const override {
    std::vector<PlacedToken> tokens;
    return unknown_ >= 0 || divide(piece, 0, tokens);
  }

 private:
  // Appends the tokens of a piece, which begins at `offset`; false if there are none for it.
  bool divide(std::string_view piece, std::size_t offset, std::vector<PlacedToken>& tokens) const {
    if (count_code_points(piece) > most_characters_) return false;
    std::int32_t node = TokenTrie::root();
    for (std::size_t begin = 0; begin < piece.size();) {
      if (node == TokenTrie::kNone) return false;
      const TokenTrie::Match match = trie().longest(piece.substr(begin), node);
      if (match.id == TokenTrie::kNone) return false;
      tokens.push_back({match.id, {offset + begin, offset + begin + match.size}});
      begin += match.size;
      node = within_;
    }
    return true;
  }

  std::int64_t unknown_;
  std::int32_t within_ = TokenTrie::root();  // the node behind the prefix of tokens within a piece
  std::int64_t most_characters_ = 100;
};

class WordLevelModel : public TokenModel {
 public:
  explicit WordLevelModel(const JsonPlace& place)
      : TokenModel(read_vocabulary(place["vocab"])),
        unknown_(unknown_id(*this, place["unk_token"].text_or("<unk>"))) {}

  const char* type() const override { return "WordLevel"; }
  void encode(std::string_view text, const std::vector<TextRange>& pieces,
              std::vector<PlacedToken>& tokens) const override {
    for (const TextRange range : pieces) {
      const std::string_view piece = text.substr(range.begin, range.end - range.begin);
      const std::int32_t id = trie().find(piece);
      if (id == TokenTrie::kNone && unknown_ < 0) {
        throw Error(
            fmt::format("tokenizer: \"{}\" is not in the vocabulary, nor is a token for "
                        "what is unknown",
                        piece));
      }
      tokens.push_back({id == TokenTrie::kNone ? unknown_ : id, range});
    }
  }
  bool knows(std::string_view piece) const override {
    return unknown_ >= 0 || trie().find(piece) != TokenTrie::kNone;
  }

 private:
  std::int64_t unknown_;
};

}  // namespace

std::unique_ptr<const TokenModel> make_word_piece_model(const JsonPlace& place) {
  return make_word_piece_model(read_vocabulary(place["vocab"]), place);
}

std::unique_ptr<const TokenModel> make_word_piece_model(std::vector<std::string> tokens,
                                                        const JsonPlace& place) {
  return std::make_unique<WordPieceModel>(std::move(tokens), place);
}

std::unique_ptr<const TokenModel> make_word_level_model(const JsonPlace& place) {
  return std::make_unique<WordLevelModel>(place);
}

}  // namespace clearhead
