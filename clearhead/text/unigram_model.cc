// Unigram: of all ways to divide a text into tokens the most probable, found by Viterbi's algorithm
// in time that grows with the text and the longest token.
//
// Source: Kudo, "Subword regularization" (ACL 2018); ties and unknown characters as SentencePiece
// decides them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/error.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/token_model_internal.h"

namespace clearhead {
namespace {

constexpr double kUnknownPenalty = 10;  // below the least probable token, as in SentencePiece

ScoredTokens read_scored(const JsonPlace& place) {
  ScoredTokens result;
  for (const JsonPlace& one : place.elements()) {
    const std::vector<JsonPlace> both = one.elements(2);
    result.tokens.push_back(both[0].text());
    result.scores.push_back(both[1].number());
  }
  return result;
}

class UnigramModel : public TokenModel {
 public:
  UnigramModel(ScoredTokens vocabulary, std::int64_t unknown, bool byte_fallback)
      : TokenModel(std::move(vocabulary.tokens)),
        scores_(std::move(vocabulary.scores)),
        unknown_(unknown),
        byte_fallback_(byte_fallback) {
    double least = std::numeric_limits<double>::infinity();
    for (const double score : scores_) least = std::min(least, score);
    unknown_score_ = least - kUnknownPenalty;
    bytes_ = byte_tokens(*this);
  }

  const char* type() const override { return "Unigram"; }
  void encode(std::string_view text, const std::vector<TextRange>& pieces,
              std::vector<PlacedToken>& tokens) const override {
    std::vector<Step> steps;
    for (const TextRange piece : pieces) {
      find_best(text.substr(piece.begin, piece.end - piece.begin), steps);
      append_path(text, piece, steps, tokens);
    }
  }
  bool knows(std::string_view piece) const override {
    while (unknown_ < 0 && !piece.empty()) {
      const std::string_view before = piece;
      take_character(piece);
      if (trie().find(before.substr(0, before.size() - piece.size())) == TokenTrie::kNone) {
        return false;
      }
    }
    return true;
  }
  std::optional<double> score(std::int64_t id) const override {
    return scores_[static_cast<std::size_t>(id)];
  }

 private:
  // The best way to a place: its score, and its last token. (A struct for each byte.)
  struct Step {
    double score = 0;
    std::int64_t begin = -1;  // −1: no way leads here
    std::int64_t id = -1;
  };

  void find_best(std::string_view piece, std::vector<Step>& steps) const;
  void append_path(std::string_view text, TextRange piece, const std::vector<Step>& steps,
                   std::vector<PlacedToken>& tokens) const;
  void append_unknown(std::string_view text, TextRange range,
                      std::vector<PlacedToken>& tokens) const;

  std::vector<double> scores_;
  std::int64_t unknown_;
  bool byte_fallback_;
  double unknown_score_;
  std::array<std::int64_t, 256> bytes_{};
};

// Calculated forward: all tokens that begin at a place are tried before the next place.
void UnigramModel::find_best(std::string_view piece, std::vector<Step>& steps) const {
  steps.assign(piece.size() + 1, {});
  for (std::string_view rest = piece; !rest.empty();) {
    const std::size_t begin = piece.size() - rest.size();
    const double before = steps[begin].score;
    const auto offer = [&](std::size_t end, std::int64_t id, double score) {
      Step& step = steps[end];
      if (step.begin >= 0 && !(score > step.score)) return;
      step = {score, static_cast<std::int64_t>(begin), id};
    };
    std::string_view after = rest;
    take_character(after);
    const std::size_t character_end = piece.size() - after.size();
    bool has_character = false;
    std::int32_t node = TokenTrie::root();
    for (std::size_t end = begin; end < piece.size();) {
      node = trie().next(node, piece[end]);
      if (node == TokenTrie::kNone) break;
      ++end;
      const std::int32_t id = trie().id_at(node);
      if (id == TokenTrie::kNone) continue;
      offer(end, id, before + scores_[static_cast<std::size_t>(id)]);
      has_character = has_character || end == character_end;
    }
    if (!has_character) {
      if (unknown_ < 0) fail_unknown(rest.substr(0, rest.size() - after.size()));
      offer(character_end, unknown_, before + unknown_score_);
    }
    rest = after;
  }
}

void UnigramModel::append_path(std::string_view text, TextRange piece,
                               const std::vector<Step>& steps,
                               std::vector<PlacedToken>& tokens) const {
  std::vector<PlacedToken> path;  // from its end; what is unknown in a row is one
  for (std::size_t end = piece.end - piece.begin; end > 0;) {
    const Step& step = steps[end];
    const auto begin = static_cast<std::size_t>(step.begin);
    if (step.id == unknown_ && !path.empty() && path.back().id == unknown_) {
      path.back().range.begin = piece.begin + begin;
    } else {
      path.push_back({step.id, {piece.begin + begin, piece.begin + end}});
    }
    end = begin;
  }
  for (auto one = path.rbegin(); one != path.rend(); ++one) {
    if (one->id == unknown_) {
      append_unknown(text, one->range, tokens);
    } else {
      tokens.push_back(*one);
    }
  }
}

void UnigramModel::append_unknown(std::string_view text, TextRange range,
                                  std::vector<PlacedToken>& tokens) const {
  const std::string_view part = text.substr(range.begin, range.end - range.begin);
  const auto has_token = [&](char byte) { return bytes_[static_cast<unsigned char>(byte)] >= 0; };
  const std::int32_t whole = trie().find(part);  // the name of the unknown token itself
  if (whole == TokenTrie::kNone && byte_fallback_ &&
      std::all_of(part.begin(), part.end(), has_token)) {
    for (const char byte : part) {
      tokens.push_back({bytes_[static_cast<unsigned char>(byte)], range});
    }
    return;
  }
  tokens.push_back({whole == TokenTrie::kNone ? unknown_ : whole, range});
}

}  // namespace

std::unique_ptr<const TokenModel> make_unigram_model(const JsonPlace& place) {
  ScoredTokens vocabulary = read_scored(place["vocab"]);
  const auto size = static_cast<std::int64_t>(vocabulary.tokens.size());
  const JsonPlace unknown = place["unk_id"];
  const std::int64_t unknown_id = unknown.is_null() ? -1 : unknown.integer(0, size - 1);
  return make_unigram_model(std::move(vocabulary), unknown_id,
                            place["byte_fallback"].flag_or(false));
}

std::unique_ptr<const TokenModel> make_unigram_model(ScoredTokens vocabulary, std::int64_t unknown,
                                                     bool byte_fallback) {
  return std::make_unique<UnigramModel>(std::move(vocabulary), unknown, byte_fallback);
}

}  // namespace clearhead
