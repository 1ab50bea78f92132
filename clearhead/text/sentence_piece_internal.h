// A model of SentencePiece as a tokenizer, whichever file it came in.
#ifndef CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_
#define CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
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
  bool collapses = true;              ///< blanks in a row are one, those around a text none
  bool escapes = true;                ///< pieces have ▁ for a blank
};

/// Control and user-defined pieces as added_tokens of tokenizer.json.
nlohmann::json added_pieces(const std::vector<std::string>& pieces,
                            const std::vector<PieceType>& types);

/// The model in a file.
SentencePieceModel read_sentence_piece_model(const std::filesystem::path& path);

/// The id of the piece for what is unknown; −1: there is none.
std::int64_t unknown_piece(const SentencePieceModel& model);

/// What finds the pieces of a model. `description` becomes its tokenizer.json, without a
/// post-processor; `file` is its name in messages.
std::unique_ptr<const TokenModel> make_pieces(SentencePieceModel model, nlohmann::json& description,
                                              const std::string& file);

/// The tokenizer of a model, and what its post-processor does. `file` is its name in messages.
std::shared_ptr<const Tokenizer> make_sentence_piece(SentencePieceModel model,
                                                     nlohmann::json post_processor,
                                                     const std::string& file);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_SENTENCE_PIECE_INTERNAL_H_
