// Cutting, and counting in how many passages a token is.
#include "clearhead/claims/passages.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace clearhead::claims {
namespace {

std::int64_t count_tokens(const std::string& text, const Tokenizer* tokenizer) {
  if (tokenizer != nullptr) return std::ssize(text_ids(*tokenizer, text));
  return 1 + std::count(text.begin(), text.end(), ' ');
}

// Bytes of a text.
struct Piece {
  std::size_t begin = 0, end = 0;
};

// Joins pieces that follow each other as long as they are no longer than a passage.
class Joiner {
 public:
  Joiner(const std::string& text, const Tokenizer* tokenizer)
      : text_(text), tokenizer_(tokenizer) {}

  void add(const Piece& piece) {
    const std::int64_t tokens =
        count_tokens(text_.substr(piece.begin, piece.end - piece.begin), tokenizer_) + 1;
    if (pieces_.empty() || tokens_ + tokens > kPassageTokens) {
      pieces_.push_back(piece);
      tokens_ = 0;
    }
    pieces_.back().end = piece.end;
    tokens_ += tokens;
  }
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  const std::string& text_;
  const Tokenizer* tokenizer_;
  std::int64_t tokens_ = 0;
  std::vector<Piece> pieces_;
};

// The parts of a piece that `between` separates, without those that are empty.
template <typename F>
void for_each_part(const std::string& text, const Piece& whole, char between, const F& f) {
  for (std::size_t begin = whole.begin; begin < whole.end;) {
    const std::size_t end = std::min(text.find(between, begin), whole.end);
    if (end > begin) f(Piece{begin, end});
    begin = end + 1;
  }
}

std::vector<Piece> passages_of(const std::string& text, const Tokenizer* tokenizer) {
  Joiner lines(text, tokenizer);
  for_each_part(text, {0, text.size()}, '\n', [&](const Piece& line) {
    const std::string words_of_line = text.substr(line.begin, line.end - line.begin);
    if (count_tokens(words_of_line, tokenizer) < kPassageTokens) return lines.add(line);
    Joiner words(text, tokenizer);
    for_each_part(text, line, ' ', [&](const Piece& word) { words.add(word); });
    for (const Piece& piece : words.pieces()) lines.add(piece);
  });
  return lines.pieces();
}

}  // namespace

std::vector<std::int64_t> text_ids(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode(" " + text);
}

std::vector<Passage> cut_into_passages(const std::vector<Clause>& clauses,
                                       const Tokenizer* tokenizer) {
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    const std::string& text = clauses[i].text;
    for (const Piece& piece : passages_of(text, tokenizer)) {
      Passage passage{.clause = i,
                      .begin = piece.begin,
                      .text = text.substr(piece.begin, piece.end - piece.begin),
                      .ids = {}};
      if (tokenizer != nullptr) {
        passage.ids = text_ids(*tokenizer, passage.text);
        passage.ids.resize(std::min<std::size_t>(passage.ids.size(), kPassageTokens));
      }
      passages.push_back(std::move(passage));
    }
  }
  return passages;
}

TokenWeights::TokenWeights(const std::vector<Passage>& passages, std::int64_t vocabulary)
    : idf_(static_cast<std::size_t>(vocabulary)) {
  std::vector<double> having(idf_.size());
  for (const Passage& passage : passages) {
    for (const std::int64_t id : std::set<std::int64_t>(passage.ids.begin(), passage.ids.end())) {
      ++having[static_cast<std::size_t>(id)];
    }
  }
  const auto N = static_cast<double>(passages.size());
  for (std::size_t id = 0; id < idf_.size(); ++id) {
    idf_[id] = std::log(1 + (N - having[id] + 0.5) / (having[id] + 0.5));
  }
}

std::vector<double> TokenWeights::of(const std::vector<std::int64_t>& query) const {
  std::vector<double> weights;
  double sum = 0;
  for (std::size_t t = 0; t < query.size() && t < kQueryTokens; ++t) {
    weights.push_back(idf_[static_cast<std::size_t>(query[t])]);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum > 0 ? sum : 1;
  return weights;
}

}  // namespace clearhead::claims
