// Words, their endings, and the index.
#include "clearhead/claims/bm25.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead::claims {
namespace {

constexpr double kK1 = 1.2;  // how soon a word that comes again stops to count
// How far the length of a field counts against it, and how much the field counts. They were chosen
// by finding the texts of clauses by their headings.
constexpr double kTextLength = 0.75, kPathLength = 0.5;
constexpr double kTextWeight = 1, kOpeningWeight = 2, kPathWeight = 1;
constexpr std::size_t kOpening = 15;  // words

bool is_stop_word(std::string_view word) {
  static const std::unordered_set<std::string_view> kStopWords = {
      "a",     "an",   "and",   "any",   "are",   "as",   "at",   "be",    "been",   "but",
      "by",    "for",  "from",  "had",   "has",   "have", "he",   "her",   "his",    "if",
      "in",    "into", "is",    "it",    "its",   "may",  "no",   "nor",   "not",    "of",
      "on",    "or",   "other", "shall", "she",   "so",   "such", "than",  "that",   "the",
      "their", "them", "then",  "there", "these", "they", "this", "those", "to",     "under",
      "upon",  "was",  "were",  "which", "who",   "whom", "will", "with",  "within", "without"};
  return kStopWords.count(word) > 0;
}

// Letters of any script and digits: of what is not ASCII, everything but the signs of Latin-1 and
// general punctuation.
bool is_in_word(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
  return c >= 0xC0 && (c < 0x2000 || c > 0x206F) && c != kNoCodePoint;
}

// Harman's rules: -ies → -y, -es → -e, -s → nothing, each with its exceptions.
void remove_plural(std::string& word) {
  const std::size_t n = word.size();
  if (n <= 3 || word[n - 1] != 's') return;
  const auto is_one_of = [&](std::size_t at, std::string_view letters) {
    return letters.find(word[at]) != letters.npos;
  };
  if (word.ends_with("ies") && !is_one_of(n - 4, "ae")) {
    word.replace(n - 3, 3, "y");
  } else if (word.ends_with("es") && !is_one_of(n - 3, "aeo")) {
    word.resize(is_one_of(n - 3, "sxzh") ? n - 2 : n - 1);
  } else if (!is_one_of(n - 2, "us")) {
    word.resize(n - 1);
  }
}

// "hearing" → "hear": one ending off, if four letters are left.
void remove_ending(std::string& word) {
  constexpr std::array<std::string_view, 15> kEndings = {
      "ization", "ational", "ations", "ation", "ments", "ment", "ings", "ing",
      "ied",     "ed",      "er",     "ly",    "ive",   "al",   "e"};
  for (const std::string_view ending : kEndings) {
    if (word.ends_with(ending) && word.size() >= ending.size() + 4) {
      word.resize(word.size() - ending.size());
      return;
    }
  }
}

using Counts = std::unordered_map<std::string, double>;

// How often each word comes in one field of all clauses, relative to the field's length.
class FieldCounts {
 public:
  FieldCounts(double weight, double length) : weight_(weight), length_(length) {}

  void add(const std::vector<std::string>& words) {
    Counts& counts = counts_.emplace_back();
    for (const std::string& word : words) ++counts[word];
    lengths_.push_back(static_cast<double>(words.size()));
  }

  // Adds weight·count/(1 − b + b·length/mean length) of each word to `to`.
  void add_to(std::vector<Counts>& to) const {
    const double mean = std::accumulate(lengths_.begin(), lengths_.end(), 0.0) /
                        static_cast<double>(std::max<std::size_t>(1, lengths_.size()));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double norm = 1 - length_ + (mean > 0 ? length_ * lengths_[i] / mean : 0);
      for (const auto& [word, count] : counts_[i]) to[i][word] += weight_ * count / norm;
    }
  }

 private:
  double weight_, length_;
  std::vector<Counts> counts_;
  std::vector<double> lengths_;
};

}  // namespace

