// A model of SentencePiece as a tokenizer, whichever file it came in.
#ifndef CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_
#define CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/text/token_model_internal.h"

namespace clearhead {

/// What a piece is; the numbers are those of tokenizer.model and of GGUF.
enum class PieceType { normal = 1, unknown, control, user_defined, unused, byte };

/// That of a number in a file; one that is not known is the nearest.
PieceType piece_type(std::uint64_t number);

/// What is known of a model.
struct SentencePieceModel {
  ScoredTokens pieces = {};
  std::vector<PieceType> types = {};  ///< one a piece
  bool merges = false;                ///< BPE; otherwise Unigram
  bool byte_fallback = false;         ///< bytes before the unknown piece
  std::string rules = {};             ///< of the normalizer, compiled; empty: none
  bool prefix = true;                 ///< a blank is put before each text
  bool prefix_once = false;           ///< but not before what follows an added token
  bool collapses = true;              ///< blanks in a row are one, those around a text none
  bool escapes = true;                ///< pieces have ▁ for a blank
};

/// Control and user-defined pieces as added_tokens of tokenizer.json.
nlohmann::json added_pieces(const std::vector<std::string>& pieces,
                            const std::vector<PieceType>& types);

/// What tokenizer.model says; `file` is its name in messages.
SentencePieceModel read_sentence_piece_model(std::string_view bytes, const std::string& file);
/// The same of a file.
SentencePieceModel read_sentence_piece_model(const std::filesystem::path& path);

/// The id of the piece for what is unknown; −1: there is none.
std::int64_t unknown_piece(const SentencePieceModel& model);

/// What finds the pieces of a model. `description` becomes its tokenizer.json, without a
/// post-processor; `file` is its name in messages.
std::unique_ptr<const TokenModel> make_pieces(SentencePieceModel model, nlohmann::json& description,
                                              const std::string& file);

/// The tokenizer of a model; the fields of `parts` (of tokenizer.json) replace those that the model
/// alone would have. `file` is its name in messages.
std::shared_ptr<const Tokenizer> make_sentence_piece(SentencePieceModel model,
                                                     const nlohmann::json& parts,
                                                     const std::string& file);

/// A post-processor that puts the tokens with these ids, where there are any, before and behind a
/// text. Of a pair, the second text has tokens of type `second_type`, and `first` before it if
/// `first_of_second`.
nlohmann::json template_around(const std::vector<std::string>& tokens,
                               const std::optional<std::int64_t>& first,
                               const std::optional<std::int64_t>& last, bool first_of_second,
                               int second_type);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_
