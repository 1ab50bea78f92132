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

// Joins pieces with `between` as long as they are no longer than a passage.
class Joiner {
 public:
  Joiner(const Tokenizer* tokenizer, char between) : tokenizer_(tokenizer), between_(between) {}

  void add(const std::string& piece) {
    const std::int64_t tokens = count_tokens(piece, tokenizer_) + 1;
    if (pieces_.empty() || tokens_ + tokens > kPassageTokens) {
      pieces_.emplace_back();
      tokens_ = 0;
    } else {
      pieces_.back() += between_;
    }
    pieces_.back() += piece;
    tokens_ += tokens;
  }
  std::vector<std::string> take() { return std::move(pieces_); }

 private:
  const Tokenizer* tokenizer_;
  char between_;
  std::int64_t tokens_ = 0;
  std::vector<std::string> pieces_;
};

template <typename F>
void for_each_part(const std::string& text, char end, const F& f) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t stop = std::min(text.find(end, begin), text.size());
    if (stop > begin) f(text.substr(begin, stop - begin));
    begin = stop + 1;
  }
}

std::vector<std::string> passages_of(const std::string& text, const Tokenizer* tokenizer) {
  Joiner lines(tokenizer, '\n');
  for_each_part(text, '\n', [&](const std::string& line) {
    if (count_tokens(line, tokenizer) < kPassageTokens) return lines.add(line);
    Joiner words(tokenizer, ' ');
    for_each_part(line, ' ', [&](const std::string& word) { words.add(word); });
    for (const std::string& piece : words.take()) lines.add(piece);
  });
  return lines.take();
}

}  // namespace

std::vector<std::int64_t> text_ids(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.encode(" " + text);
}

std::vector<Passage> cut_into_passages(const std::vector<Clause>& clauses,
                                       const Tokenizer* tokenizer) {
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    for (std::string& text : passages_of(clauses[i].text, tokenizer)) {
      Passage passage{.clause = i, .text = std::move(text), .ids = {}};
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
