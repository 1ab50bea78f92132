// Models: which tokens stand for a piece of text.
#ifndef CLEARHEAD_TEXT_TOKEN_MODEL_INTERNAL_H_
#define CLEARHEAD_TEXT_TOKEN_MODEL_INTERNAL_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/json_place_internal.h"
#include "clearhead/text/token_trie_internal.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// A token and where it stands in a text.
struct PlacedToken {
  std::int64_t id;
  TextRange range;
};

/// The tokens that a model has learnt, and how it finds them in text. Threads may share one.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  TokenModel(const TokenModel&) = delete;
  TokenModel& operator=(const TokenModel&) = delete;

  /// Its name in tokenizer.json; null: it has none there.
  virtual const char* type() const = 0;
  /// Appends the tokens of some pieces of `text`. Throws Error for text that it has no token for.
  virtual void encode(std::string_view text, const std::vector<TextRange>& pieces,
                      std::vector<PlacedToken>& tokens) const = 0;
  /// Whether `encode` has tokens for a piece.
  virtual bool knows(std::string_view piece) const = 0;
  /// Pairs that are merged, if it has any, in order of preference.
  virtual std::vector<Merge> merges() const { return {}; }
  /// What else is written of tokens: SentencePiece's score.
  virtual std::optional<double> score(std::int64_t /*id*/) const { return std::nullopt; }

  /// The tokens as the file spells them, by id; an id without a token has an empty one.
  const std::vector<std::string>& tokens() const { return tokens_; }
  /// The id of a token, or none.
  std::optional<std::int64_t> find(std::string_view token) const {
    const std::int32_t id = trie_.find(token);
    return id == TokenTrie::kNone ? std::nullopt : std::optional<std::int64_t>(id);
  }

 protected:
  explicit TokenModel(std::vector<std::string> tokens);
  const TokenTrie& trie() const { return trie_; }

 private:
  std::vector<std::string> tokens_;
  TokenTrie trie_;
};

/// The model that `place` describes.
std::unique_ptr<const TokenModel> make_token_model(const JsonPlace& place);

/// The kinds of models.
std::unique_ptr<const TokenModel> make_byte_pair_model(const JsonPlace& place);
std::unique_ptr<const TokenModel> make_word_piece_model(const JsonPlace& place);
std::unique_ptr<const TokenModel> make_word_level_model(const JsonPlace& place);
std::unique_ptr<const TokenModel> make_unigram_model(const JsonPlace& place);

/// A WordPiece of other tokens than those at `place`, which has its options.
std::unique_ptr<const TokenModel> make_word_piece_model(std::vector<std::string> tokens,
                                                        const JsonPlace& place);

/// What a model of byte pairs is made of.
struct BytePairParts {
  std::vector<std::string> tokens = {};     ///< by id
  std::vector<Merge> merges = {};           ///< in order of preference
  std::optional<std::string> unknown = {};  ///< the token for what no other stands for
  bool fuse_unknown = false;                ///< one for several characters in a row
  bool byte_fallback = false;               ///< bytes by `byte_tokens` before `unknown`
  bool ignore_merges = false;               ///< a piece that is a token is that token
  std::string continuing_prefix = {};       ///< of all characters of a piece but the first
  std::string end_suffix = {};              ///< of its last
};
/// Throws Error if a merge does not make a token, or is there twice.
std::unique_ptr<const TokenModel> make_byte_pair_model(BytePairParts parts);

/// Tokens by id, and the logarithms of how probable they are.
struct ScoredTokens {
  std::vector<std::string> tokens = {};
  std::vector<double> scores = {};
};
/// `unknown` is the id of the token for what no other stands for; −1: there is none.
std::unique_ptr<const TokenModel> make_unigram_model(ScoredTokens vocabulary, std::int64_t unknown,
                                                     bool byte_fallback);

/// Ids by token, which is a part of `tokens`; of equal ones the first counts.
std::unordered_map<std::string_view, std::int64_t> ids_by_token(
    const std::vector<std::string>& tokens);
/// The tokens of an object of tokens and ids.
std::vector<std::string> read_vocabulary(const JsonPlace& place);
/// The most that ids may be, given how many tokens there are: some are left out, but memory must
/// not depend on what a file claims.
std::int64_t largest_id(std::size_t token_count);

/// Ids of the tokens "<0x00>" to "<0xFF>", by which bytes are spelt that no other token has; −1
/// where one is missing.
std::array<std::int64_t, 256> byte_tokens(const TokenModel& model);

/// Throws Error: `piece` has a character that no token stands for.
[[noreturn]] void fail_unknown(std::string_view character);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKEN_MODEL_INTERNAL_H_