std::vector<TextWord> text_words(std::string_view text) {
  std::vector<TextWord> words;
  TextWord next;
  const auto end = [&] {
    if (next.size == 0) return;
    next.word = lowercase(text.substr(next.begin, next.size));
    if (!is_stop_word(next.word)) {
      remove_plural(next.word);
      remove_ending(next.word);
      words.push_back(next);
    }
    next.size = 0;
  };
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t begin = text.size() - rest.size();
    if (!is_in_word(take_code_point(rest))) {
      end();
      continue;
    }
    if (next.size == 0) next.begin = begin;
    next.size = text.size() - rest.size() - next.begin;
  }
  end();
  return words;
}

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  for (TextWord& word : text_words(text)) words.push_back(std::move(word.word));
  return words;
}

QueryWords query_words(std::string_view text) {
  QueryWords query;
  for (std::string& word : search_words(text)) query[std::move(word)] = 1;
  return query;
}

Bm25::Bm25(const std::vector<Clause>& clauses) : clauses_(clauses.size()) {
  FieldCounts text(kTextWeight, kTextLength), opening(kOpeningWeight, 0),
      path(kPathWeight, kPathLength);
  for (const Clause& clause : clauses) {
    std::vector<std::string> words = search_words(clause.text);
    text.add(words);
    words.resize(std::min(words.size(), kOpening));
    opening.add(words);
    path.add(search_words(path_text(clause)));
  }
  std::vector<Counts> counts(clauses.size());
  for (const FieldCounts* const field : {&text, &opening, &path}) field->add_to(counts);
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    for (const auto& [word, tf] : counts[i]) {
      postings_[word].push_back({i, static_cast<float>(tf * (kK1 + 1) / (tf + kK1))});
    }
  }
  const auto N = static_cast<double>(clauses.size());
  for (auto& [word, postings] : postings_) {
    const auto n = static_cast<double>(postings.size());
    const double idf = std::log(1 + (N - n + 0.5) / (n + 0.5));  // never negative
    for (Posting& posting : postings) posting.score *= static_cast<float>(idf);
  }
}

std::vector<double> Bm25::scores(const QueryWords& query) const {
  std::vector<double> scores(clauses_);
  for (const auto& [word, weight] : query) {
    const auto found = postings_.find(word);
    if (found == postings_.end()) continue;
    for (const Posting& posting : found->second) {
      scores[posting.clause] += weight * static_cast<double>(posting.score);
    }
  }
  return scores;
}

std::vector<WordShare> Bm25::shares(const QueryWords& query, std::size_t clause) const {
  std::vector<WordShare> shares;
  double sum = 0;
  for (const auto& [word, weight] : query) {
    const auto found = postings_.find(word);
    if (found == postings_.end()) continue;
    for (const Posting& posting : found->second) {
      if (posting.clause != clause) continue;
      shares.push_back({word, weight * static_cast<double>(posting.score)});
      sum += shares.back().share;
    }
  }
  for (WordShare& share : shares) share.share /= sum;
  std::sort(shares.begin(), shares.end(),
            [](const WordShare& a, const WordShare& b) { return a.share > b.share; });
  return shares;
}

std::vector<double> fused_by_rank(const std::vector<std::vector<double>>& scores) {
  constexpr double kFirst = 60;
  if (scores.empty()) return {};
  std::vector<double> fused(scores.front().size());
  for (const std::vector<double>& one : scores) {
    if (one.size() != fused.size()) {
      throw Error("fused_by_rank: expected as many scores in each list, got " +
                  std::to_string(fused.size()) + " and " + std::to_string(one.size()));
    }
    std::vector<double> sorted = one;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (one[i] == 0) continue;
      const auto better = std::lower_bound(sorted.begin(), sorted.end(), one[i], std::greater<>());
      fused[i] += 1 / (kFirst + 1 + static_cast<double>(better - sorted.begin()));
    }
  }
  return fused;
}

}  // namespace clearhead::claims
